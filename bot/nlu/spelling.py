"""Mend typing errors, and drop -nya and -kah, against the words that bank and examples use."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.nlu.normalise import has_digit

_SHORTEST = 4
_CUTOFF = 0.74
_CLITICS = ("nya", "kah", "lah")


class Spelling:
    """Replaces an unknown word by its known stem, or the nearest known word if close enough."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self.vocabulary = frozenset(vocabulary)
        self._long = sorted(word for word in self.vocabulary if len(word) >= _SHORTEST)
        self._nearest = lru_cache(maxsize=20_000)(self._look)

    def mend(self, words: Iterable[str]) -> list[str]:
        """Return the words with typing errors mended; words with digits stay."""
        return [self._nearest(word) for word in words]

    def _look(self, word: str) -> str:
        if len(word) < _SHORTEST or has_digit(word) or word in self.vocabulary:
            return word
        for clitic in _CLITICS:
            if (stem := word.removesuffix(clitic)) in self.vocabulary:
                return stem
        near = process.extractOne(
            word, self._long, scorer=OSA.normalized_similarity, score_cutoff=_CUTOFF
        )
        return near[0] if near else word
