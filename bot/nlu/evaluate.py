"""Measures the matcher on questions that training never saw (`nindy evaluate FILE.tsv`).

A line holds text, what is expected (a FAQ id, an intent, ``oos-near`` or ``oos-far``), and
perhaps the service, parted by tabs; lines that begin with ``#`` are comments. Rows without an
answer weigh `MISSING` of the traffic in every figure that mixes them with the others.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from bot.errors import DataError
from bot.nlu.matcher import FALLBACK, FAQ, Match
from bot.nlu.noise import Noise
from bot.nlu.training import MISSING

Floats = NDArray[np.float64]

NEAR, FAR = "oos-near", "oos-far"
_BINS = 10
_PRECISION = 0.95
_CONFUSIONS = 20


@dataclass(frozen=True)
class Row:
    """One line of the file."""

    text: str
    expected: str
    service: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What the matcher made of a row, and how long it took."""

    row: Row
    match: Match
    milliseconds: float


def read(path: Path) -> list[Row]:
    """Read the rows.

    Raises:
        DataError: A line has not two or three columns, or a service that is no number.
    """
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, cells in enumerate(lines, start=1):
            if not cells or cells[0].startswith("#") or cells[:2] == ["text", "expected"]:
                continue
            service = cells[2].strip() if len(cells) > 2 else ""
            if len(cells) not in (2, 3) or (service and not service.isdecimal()):
                problem = "write text, expected and perhaps a service's number, parted by tabs"
                raise DataError(path, number, problem)
            rows.append(Row(cells[0], cells[1].strip(), int(service) if service else None))
    return rows


def noised(rows: Iterable[Row], noise: Noise, seed: int) -> list[Row]:
    """Return the rows with typing errors and slang; the same seed gives the same rows."""
    chance = Random(seed)  # noqa: S311  # repeatable, no secret
    return [Row(noise.spoil(row.text, chance), row.expected, row.service) for row in rows]


