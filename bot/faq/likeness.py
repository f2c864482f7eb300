"""Groups questions that ask the same, whatever their wording: pure, without the ledger."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage  # type: ignore[import-untyped]
from scipy.spatial.distance import squareform  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

ALIKE = 0.25
"""Mean likeness (0..1) within a group, at least."""
_VIEWS: tuple[dict[str, object], ...] = (
    {"token_pattern": r"\S+"},
    {"analyzer": "char_wb", "ngram_range": (2, 5)},
)


class Likeness:
    """Compares questions by their words and pieces of words; words that all use count little.

    Args:
        known: Phrases, as plain words joined by blanks, that tell how common a word is.
    """

    def __init__(self, known: Sequence[str]) -> None:
        self._known = known

    def groups(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the places of the texts, in groups of those that are alike.

        Groups and their members are in the order of the texts; every text is in one group.

        Args:
            texts: Plain words joined by blanks.
        """
        if len(texts) < 2:
            return [[place] for place in range(len(texts))]
        apart = 1 - np.mean([self._alike(texts, view) for view in _VIEWS], axis=0)
        np.fill_diagonal(apart, 0.0)
        apart = np.clip((apart + apart.T) / 2, 0.0, 1.0)
        tree = linkage(squareform(apart, checks=False), "average")
        found: dict[int, list[int]] = {}
        for place, group in enumerate(fcluster(tree, 1 - ALIKE, "distance")):
            found.setdefault(int(group), []).append(place)
        return sorted(found.values())

    def _alike(self, texts: Sequence[str], view: dict[str, object]) -> np.ndarray:  # type: ignore[type-arg]
        vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **view)
        vectors = vectorizer.fit([*self._known, *texts]).transform(texts)
        return np.asarray((vectors @ vectors.T).toarray(), dtype=np.float64)
