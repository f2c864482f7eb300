"""Typing errors and slang put into a text: for augmentation, calibration and tests.

The informal forms are those of ``data/lexicon/slang.yml``, the list of the normaliser turned
round. A measurement of its own may hand in another list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS = frozenset("aeiou")
_SLANGABLE = 4
_MISTYPED = 3


def _neighbours() -> dict[str, str]:
    found: dict[str, str] = {}
    for row, keys in enumerate(_ROWS):
        for place, key in enumerate(keys):
            beside = keys[max(place - 1, 0) : place] + keys[place + 1 : place + 2]
            above = _ROWS[row - 1][place : place + 2] if row else ""
            below = _ROWS[row + 1][max(place - 1, 0) : place + 1] if row < len(_ROWS) - 1 else ""
            found[key] = beside + above + below
    return found


_NEAR = _neighbours()


def turned_round(slang: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the informal forms of each plain word; forms of several words are left out."""
    forms: dict[str, list[str]] = {}
    for informal, plain in slang.items():
        if " " not in plain and not set(plain) <= set("0123456789"):
            forms.setdefault(plain, []).append(informal)
    return forms


@dataclass(frozen=True)
class Noise:
    """Makes a text look as if typed in haste.

    Attributes:
        forms: Plain word to its informal forms.
        slang: Chance of a word to be replaced by an informal form.
        typo: Chance of a word to get one typing error.
    """

    forms: Mapping[str, Sequence[str]]
    slang: float
    typo: float

    def spoil(self, text: str, chance: Random) -> str:
        """Return the text with noise; words with digits stay."""
        return " ".join(self._word(word, chance) for word in text.split())

    def _word(self, word: str, chance: Random) -> str:
        if chance.random() < self.slang:
            word = self._informal(word, chance)
        if len(word) > _MISTYPED and word.isalpha() and chance.random() < self.typo:
            word = _mistype(word, chance)
        return word

    def _informal(self, word: str, chance: Random) -> str:
        plain = word.casefold()
        if forms := self.forms.get(plain):
            return chance.choice(forms)
        if len(word) > _SLANGABLE and word.isalpha() and chance.random() < 0.5:
            inner = "".join(letter for letter in plain[1:-1] if letter not in _VOWELS)
            return plain[0] + inner + plain[-1]
        return word


def _mistype(word: str, chance: Random) -> str:
    place = chance.randrange(1, len(word))
    kind = chance.random()
    if kind < 0.3:
        near = _NEAR.get(word[place].casefold())
        return word[:place] + (chance.choice(near) if near else word[place]) + word[place + 1 :]
    if kind < 0.6:
        return word[:place] + word[place + 1 :]
    if kind < 0.8:
        return word[:place] + word[place] + word[place:]
    place = min(place, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
