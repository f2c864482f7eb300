"""One probability: which of the targets is meant, or none of them (a conditional logit).

Every target gets a score, the weighted sum of its features; none gets 0; the softmax of all
scores is the distribution. The weights differ by the kind of target and are fitted by maximum
a posteriori, drawn towards `PRIOR`, so that a bank of ten entries is judged sensibly as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]

from bot.nlu.similarity import MEASURES

Floats = NDArray[np.float64]
Ints = NDArray[np.int_]

#: An entry of the FAQ, or a service's matter, for questions without an entry.
KINDS = ("entry", "service")
ENTRY, SERVICE = range(len(KINDS))

#: The features of a target: its measures, and one for the kind's base rate.
FEATURES = (*MEASURES, "base")

#: Weights fitted on the project's own bank and examples; rows are `KINDS`, columns `FEATURES`.
PRIOR: Floats = np.array(
    [
        [1.2, 1.6, 0.5, 1.2, 0.0, 10.0, -5.0],
        [1.5, 2.5, 0.0, 0.5, 0.5, 7.5, -3.0],
    ]
)

#: Only so many of the nearest targets are weighed, so that a probability does not depend on the
#: size of the bank.
CANDIDATES = 20
_PULL = 4.0


@dataclass(frozen=True)
class Case:
    """One training case: the features of its candidates (targets x features) and their kinds.

    Attributes:
        features: One row per candidate.
        kinds: The kind of each candidate.
        meant: The row that was meant; None for none of them.
        weight: How much the case counts.
    """

    features: Floats
    kinds: Ints
    meant: int | None
    weight: float


def scores(features: Floats, kinds: Ints, weights: Floats) -> Floats:
    """Return the score of every target (last axis of `features` holds `FEATURES`)."""
    result: Floats = np.einsum("...tf,tf->...t", features, weights[kinds])
    return result


def probabilities(scored: Floats, slope: float = 1.0, shift: float = 0.0) -> Floats:
    """Return the probability of every target; 1 minus their sum is that of none.

    Args:
        scored: What `scores` gave, for one message.
        slope: The scores are multiplied by this ...
        shift: ... and this is added, before they are weighed against none.
    """
    kept = np.argsort(-scored)[:CANDIDATES]
    read = slope * scored[kept] + shift
    top = max(float(read[0]), 0.0) if len(kept) else 0.0
    grown = np.exp(read - top)
    spread = np.zeros_like(scored)
    spread[kept] = grown / (grown.sum() + np.exp(-top))
    return spread


def fit(cases: Sequence[Case], prior: Floats = PRIOR) -> Floats:
    """Return the weights that explain the cases best, drawn towards `prior`."""
    if not cases:
        return prior
    size = max(len(case.kinds) for case in cases)
    features = np.zeros((len(cases), size, len(FEATURES)))
    kinds = np.zeros((len(cases), size), dtype=np.int_)
    absent = np.full((len(cases), size), -np.inf)
    for row, case in enumerate(cases):
        count = len(case.kinds)
        features[row, :count], kinds[row, :count] = case.features, case.kinds
        absent[row, :count] = 0.0
    rows = np.arange(len(cases))
    meant = np.array([size if case.meant is None else case.meant for case in cases])
    weight = np.array([case.weight for case in cases])
    of_kind = [(kinds == kind)[..., None] * features for kind in range(len(KINDS))]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(prior.shape)
        scored = np.einsum("ntf,ntf->nt", features, weights[kinds]) + absent
        scored = np.column_stack([scored, np.zeros(len(cases))])
        scored -= scored.max(axis=1, keepdims=True)
        chances = np.exp(scored)
        chances /= chances.sum(axis=1, keepdims=True)
        missed = -weight @ np.log(np.maximum(chances[rows, meant], 1e-12))
        chances[rows, meant] -= 1
        pushed = (chances * weight[:, None])[:, :size]
        slope = np.stack([np.einsum("nt,ntf->f", pushed, block) for block in of_kind])
        away = weights - prior
        return missed + _PULL * (away**2).sum() / 2, (slope + _PULL * away).ravel()

    found = minimize(loss, prior.ravel(), jac=True, method="L-BFGS-B")
    fitted: Floats = found.x.reshape(prior.shape)
    return fitted
