"""Reading the answer to one question: what field was asked for, what does the text say."""

from __future__ import annotations

import re
from collections.abc import Callable

from email_validator import EmailNotValidError, validate_email

from actions.fields import freetext, numbers
from actions.fields.text import (
    EMAIL,
    TICKET,
    Hit,
    Label,
    clean,
    labels_in,
    masked,
    words_pattern,
)
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


def candidates(field: str, text: str, insist: bool = False) -> list[Hit]:
    """Return everything in ``text`` (labels blotted out) that obeys the rule of ``field``."""
    return _RULES[field](text, insist)


def _sp2d(text: str, insist: bool) -> list[Hit]:
    found = numbers.fixed(text, 15)
    if found or not insist:
        return found
    found = [hit for hit in numbers.accounts(text, 50) if len(hit.value) >= 10]
    return found or [hit for hit in numbers.mixed(text) if 10 <= len(hit.value) <= 50]


def _satker(text: str, insist: bool) -> list[Hit]:
    return numbers.fixed(text, 6)


def _nik(text: str, insist: bool) -> list[Hit]:
    return [hit for hit in numbers.fixed(text, 16) if numbers.is_nik(hit.value)]


def _nip(text: str, insist: bool) -> list[Hit]:
    return [hit for hit in numbers.fixed(text, 18) if numbers.is_nip(hit.value)]


def _nrp(text: str, insist: bool) -> list[Hit]:
    tokens = numbers.mixed(text, slash=True)
    return numbers.accounts(text, 18) or [hit for hit in tokens if 5 <= len(hit.value) <= 18]


def _identity(text: str, insist: bool) -> list[Hit]:
    found = _nik(text, insist) or _nip(text, insist)
    if found or numbers.fixed(text, 16) or numbers.fixed(text, 18):
        return found
    long = 14  # no NRP of TNI or Polri is longer; 15 to 18 digits are a mistyped NIK or NIP
    return [hit for hit in _nrp(text, insist) if not hit.value.isdigit() or len(hit.value) <= long]


def _account(text: str, insist: bool) -> list[Hit]:
    return (
        numbers.ibans(text)
        or numbers.accounts(text)
        or [
            hit
            for hit in numbers.mixed(text)
            if 5 <= len(hit.value) <= 34
            and len(re.sub("[^0-9]", "", hit.value)) >= 4
            and (insist or not numbers.only_lookalikes(hit.value))
        ]
    )


def _email(text: str, insist: bool) -> list[Hit]:
    found = []
    for match in EMAIL.finditer(text):
        address = re.sub(r" |[\[({]at[\])}]", _at, match[0], flags=re.IGNORECASE).lstrip(".-_")
        try:
            checked = validate_email(address, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            continue
        value = f"{checked.ascii_local_part}@{checked.ascii_domain.lower()}"
        found.append(Hit(value, *match.span()))
    return found


def _at(match: re.Match[str]) -> str:
    return "" if match[0] == " " else "@"


def _ticket(text: str, insist: bool) -> list[Hit]:
    found = [hit for match in TICKET.finditer(text) for hit in _ticket_hits(match)]
    if found:
        return found
    # The whole answer is one number with blanks inside it; "hai" may greet, or begin the number.
    for courtesy in (_keep_hai, ""):
        compact = re.sub(r"[\s|.,:]", "", words_pattern("courtesy").sub(courtesy, text))
        if whole := TICKET.fullmatch(compact):
            return [Hit(hit.value, 0, len(text)) for hit in _ticket_hits(whole)]
    return []


def _keep_hai(match: re.Match[str]) -> str:
    """Drop a courtesy word, but not the HAI of HAI-507093012."""
    rest = match.string[match.end() : match.end() + 4]
    return match[0] if match[0].upper() == "HAI" and re.match(r"[ -]{0,3}\d", rest) else ""


def _ticket_hits(match: re.Match[str]) -> list[Hit]:
    day, dash, tail, cso = match.groups()
    if cso:
        return [Hit(f"HAI-{cso}", *match.span())]
    written_so = "-" in dash or tail.isupper() or any(map(str.isdigit, tail))
    good = numbers.is_date(day) and written_so
    return [Hit(f"{day}-{tail.upper()}", *match.span())] if good else []


def _supplier(text: str, insist: bool) -> list[Hit]:
    return freetext.supplier_codes(text)


def _contract(text: str, insist: bool) -> list[Hit]:
    return freetext.contracts(text)


def _name(text: str, insist: bool) -> list[Hit]:
    return freetext.names(text)


_RULES: dict[str, Callable[[str, bool], list[Hit]]] = {
    "nomor_sp2d": _sp2d,
    "nomor_rekening": _account,
    "kode_satker": _satker,
    "nik": _nik,
    "nip": _nip,
    "nrp": _nrp,
    "identitas": _identity,
    "email": _email,
    "nomor_tiket": _ticket,
    "tipe_supplier": _supplier,
    "nomor_kontrak": _contract,
    "nama": _name,
}


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
