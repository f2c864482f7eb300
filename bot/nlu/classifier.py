"""Tells a wish or talk from a question: a linear SVM over words, word pairs and pieces of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
from scipy.sparse import hstack  # type: ignore[import-untyped]
from scipy.special import log_softmax, softmax  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

Floats = NDArray[np.float64]
Ints = NDArray[np.int_]

#: What is looked at, as arguments of `TfidfVectorizer`: words and pairs of words, pieces of words.
VIEWS: tuple[dict[str, Any], ...] = (
    {"token_pattern": r"\S+", "ngram_range": (1, 2)},
    {"analyzer": "char_wb", "ngram_range": (2, 5)},
)

_FOLDS = 3
_FACTORS = (0.1, 50.0)
#: A hundred times the usual tolerance: half the time, the same decisions.
_EXACT_ENOUGH = 0.01


class Classifier:
    """Compares messages, given as plain words, with labelled phrases.

    Args:
        phrases: The plain words of every known phrase.
        labels: The class of each phrase, 0 .. n - 1; every class has a phrase.
    """

    def __init__(self, phrases: Sequence[Sequence[str]], labels: Ints) -> None:
        self._vectorizers = [
            TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **view) for view in VIEWS
        ]
        known = [" ".join(phrase) for phrase in phrases]
        self._known = hstack([each.fit_transform(known) for each in self._vectorizers]).tocsr()
        self._labels = labels
        self._classes = int(labels.max()) + 1

    @property
    def shape(self) -> tuple[int, int]:
        """Features + 1 and classes: the shape of the coefficients."""
        return self._known.shape[1] + 1, self._classes

    def fit(self) -> Floats:
        """Return the coefficients of `chances`: (features, then the intercept) x classes."""
        everything = np.ones(len(self._labels), dtype=bool)
        return self._fitted(everything) * self._temper()

    def chances(self, messages: Sequence[Sequence[str]], coefficients: Floats) -> Floats:
        """Return the probability of every class: messages x classes."""
        texts = [" ".join(message) for message in messages]
        margins, start = coefficients[-1], 0
        for vectorizer in self._vectorizers:
            vectors = vectorizer.transform(texts)
            end = start + vectors.shape[1]
            margins, start = margins + vectors @ coefficients[start:end], end
        spread: Floats = softmax(margins, axis=1)
        return spread

    def _temper(self) -> float:
        """Return what margins must be multiplied by, so that their softmax is calibrated.

        Each phrase is judged by a machine that was fitted without it.
        """
        fold = np.arange(len(self._labels)) % _FOLDS
        margins = np.zeros((len(fold), self._classes))
        for each in range(_FOLDS):
            left_out = fold == each
            coefficients = self._fitted(~left_out)
            margins[left_out] = self._known[left_out] @ coefficients[:-1] + coefficients[-1]
        rows = np.arange(len(fold))

        def loss(factor: float) -> float:
            return -float(log_softmax(factor * margins, axis=1)[rows, self._labels].mean())

        return float(minimize_scalar(loss, bounds=_FACTORS, method="bounded").x)

    def _fitted(self, chosen: NDArray[np.bool_]) -> Floats:
        table = np.zeros(self.shape)
        present = np.unique(self._labels[chosen])
        if len(present) < 2:
            return table
        machine = LinearSVC(random_state=0, tol=_EXACT_ENOUGH).fit(
            self._known[chosen], self._labels[chosen]
        )
        both = np.column_stack([machine.coef_, machine.intercept_])
        table[-1] = -1.0
        table[:, present] = (np.vstack([-both, both]) if len(present) == 2 else both).T
        return table
