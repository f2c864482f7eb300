"""The rule of each field: what in a text may be its value."""

from __future__ import annotations

import re
from collections.abc import Callable

from email_validator import EmailNotValidError, validate_email

from actions.fields import freetext, numbers
from actions.fields.text import EMAIL, TICKET, Hit, words_pattern


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
