"""Choices that forms offer, with the words people use for them (``data/fields/choices.yml``)."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from actions import sayings
from actions.fields.text import words_pattern
from bot.datafile import items, load, take

_FILE = Path(__file__).resolve().parents[1] / "data" / "fields" / "choices.yml"
_ALIKE = 88
_ALONE = ("non_satker",)
"""Choices that tell who somebody is, whatever else they want."""


@lru_cache(maxsize=1)
def _choices() -> dict[str, dict[str, tuple[str, ...]]]:
    data = load(_FILE)
    return {slot: _words(take(data, slot, dict)) for slot in data}


def _words(values: Any) -> dict[str, tuple[str, ...]]:
    return {value: tuple(word.casefold() for word in items(values, value, str)) for value in values}


def words(slot: str) -> dict[str, tuple[str, ...]]:
    """Return the words for each value of a slot."""
    return _choices()[slot]


def check() -> None:
    """Read the file.

    Raises:
        DataError: It is wrong.
    """
    _choices()


def parse(slot: str, text: str) -> str | None:
    """Return the value that an answer means: its own name, its number, or a word for it."""
    options = _choices()[slot]
    said = " ".join(text.casefold().strip(" .!?*").split())
    if said in options:
        return said
    if said.isdecimal():
        names = list(options)
        return names[int(said) - 1] if 1 <= int(said) <= len(names) else None
    return find(slot, said)


def find(slot: str, text: str) -> str | None:
    """Return the value whose word stands in a longer text; None unless exactly one does."""
    said = " ".join(re.sub(r"[,;:]", " ", text.casefold()).split())
    found = {
        value: max((len(word) for word in words if _says(said, word)), default=0)
        for value, words in _choices()[slot].items()
    }
    longest = max(found.values(), default=0)
    best = [value for value, length in found.items() if length == longest]
    return best[0] if longest and len(best) == 1 else None


def several(slot: str, text: str) -> bool:
    """Say whether a text joins two choices or says that all are meant: "password sama mfa"."""
    text = text.casefold()
    if sayings.is_saying(text, "both"):
        return True
    places = [
        (*match.span(), value)
        for value, words in _choices()[slot].items()
        for word in words
        for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text)
    ]
    if any(value in _ALONE for *_, value in places):
        return False
    return any(
        one != other and words_pattern("conjunction").search(text, end, start)
        for _, end, one in places
        for start, _, other in places
        if end <= start
    )


def is_only(slot: str, value: str, text: str) -> bool:
    """Say whether a text has no word that the value's words do not have."""
    known = {token for phrase in (*_choices()[slot][value], value) for token in phrase.split()}
    said = text.casefold().replace(",", " ").strip(" .!?*").split()
    return all(token in known or token.isdecimal() for token in said)


def _says(text: str, word: str) -> bool:
    tokens, size = text.split(), len(word.split())
    windows = (" ".join(tokens[i : i + size]) for i in range(len(tokens) - size + 1))
    if len(word) < 5:
        return any(window == word for window in windows)
    return any(fuzz.ratio(window, word) >= _ALIKE for window in windows)
