"""Reading the answer to one question: what field was asked for, what does the text say."""

from __future__ import annotations

import re

from actions.fields import freetext, numbers
from actions.fields.rules import candidates
from actions.fields.text import TICKET, Hit, Label, clean, labels_in, masked, words_pattern
from actions.fields.words import NAMES, FieldError

WORDY = frozenset({"tipe_supplier", "nomor_kontrak", "nama"})
"""Fields whose values are words: other fields' labels may be part of them."""

_CONTRACT = ("nomor_kontrak",)
_LENGTHS = {"nomor_sp2d": 15, "kode_satker": 6, "nik": 16, "nip": 18}
_REACH = 160


def parse(field: str, text: str, *, insist: bool = False) -> str:
    """Return the value of ``field`` that ``text`` holds, in its normal form.

    Args:
        field: One of ``NAMES``.
        text: What the user wrote, with labels, courtesy words and decoration.
        insist: The user stands by an unusual value: an SP2D number of 10 to 50 letters and
            digits, or an account number with letters that look like digits.

    Raises:
        FieldError: Nothing, too much or something wrong is there; its text is for the user.
        ValueError: There is no such field.
    """
    if field not in NAMES:
        raise ValueError(f"no such field: {field}")
    value = _read(field, clean(text), insist)
    try:
        stable = _read(field, clean(value), insist) == value
    except FieldError:
        stable = False
    if not stable:
        raise FieldError(field, "bentuk")
    return value


def _read(field: str, text: str, insist: bool) -> str:
    if not any(map(str.isalnum, text)):
        raise FieldError(field, "kosong")
    scope, hits = _scoped(field, text, insist)
    hits = corrected(text, hits)
    values = {hit.value for hit in hits}
    if len(values) > 1:
        raise FieldError(field, "banyak")
    if not values:
        raise FieldError(field, _problem(field, scope))
    value = values.pop()
    if field == "nama" and (len(value) > freetext.LONGEST_NAME or re.search(r"\d", scope)):
        raise FieldError(field, "bentuk" if re.search(r"\d", scope) else "panjang")
    if field == "nomor_kontrak" and len(value) > freetext.LONGEST_CONTRACT:
        raise FieldError(field, "panjang")
    return value


def _scoped(field: str, text: str, insist: bool) -> tuple[str, list[Hit]]:
    """Return the text without labels and other fields' values, and what it holds of the field."""
    labels = labels_in(text)
    if field in WORDY:
        labels = [label for label in labels if label.fields]
        base = masked(text, [(one.start, one.end) for one in labels if field in one.fields])
    else:
        base = masked(text, [(one.start, one.end) for one in labels])
    if field != "nama":
        base = without_denied(base)
    mine: list[Hit] = []
    others: list[tuple[int, int]] = []
    for label, start, end in segments(text, labels):
        if field in label.fields:
            kind = label.fields[0] if field == "identitas" else field
            mine += _shifted(candidates(kind, base[start:end], insist), start)
        elif value := claimed(label, base[start:end]):
            others += [(label.start, label.end), (start + value.start, start + value.end)]
    if mine:
        return base, mine
    scope = masked(base, others)
    hits = candidates(field, scope, insist)
    if not hits and any(field in label.fields for label in labels):
        return base, candidates(field, base, insist)
    return scope, hits


def segments(text: str, labels: list[Label]) -> list[tuple[Label, int, int]]:
    """Return for each label the stretch of text its value stands in.

    That is from the label to the next one, or, where the message names its values afterwards
    ("527010 satkernya"), from the label before.
    """
    if not labels:
        return []
    behind = bool(re.search("[0-9@]", text[: labels[0].start]))
    behind = behind and not re.search("[0-9@]", text[labels[-1].end :])
    found = []
    for at, label in enumerate(labels):
        if behind and not WORDY.intersection(label.fields):
            start = labels[at - 1].end if at else 0
            found.append((label, max(start, label.start - _REACH), label.start))
            continue
        later = (one for one in labels[at + 1 :] if one.fields or label.fields != _CONTRACT)
        end = next((one.start for one in later), len(text))
        end = min(end, label.end + _REACH)
        stop = re.compile("[?!;]").search(text, label.end, end)
        found.append((label, label.end, stop.start() if stop and stop.start() > label.end else end))
    return found


def claimed(label: Label, text: str) -> Hit | None:
    """Return the value in ``text`` that belongs to a label, so that nobody else takes it."""
    if label.fields:
        return next(iter(candidates(label.fields[0], text)), None)
    number = re.match(r"[^\w|]{0,3}([0-9][0-9.,/-]*)", text)
    return Hit(number[1], number.start(1), number.end(1)) if number else None


def _shifted(hits: list[Hit], by: int) -> list[Hit]:
    return [Hit(hit.value, hit.start + by, hit.end + by, hit.field) for hit in hits]


def without_denied(text: str) -> str:
    """Blot out what the user denies: the word after "bukan"."""
    spans = []
    for match in words_pattern("negation").finditer(text):
        denied = re.compile(r"[\s|]*([^\s,|]+)").match(text, match.end())
        if denied and re.search(r"[0-9]", denied[1]):
            spans.append((match.start(), denied.end()))
    return masked(text, spans)


def corrected(text: str, hits: list[Hit]) -> list[Hit]:
    """Keep the corrected value of "A, harusnya B"; without such a word keep all."""
    if len({hit.value for hit in hits}) < 2:
        return hits
    first, last = min(hit.end for hit in hits), max(hit.start for hit in hits)
    cues = [
        match.end()
        for match in words_pattern("towards").finditer(text)
        if match.start() >= first and match.end() <= last
    ]
    return [hit for hit in hits if hit.start >= cues[-1]] if cues else hits


def _problem(field: str, text: str) -> str:
    """Name the reason why a text holds no value of a field."""
    digits = [len(numbers.joined(group).value) for group in numbers.words(text)]
    if field == "nomor_tiket":
        wrong = any(match[1] and not numbers.is_date(match[1]) for match in TICKET.finditer(text))
        return "tanggal" if wrong else "bentuk"
    if field == "tipe_supplier":
        return "pilihan" if digits else "bentuk"
    if field in WORDY or field == "email":
        return "bentuk"
    if field in ("nik", "nip", "identitas"):
        lengths = (16, 18) if field == "identitas" else (_LENGTHS[field],)
        if any(numbers.fixed(text, length) for length in lengths):
            return "susunan"
    if not digits:
        tokens = (len(re.sub("[^0-9]", "", hit.value)) for hit in numbers.mixed(text))
        return "huruf" if any(count >= 3 for count in tokens) else "bentuk"
    if field == "nomor_sp2d":
        return "panjang" if any(10 <= size <= 20 for size in digits) else "bentuk"
    return "panjang"
