"""How alike a message and known phrases are: five measures per group of phrases.

A group is a FAQ entry (its question and variants) or an intent (its examples). The fuzzy ratio
sees the letters, the idf-weighted coverage sees which words carry the meaning. (token_set and
partial ratios were measured too, leave-one-out over the bank: they added nothing to these.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

#: Columns of `Similarity.measure`.
#: token_sort: fuzzy ratio of the sorted words, best phrase. covered: share of the message's mass
#: that the best phrase has. covering: share of a phrase's mass that the message has, best phrase.
#: group_covered: share of the message's mass found anywhere in the group.
#: evidence: the mass of the message found in the group, in units of the rarest word.
#: All but evidence lie in 0..1.
MEASURES = ("token_sort", "covered", "covering", "group_covered", "evidence")


class Similarity:
    """Compares a message with groups of phrases, all given as lists of plain words.

    Args:
        groups: Group name to its phrases.
    """

    def __init__(self, groups: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.names = tuple(groups)
        phrases = [phrase for group in groups.values() for phrase in group]
        self._phrases = [" ".join(phrase) for phrase in phrases]
        self._starts = np.cumsum([0, *(len(group) for group in groups.values())])[:-1]
        together = [{word for phrase in group for word in phrase} for group in groups.values()]
        seen = Counter(word for words in together for word in words)
        self._idf = {word: log(1 + len(groups) / count) for word, count in seen.items()}
        self._unknown = log(1 + len(groups))
        self._column = {word: column for column, word in enumerate(self._idf)}
        self._in_phrase = self._incidence(phrases)
        self._in_group = self._incidence(together)
        self._mass = np.maximum(self._in_phrase.sum(axis=1).A1, 1e-9)

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word of every phrase."""
        return frozenset(self._idf)

    def measure(self, words: Sequence[str], without: NDArray[np.bool_] | None = None) -> Floats:
        """Return one row of `MEASURES` per group.

        Args:
            words: The message.
            without: Phrases to leave out (for leave-one-out fitting), as a mask.
        """
        distinct = list(dict.fromkeys(words))
        asked = np.zeros(len(self._column))
        asked[[self._column[word] for word in distinct if word in self._column]] = 1.0
        mass = max(sum(self._idf.get(word, self._unknown) for word in distinct), 1e-9)
        text = " ".join(words)
        ratio = process.cdist(
            [text], self._phrases, scorer=fuzz.token_sort_ratio, dtype=np.float32
        )[0]
        shared = self._in_phrase @ asked
        table = np.stack([ratio / 100.0, shared / mass, shared / self._mass], axis=1)
        if without is not None:
            table[without] = 0.0
        best = np.maximum.reduceat(table.astype(np.float64), self._starts, axis=0)
        found = self._in_group @ asked
        return np.column_stack([best, found / mass, found / self._unknown])

    def _incidence(self, documents: Sequence[Sequence[str] | set[str]]) -> csr_matrix:
        rows, columns, values = [], [], []
        for row, words in enumerate(documents):
            for word in dict.fromkeys(words):
                rows.append(row)
                columns.append(self._column[word])
                values.append(self._idf[word])
        shape = (len(documents), len(self._column))
        return csr_matrix((values, (rows, columns)), shape=shape)
