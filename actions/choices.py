"""Choices that forms offer, with the words people use for them (``data/fields/choices.yml``)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from bot.datafile import items, load, take

_FILE = Path(__file__).resolve().parents[1] / "data" / "fields" / "choices.yml"
_ALIKE = 88


@lru_cache(maxsize=1)
def _choices() -> dict[str, dict[str, tuple[str, ...]]]:
    data = load(_FILE)
    return {slot: _words(take(data, slot, dict)) for slot in data}


def _words(values: Any) -> dict[str, tuple[str, ...]]:
    return {value: tuple(word.casefold() for word in items(values, value, str)) for value in values}


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
    said = " ".join(text.casefold().split())
    found = {
        value: max((len(word) for word in words if _says(said, word)), default=0)
        for value, words in _choices()[slot].items()
    }
    longest = max(found.values(), default=0)
    best = [value for value, length in found.items() if length == longest]
    return best[0] if longest and len(best) == 1 else None


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
