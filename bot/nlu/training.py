"""Fits the weights: the known phrases are asked one by one, each as if it were not known.

A phrase of a FAQ entry is asked twice: with its entry (which is meant), and with its entry hidden
(then its service is meant, or nothing, in turn). Half of the phrases carry slang and typing errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import IO

import numpy as np

from bot.nlu.choice import CANDIDATES, ENTRY, PRIOR, SERVICE, Case, Floats, Ints, fit, scores
from bot.nlu.intents import Intents
from bot.nlu.knowledge import Knowledge
from bot.nlu.noise import Noise, turned_round
from bot.nlu.reading import Reader
from bot.nlu.targets import Targets

#: The share of questions that is assumed to have no entry in the FAQ.
MISSING = 0.2
#: The share of known phrases that are asked with slang and typing errors.
NOISY = 0.5
_NOISE = 0.15


def reader_of(knowledge: Knowledge, more: Iterable[str] = ()) -> Reader:
    """Make the reader whose spelling is that of all known phrases, and of some more texts."""
    groups = (knowledge.faq, knowledge.examples, knowledge.questions)
    known = (text for group in groups for texts in group.values() for text in texts)
    return Reader(knowledge.lexicon, chain(known, more))


@dataclass(frozen=True)
class Fitted:
    """What training found, beside what it was told.

    Attributes:
        weights: Of `choice`: kinds x features.
        coefficients: Of the classifier of intents: (features + 1) x classes.
    """

    weights: Floats
    coefficients: Floats

    @classmethod
    def load(cls, source: Path | IO[bytes]) -> Fitted:
        """Read what `save` wrote."""
        with np.load(source) as arrays:
            return cls(arrays["weights"], arrays["coefficients"])

    def save(self, path: Path) -> None:
        """Write both arrays; the coefficients in single precision."""
        coefficients = self.coefficients.astype(np.float32)
        np.savez_compressed(path, weights=self.weights, coefficients=coefficients)


def train(knowledge: Knowledge, seed: int = 0) -> Fitted:
    """Fit classifier and weights on the known phrases (some seconds)."""
    reader = reader_of(knowledge)
    targets = Targets(knowledge, reader)
    chance = Random(seed)  # noqa: S311  # repeatable, no secret
    noise = Noise(turned_round(knowledge.lexicon.slang), _NOISE, _NOISE)
    asked = [
        noise.spoil(text, chance) if chance.random() < NOISY else text for text in targets.texts
    ]
    cases: list[Case] = []
    for phrase, features in enumerate(targets.left_out(asked)):
        cases.extend(_cases(targets, features, int(targets.owner[phrase]), phrase))
    return Fitted(fit(cases), Intents(knowledge, reader).fit())


def _cases(targets: Targets, features: Floats, meant: int, phrase: int) -> Iterator[Case]:
    order = np.argsort(-scores(features, targets.kinds, PRIOR))
    yield _case(targets, features, order, meant, 1.0)
    if targets.kinds[meant] != ENTRY:
        return
    hidden = order[order != meant]
    home = np.flatnonzero(
        (targets.kinds == SERVICE) & (targets.services == targets.services[meant])
    )
    odds = MISSING / (1 - MISSING)
    if len(home) and phrase % 2:
        yield _case(targets, features, hidden, int(home[0]), odds)
    else:
        yield _case(targets, features, hidden[~np.isin(hidden, home)], None, odds)


def _case(
    targets: Targets, features: Floats, order: Ints, meant: int | None, weight: float
) -> Case:
    kept = order[:CANDIDATES]
    if meant is not None and meant not in kept:
        kept = np.append(kept[:-1], meant)
    place = None if meant is None else int(np.flatnonzero(kept == meant)[0])
    return Case(features[kept], targets.kinds[kept], place, weight)
