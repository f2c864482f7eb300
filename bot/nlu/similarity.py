"""How alike a message and known phrases are: six measures per group of phrases.

A group is a FAQ entry (its question and variants) or a service (its example questions). Words
weighted by how few groups use them tell what a message is about; pieces of words see through
typing errors, affixes and compounds. All are sparse products, so the cost hardly grows with the
bank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

#: The last axis of `Similarity.measure`.
#: covered: share of the message's mass that the best phrase has. covering: share of a phrase's
#: mass that the message has, best phrase. group_covered: share of the message's mass found
#: anywhere in the group. evidence: the mass of the message found in the group, in units of the
#: rarest word. letters: cosine of the pieces of words, best phrase. centre: the same against the
#: group as a whole. All but evidence lie in 0..1.
MEASURES = ("covered", "covering", "group_covered", "evidence", "letters", "centre")

_PIECES = (2, 5)
_TINY = 1e-9


class Similarity:
    """Compares messages with groups of phrases, all given as lists of plain words.

    Args:
        groups: Group name to its phrases; at least one group, none empty.
    """

    def __init__(self, groups: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.names = tuple(groups)
        phrases = [phrase for group in groups.values() for phrase in group]
        sizes = [len(group) for group in groups.values()]
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        self._starts = np.cumsum([0, *sizes])[:-1]
        seen = Counter(
            word for group in groups.values() for word in {w for phrase in group for w in phrase}
        )
        self._idf = {word: log(1 + len(groups) / count) for word, count in seen.items()}
        self._unknown = log(1 + len(groups))
        self._column = {word: column for column, word in enumerate(self._idf)}
        self._weights = np.array([*self._idf.values(), 0.0])[:-1]

        self._words = self._incidence(phrases)
        self._mass = np.maximum(self._words @ self._weights, _TINY)
        members = (np.ones(len(phrases)), (self._owner, np.arange(len(phrases))))
        gather = csr_matrix(members, shape=(len(sizes), len(phrases)))
        self._uses = (gather @ self._words).tocsr()
        self._weighted = self._words.multiply(self._weights).T.tocsr()
        self._found = (self._uses > 0).multiply(self._weights).T.tocsr()

        self._pieces = TfidfVectorizer(
            analyzer="char_wb", ngram_range=_PIECES, sublinear_tf=True, dtype=np.float32
        )
        self._letters = self._pieces.fit_transform(" ".join(phrase) for phrase in phrases)
        self._centres = (gather.astype(np.float32) @ self._letters).tocsr()
        self._letters_across = self._letters.T.tocsr()
        self._centres_across = self._centres.T.tocsr()
        self._lengths = self._centres.multiply(self._centres).sum(axis=1).A1

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word of every phrase."""
        return frozenset(self._idf)

    def measure(
        self, messages: Sequence[Sequence[str]], left_out: NDArray[np.int_] | None = None
    ) -> Floats:
        """Return `MEASURES` of every message against every group: messages x groups x 6.

        Args:
            messages: Plain words of each message.
            left_out: One phrase per message that is treated as if it were not known, so that
                the known phrases can themselves be asked (leave-one-out).
        """
        asked = self._incidence(messages)
        mass = np.array([self._mass_of(words) for words in messages])[:, None]
        pieces = self._pieces.transform([" ".join(words) for words in messages])
        shared = (asked @ self._weighted).toarray()
        covering = shared / self._mass
        letters = (pieces @ self._letters_across).toarray().astype(np.float64)
        centres = (pieces @ self._centres_across).toarray().astype(np.float64)
        lengths = np.repeat(self._lengths[None, :], len(messages), axis=0)
        found = (asked @ self._found).toarray()
        if left_out is not None:
            row, group = np.arange(len(messages)), self._owner[left_out]
            own, own_centre = self._letters[left_out], self._centres[group]
            centres[row, group] -= letters[row, left_out]
            lengths[row, group] += 1 - 2 * own_centre.multiply(own).sum(axis=1).A1
            others = (self._uses[group] - self._words[left_out]) > 0
            found[row, group] = asked.multiply(others) @ self._weights
            shared[row, left_out] = covering[row, left_out] = letters[row, left_out] = 0.0
        return np.stack(
            [
                self._best(shared) / mass,
                self._best(covering),
                found / mass,
                found / self._unknown,
                self._best(letters),
                centres / np.sqrt(np.maximum(lengths, _TINY)),
            ],
            axis=2,
        )

    def _best(self, scores: Floats) -> Floats:
        best: Floats = np.maximum.reduceat(scores, self._starts, axis=1)
        return best

    def _mass_of(self, words: Sequence[str]) -> float:
        return max(sum(self._idf.get(word, self._unknown) for word in set(words)), _TINY)

    def _incidence(self, documents: Sequence[Sequence[str]]) -> csr_matrix:
        rows, columns = [], []
        for row, words in enumerate(documents):
            known = {self._column[word] for word in words if word in self._column}
            columns.extend(sorted(known))
            rows.extend([row] * len(known))
        shape = (len(documents), len(self._column))
        return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
