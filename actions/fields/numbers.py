"""Numbers in a message: how their groups of digits belong together, and what makes them valid.

The rules of NIK, NIP and tickets are those of the domain study, section 2 (Dukcapil Klaten; BKN
Yogyakarta 2022; a ticket export of 2023). Nothing read out of a number is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby

from actions.fields.text import Hit, masked
from actions.fields.words import field_words

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LOOSE = {a + b + c for a in ("", " ", "\n") for b in ("", ".", "-") for c in ("", " ", "\n")} - {
    ""
}
_RUN = re.compile(r"([0-9]+)([^\W\d_]*)")
_MIXED = re.compile(r"(?<![\w@])[A-Z0-9]+(?:[./-][A-Z0-9]+)*(?![\w@])", re.IGNORECASE | re.ASCII)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?(?!\w)", re.ASCII)
_LOOKALIKES = frozenset("OIL")


def words(text: str) -> list[list[Hit]]:
    """Return the numbers of a text in groups.

    A number is digits with single dots or dashes between them ("00123-456"); the numbers of one
    group have only blanks, dots or dashes between them. Digits that hang on letters, in a path
    with letters ("001/PPK/2026") or behind a plus sign are no number.
    """
    for chunk in re.finditer(r"\S+", text):
        if "/" in chunk[0] and any(map(str.isalpha, chunk[0])):
            text = masked(text, [chunk.span()])
    groups: list[list[Hit]] = []
    glued = tuple(field_words().lists["glued"])
    end, tainted = -1, False
    for run in _RUN.finditer(text):
        digits, tail = run.groups()
        start, stop = run.start(), run.end(1)
        before, after = text[start - 1 : start], text[run.end() : run.end() + 1]
        gap = text[end:start] if end >= 0 else ""
        tight = gap in (".", "-")
        hangs = after == "_" or (tail and tail.lower() not in glued)
        if hangs or before.isalpha() or (before and before in "+_@"):
            if tight and not tainted:
                groups[-1].pop()
            end, tainted = run.end(), True
            continue
        if tainted and tight:
            end = stop
            continue
        if tainted:
            gap, tainted = "", False
        if tight and gap:
            last = groups[-1].pop()
            groups[-1].append(Hit(last.value + digits, last.start, stop))
        elif gap in _LOOSE:
            groups[-1].append(Hit(digits, start, stop))
        else:
            groups.append([Hit(digits, start, stop)])
        end = -1 if tail else stop
    return [group for group in groups if group]


def joined(group: list[Hit]) -> Hit:
    """Return a group as one number."""
    return Hit("".join(word.value for word in group), group[0].start, group[-1].end)


def fixed(text: str, length: int) -> list[Hit]:
    """Return the numbers of exactly ``length`` digits, put together from blanks if need be."""
    groups = words(text)
    exact = [word for group in groups for word in group if len(word.value) == length]
    if exact:
        return exact
    found: list[Hit] = []
    for group in groups:
        parts: list[Hit] = []
        pieces: list[Hit] = []
        for word in group:
            pieces.append(word)
            if sum(len(piece.value) for piece in pieces) >= length:
                parts.append(joined(pieces))
                pieces = []
        if not pieces and all(len(part.value) == length for part in parts):
            found += parts
    return found


def accounts(text: str, longest: int = 20) -> list[Hit]:
    """Return what may be account numbers: 5 to ``longest`` digits.

    Two long numbers side by side are two; a lone digit beside a long number makes both readings
    possible, so both are returned and the caller asks.
    """
    found: list[Hit] = []
    for group in _lines(text, words(text)):
        sizes = [len(word.value) for word in group]
        if sum(size >= 7 for size in sizes) > 1:
            found += group
            continue
        whole = joined(group)
        if len(group) > 1 and max(sizes) >= 8 and 1 in (sizes[0], sizes[-1]):
            found.append(max(group, key=lambda word: len(word.value)))
        found.append(whole)
    return [hit for hit in found if 5 <= len(hit.value) <= longest]


def _lines(text: str, groups: list[list[Hit]]) -> Iterator[list[Hit]]:
    for group in groups:
        for _, line in groupby(group, key=lambda word: text.count("\n", 0, word.start)):
            yield list(line)


def ibans(text: str) -> list[Hit]:
    """Return the international account numbers written in groups of four."""
    return [Hit(match[0].replace(" ", ""), *match.span()) for match in _IBAN.finditer(text)]


def mixed(text: str, slash: bool = False) -> list[Hit]:
    """Return the tokens of letters and digits, upper-cased, without dots and dashes."""
    found = ibans(text)
    text = masked(text, [(hit.start, hit.end) for hit in found])
    for match in _MIXED.finditer(text):
        value = re.sub("[.-]", "", match[0]).upper()
        if "/" in value and not slash:
            continue
        if re.search("[A-Z/]", value) and re.search("[0-9]", value):
            found.append(Hit(value, *match.span()))
    return found


def only_lookalikes(value: str) -> bool:
    """Tell whether the only letters are those that look like digits (O, I, L)."""
    return set(re.sub("[0-9]", "", value)) <= _LOOKALIKES


def is_nik(value: str) -> bool:
    """Check a NIK's structure: birth day (women + 40), month, a date that exists, serial.

    The province is not checked: old NIK carry old codes.
    """
    day, month, year = int(value[6:8]), int(value[8:10]), int(value[10:12])
    day -= 40 if day > 40 else 0
    if value[12:] == "0000" or not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1]:
        return False
    return (month, day) != (2, 29) or year % 4 == 0


def is_nip(value: str) -> bool:
    """Check the NIP of a PNS or PPPK: birth date, year of appointment, sex.

    Digits 13-14 are a month for a PNS and count the work agreements for a PPPK, so only 00 is
    refused.
    """
    born, appointed = int(value[:4]), int(value[8:12])
    return (
        is_date(value[:8])
        and born >= 1900
        and born + 15 <= appointed <= 2099
        and value[12:14] != "00"
        and value[14] in "12"
    )


def is_date(value: str) -> bool:
    """Tell whether eight digits YYYYMMDD are a date that exists."""
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True
