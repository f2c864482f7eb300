"""Picking the values out of a longer message: "cek sp2d dong kak 260261301000123 rek 00123"."""

from __future__ import annotations

import re
from collections.abc import Collection

from actions.fields.numbers import joined, words
from actions.fields.reading import (
    WORDY,
    claimed,
    corrected,
    parse,
    segments,
    without_denied,
)
from actions.fields.rules import candidates
from actions.fields.text import MASK, Hit, Label, clean, labels_in, masked, words_pattern
from actions.fields.words import FieldError

_SHAPED = ("email", "nomor_tiket", "nik", "nip", "identitas", "nomor_sp2d", "kode_satker")
"""Fields that a value's shape alone can tell, in the order in which they are tried."""

_DATE_OR_SUM = re.compile(
    r"(?<![\w./-])(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d[./-]\d\d[./-]\d\d)(?![\w/-])"
    r"|(?<!\w)(?:rp|idr)[ .]{0,2}[\d.,]+",
    re.IGNORECASE,
)
_CODED = re.compile(r"[/.-]|\d{3}|\d[A-Z]|[A-Z]\d")


def find(text: str, wanted: Collection[str]) -> dict[str, str]:
    """Return the values of the wanted fields that a message holds, each in its normal form.

    A labelled value wins; an unlabelled one is taken only where its shape leaves no doubt among
    the wanted fields. No piece of the message is used twice.
    """
    return {hit.field: hit.value for hit in locate(text, wanted)}


def labelled(text: str, wanted: Collection[str]) -> dict[str, str]:
    """Return only the values that the message names ("eh salah, kode satkernya 527010")."""
    return {hit.field: hit.value for hit in locate(text, wanted, unlabelled=False)}


def rest(text: str) -> str:
    """Return what a message says beside labels and the values behind them."""
    text = clean(text)
    labels = labels_in(text)
    spans = [(label.start, label.end) for label in labels]
    plain = masked(text, spans)
    for label, start, end in segments(text, labels):
        if value := claimed(label, plain[start:end]):
            spans.append((start + value.start, start + value.end))
    return masked(text, spans).replace(MASK, " ")


def is_correction(text: str) -> bool:
    """Tell whether a message corrects something said before ("ralat", "harusnya", "typo")."""
    plain = words_pattern("not_correction").sub(" ", clean(text))
    if words_pattern("correction").search(plain):
        return True
    denied = words_pattern("negation").search(plain)
    return bool(denied and words_pattern("towards").search(plain, denied.end()))


def locate(text: str, wanted: Collection[str], *, unlabelled: bool = True) -> list[Hit]:
    """Return what ``find`` finds, with field and place in the cleaned text; places never overlap.

    Args:
        text: The message.
        wanted: Names of fields.
        unlabelled: Also take values without a label.
    """
    text = clean(text)
    labels = labels_in(text)
    spans = [(label.start, label.end) for label in labels]
    plain = without_denied(masked(text, spans))
    worded = without_denied(text)
    found: dict[str, Hit] = {}
    used: list[tuple[int, int]] = []
    for label, start, end in segments(text, labels):
        field = next(
            (
                name
                for name in label.fields
                if name in wanted
                and (name not in found or _replaces(text, found[name].end, label.start))
            ),
            "",
        )
        piece = (worded if field in WORDY else plain)[start:end]
        for hit in _of_label(field, label, piece, end <= label.start):
            place = (start + hit.start, start + hit.end)
            if any(one < place[1] and place[0] < other for one, other in used):
                continue
            used.append(place)
            if hit.field:
                found[field] = Hit(hit.value, *place, field)
    if unlabelled:
        _by_shape(masked(plain, used), wanted, found)
    return sorted(found.values(), key=lambda hit: hit.start)


def _replaces(text: str, after: int, before: int) -> bool:
    """Tell whether what follows takes the place of what was found: "rek A eh salah rek B"."""
    return after <= before and bool(words_pattern("towards").search(text, after, before))


def _of_label(field: str, label: Label, text: str, behind: bool) -> list[Hit]:
    """Return what belongs to a label: its value, with ``field`` set, and what nobody may take.

    Args:
        field: The wanted field, or nothing when the label's field is not wanted.
        label: The label.
        text: The stretch that its value stands in.
        behind: The label stands behind the value.
    """
    if not field:
        other = claimed(label, text)
        return [other] if other else []
    kind = label.fields[0] if field == "identitas" else field
    every = candidates(kind, text)
    if not every:
        wrong = _misspelt(field, text)
        return [wrong] if wrong else []
    hits = corrected(text, every)
    hit = hits[-1] if behind else hits[0]
    if field in WORDY and not _adjacent(field, text, hit):
        return []
    rival = next((one for one in hits if one.value != hit.value), None)
    if rival:
        between = text[min(hit.end, rival.end) : max(hit.start, rival.start)].strip()
        if words_pattern("conjunction").fullmatch(between) or between == "/":
            return every
    try:
        value = parse(field, hit.value)
    except FieldError:
        return [hit]
    dropped = [one for one in every if one not in hits]
    return [Hit(value, hit.start, hit.end, field), *dropped]


def _adjacent(field: str, text: str, hit: Hit) -> bool:
    """Tell whether words that follow a label belong to it: only fillers between."""
    before = words_pattern("courtesy").sub(" ", text[: hit.start])
    for name in ("towards", "correction", "name_intro", "number"):
        before = words_pattern(name).sub(" ", before)
    near = not re.search(r"\w", before)
    return near and (field != "nomor_kontrak" or bool(_CODED.search(hit.value)))


def _misspelt(field: str, text: str) -> Hit | None:
    """Return a number right behind its label that breaks the rule: it is no other field's."""
    if field in WORDY:
        return None
    group = next(iter(words(text)), None)
    if group is None or re.search("[^ :=.|]", text[: group[0].start]):
        return None
    hit = joined(group)
    return hit if len(hit.value) >= 5 else None


def _by_shape(text: str, wanted: Collection[str], found: dict[str, Hit]) -> None:
    """Add the unlabelled values whose shape leaves no doubt."""
    text = masked(text, [match.span() for match in _DATE_OR_SUM.finditer(text)])
    for field in _SHAPED:
        if field not in wanted or field in found:
            continue
        every = _shaped(field, text)
        hits = corrected(text, every)
        if len({hit.value for hit in hits}) == 1:
            found[field] = Hit(hits[0].value, hits[0].start, hits[0].end, field)
        # Repeated, replaced, or several that nobody can tell apart: no other field takes them.
        text = masked(text, [(hit.start, hit.end) for hit in every])
    if "nomor_rekening" not in wanted or "nomor_rekening" in found:
        return
    hits = [hit for hit in candidates("nomor_rekening", text) if hit.value.isdigit()]
    if len({hit.value for hit in hits}) == 1:
        found["nomor_rekening"] = Hit(hits[0].value, hits[0].start, hits[0].end, "nomor_rekening")


def _shaped(field: str, text: str) -> list[Hit]:
    hits = candidates(field, text)
    if field == "nomor_tiket":
        return [hit for hit in hits if "-" in text[hit.start : hit.end] or "HAI" in hit.value]
    if field == "identitas":
        return [hit for hit in hits if hit.value.isdigit() and len(hit.value) in (16, 18)]
    if field == "kode_satker":
        return [hit for hit in hits if hit.end - hit.start == 6]
    return hits