def run(rows: Iterable[Row], match: Callable[[str], Match]) -> list[Outcome]:
    """Match every row."""
    outcomes = []
    for row in rows:
        start = perf_counter()
        found = match(row.text)
        outcomes.append(Outcome(row, found, (perf_counter() - start) * 1000))
    return outcomes


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Return the chance that a row inside scores above one outside (a tie counts half)."""
    if not len(inside) or not len(outside):
        return float("nan")
    above, ordered = np.array(inside), np.sort(np.array(outside))
    below = np.searchsorted(ordered, above, "left") + np.searchsorted(ordered, above, "right")
    return float(below.mean() / 2 / len(ordered))


def answered_right(chances: Floats, right: Floats, weights: Floats, inside: Floats) -> float:
    """Return the share of rows inside that are answered rightly where precision is still 95 %.

    Args:
        chances: Probability of each row.
        right: 1 where the first answer is the right one.
        weights: What each row weighs.
        inside: 1 where the row has an answer.
    """
    levels = np.unique(chances)[::-1]
    best = 0.0
    for level in levels:
        over = chances >= level
        good = float((weights * right)[over].sum())
        if good / max(float(weights[over].sum()), 1e-12) >= _PRECISION:
            best = max(best, good)
    return best / max(float((weights * inside).sum()), 1e-12)


def calibration_error(chances: Floats, right: Floats, weights: Floats) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    place = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    gaps = [abs(float((weights * (chances - right))[place == i].sum())) for i in range(_BINS)]
    return sum(gaps) / max(float(weights.sum()), 1e-12)


@dataclass(frozen=True)
class _Faq:
    """The rows that have an answer in the FAQ, and those that have none anywhere."""

    inside: list[Outcome]
    near: list[Outcome]
    far: list[Outcome]

    def measures(self) -> dict[str, float]:
        rows = [*self.inside, *self.near, *self.far]
        inside = np.array([1.0] * len(self.inside) + [0.0] * (len(rows) - len(self.inside)))
        right = np.array([float(_first(outcome) == outcome.row.expected) for outcome in rows])
        odds = MISSING / (1 - MISSING) * len(self.inside)
        outside = max(len(rows) - len(self.inside), 1)
        weights = np.where(inside > 0, 1.0, odds / outside)
        chances = np.array([_chance(outcome) for outcome in rows])
        answers = np.array([outcome.match.decision == "answer" for outcome in rows])
        sure = weights * answers
        inner = [_chance(outcome) for outcome in self.inside]
        known = [outcome.row.expected in _three(outcome) for outcome in self.inside]
        return {
            "accuracy at 1": _mean(right[: len(self.inside)]),
            "recall at 3": _mean(known),
            "AUROC near": auroc(inner, [_chance(outcome) for outcome in self.near]),
            "AUROC far": auroc(inner, [_chance(outcome) for outcome in self.far]),
            "right at 95 % precision": answered_right(chances, right, weights, inside),
            "calibration error": calibration_error(chances, right, weights),
            "answered": float(sure.sum() / max(weights.sum(), 1e-12)),
            "precision of answers": float((sure * right).sum() / max(sure.sum(), 1e-12)),
            "answered, near": _mean(o.match.decision == "answer" for o in self.near),
            "answered, far": _mean(o.match.decision == "answer" for o in self.far),
        }


def measure(outcomes: Sequence[Outcome], intents: Mapping[str, object]) -> dict[str, float]:
    """Return every figure by its name; nan where no row tells it.

    Args:
        outcomes: What `run` gave.
        intents: The names of the intents; other expectations are FAQ ids.
    """
    aside = {*intents, NEAR, FAR, FALLBACK}
    faq = _Faq(
        [outcome for outcome in outcomes if outcome.row.expected not in aside],
        [outcome for outcome in outcomes if outcome.row.expected == NEAR],
        [outcome for outcome in outcomes if outcome.row.expected in (FAR, FALLBACK)],
    )
    meant = [outcome for outcome in outcomes if outcome.row.expected in intents]
    routed = [outcome for outcome in outcomes if outcome.row.service and not _is_intent(outcome)]
    spent = [outcome.milliseconds for outcome in outcomes] or [float("nan")]
    return {
        "rows": float(len(outcomes)),
        "rows with a FAQ answer": float(len(faq.inside)),
        **(faq.measures() if faq.inside else {}),
        "intents": _mean(outcome.match.intent == outcome.row.expected for outcome in meant),
        "service, first": _mean(o.match.service == o.row.service for o in routed),
        "service, first three": _mean(
            o.row.service in [number for number, _ in o.match.services] for o in routed
        ),
        "ms p50": float(np.percentile(spent, 50)),
        "ms p95": float(np.percentile(spent, 95)),
    }


def confusions(outcomes: Iterable[Outcome]) -> list[tuple[str, str, int]]:
    """Return what was taken for what, the most frequent first."""
    seen: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        found = _first(outcome) if outcome.match.intent in (FAQ, FALLBACK) else ""
        found = found or outcome.match.intent
        expected = outcome.row.expected
        missing = expected in (NEAR, FAR, FALLBACK)
        if (missing and outcome.match.decision == "answer") or (not missing and found != expected):
            seen[expected, found] += 1
    return [(*pair, count) for pair, count in seen.most_common(_CONFUSIONS)]


def report(measures: Mapping[str, float], confused: Iterable[tuple[str, str, int]] = ()) -> str:
    """Return figures and confusions as aligned text."""
    lines = []
    for name, value in measures.items():
        shown = f"{value:.0f}" if name.startswith("rows") else f"{value:.3f}"
        lines.append(f"{name:<26}{'-' if value != value else shown:>8}")
    listed = [f"{count:>4}  {expected} -> {found}" for expected, found, count in confused]
    return "\n".join([*lines, *(["", "expected -> found", *listed] if listed else [])])


def _is_intent(outcome: Outcome) -> bool:
    return outcome.match.intent not in (FAQ, FALLBACK)


def _first(outcome: Outcome) -> str:
    alternatives = outcome.match.alternatives
    return alternatives[0][0] if alternatives else ""


def _three(outcome: Outcome) -> list[str]:
    return [id for id, _ in outcome.match.alternatives]


def _chance(outcome: Outcome) -> float:
    return outcome.match.alternatives[0][1] if outcome.match.alternatives else 0.0


def _mean(values: Iterable[object]) -> float:
    listed = [float(bool(value)) for value in values]
    return sum(listed) / len(listed) if listed else float("nan")
