"""What each part of our matcher brings: trained and measured with one thing taken away."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from bench import matchers
from bench.child import child
from bench.paths import PROJECT
from bench.table import Table
from bot.nlu import calibration, choice, classifier, evaluate, reading, targets, training
from bot.nlu.choice import PRIOR, Floats, Ints
from bot.nlu.classifier import VIEWS, Classifier
from bot.nlu.evaluate import FAR, NEAR, Row
from bot.nlu.knowledge import Knowledge
from bot.nlu.matcher import Engine
from bot.nlu.noise import Noise, turned_round
from bot.nlu.similarity import MEASURES, Similarity
from bot.nlu.spelling import Spelling

NAME = "ablation"
NOISE, SEEDS = 0.2, (1, 2, 3)
_QUESTIONS = PROJECT / "tests" / "data" / "matching" / "dev.tsv"
_QUICK = 5
_COLUMNS = (
    "matcher", "accuracy@1", "recall@3", "accuracy@1, noise", "AUROC near", "AUROC far",
    "right at 95 %", "calibration error", "intents", "service first", "in three", "p50 ms",
)  # fmt: skip
_FIGURES = (
    "accuracy at 1", "recall at 3", "noise", "AUROC near", "AUROC far", "right at 95 % precision",
    "calibration error", "intents", "service, first", "service, first three",
)  # fmt: skip
Swap = tuple[Any, str, object]


@dataclass(frozen=True)
class Variant:
    """The matcher with something taken away.

    Attributes:
        label: Its row.
        swaps: What stands in for a part while it is trained and built: owner, name, stand-in.
        known: Takes away something of what it is trained on.
        calibrated: Whether slope and shift are fitted; otherwise scores are read as they are.
    """

    label: str
    swaps: tuple[Swap, ...] = ()
    known: Callable[[Knowledge], Knowledge] = lambda knowledge: knowledge
    calibrated: bool = True

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the stand-ins in, and take them out again."""
        with ExitStack() as stack:
            for owner, name, stand_in in self.swaps:
                stack.enter_context(mock.patch.object(owner, name, stand_in))
            yield


async def measure(quick: bool) -> Table:
    """Train and measure every variant, all in one process."""
    table = Table("Ablation: our matcher with one thing taken away", _COLUMNS)
    found = await child("bench.ablation", _QUICK if quick else 1)
    for label, figures in found["variants"].items():
        cells = [f"{figures[name]:.3f}" for name in _FIGURES]
        table.rows.append([label, *cells, figures["ms p50"]])
    table.notes += [
        "{name}, the half for tuning: {inside} questions with an entry, {near} near and {far} far "
        "ones without, {others} for intents.".format(name=_QUESTIONS.name, **found["rows"]),
        "Each row is trained anew, and slope and shift are fitted to these very questions (but "
        "for 'slope 1, shift 0'), which flatters all calibration errors alike.",
        f"Noise: each word slanged and mistyped with a chance of {NOISE:.0%} each, the mean of "
        f"{len(SEEDS)} seeds; the slang is our own list turned round.",
        "A measure taken away is still computed: its milliseconds do not tell what it costs.",
        "Differences of less than about two points on one column are noise.",
    ]
    return table


def variants() -> Iterator[Variant]:
    """Give the matcher as it is, then with one thing taken away."""
    words, pieces = VIEWS
    yield Variant("as it is")
    for name in MEASURES:
        yield Variant(f"no measure `{name}`", ((targets, "Similarity", without(name)),))
    others = [name for name in MEASURES if name not in ("evidence", "centre")]
    yield Variant("only `evidence`, `centre`", ((targets, "Similarity", without(*others)),))
    yield Variant("weights not fitted", ((training, "fit", lambda cases: PRIOR),))
    blank: Swap = (training, "fit", lambda cases: choice.fit(cases, np.zeros_like(PRIOR)))
    yield Variant("weights drawn towards 0", (blank,))
    hidden: Swap = (training, "MISSING", 0.0)
    yield Variant("no hidden entries in training", (hidden,))
    yield Variant("… and weights drawn towards 0", (hidden, blank))
    yield Variant("no noise in training", ((training, "NOISY", 0.0),))
    yield Variant("slope 1, shift 0", calibrated=False)
    yield Variant("no spelling", ((reading, "Spelling", Verbatim),))
    yield Variant("no slang list", known=_without_slang)
    yield Variant("no services' questions", known=_without_questions)
    single = {**words, "ngram_range": (1, 1)}
    yield Variant("intents: no word pairs", ((classifier, "VIEWS", (single, pieces)),))
    yield Variant("intents: no pieces of words", ((classifier, "VIEWS", (words,)),))
    yield Variant("intents: no words, only pieces", ((classifier, "VIEWS", (pieces,)),))
    yield Variant("intents: not tempered", ((Classifier, "_temper", lambda self: 1.0),))


def without(*measures: str) -> type[Similarity]:
    """Make a similarity that is blind to some of `MEASURES`."""
    columns = [MEASURES.index(measure) for measure in measures]

    class Blind(Similarity):
        def measure(
            self, messages: Sequence[Sequence[str]], left_out: Ints | None = None
        ) -> Floats:
            measured = super().measure(messages, left_out)
            measured[..., columns] = 0.0
            return measured

    return Blind


def _without_slang(knowledge: Knowledge) -> Knowledge:
    return replace(knowledge, lexicon=replace(knowledge.lexicon, slang={}))


def _without_questions(knowledge: Knowledge) -> Knowledge:
    return replace(knowledge, questions={})


class Verbatim(Spelling):
    """Leaves every word as it was typed."""

    def mend(self, words: Iterable[str]) -> list[str]:
        """Return the words."""
        return list(words)


def build(
    variant: Variant, config: dict[str, Any], knowledge: Knowledge, rows: list[Row]
) -> Engine:
    """Train a variant, and fit its slope and shift to labelled questions."""
    from bot.nlu.component import Matcher

    known = variant.known(knowledge)
    with variant.in_place():
        fitted = training.train(known)
        raw = config | {"slope": 1.0, "shift": 0.0}
        engine = Matcher.build(raw, known, fitted)
        if not variant.calibrated:
            return engine
        slope, shift = calibration.asked_for(engine, rows)
        # Made anew: the words of the questions must not be in its memory when it is timed.
        return Matcher.build(config | {"slope": slope, "shift": shift}, known, fitted)


def _measured(engine: Engine, knowledge: Knowledge, rows: list[Row]) -> dict[str, float]:
    for text, *_ in knowledge.faq.values():
        engine.match(text)
    found = evaluate.measure(evaluate.run(rows, engine.match), knowledge.examples)
    noise = Noise(turned_round(knowledge.lexicon.slang), NOISE, NOISE)
    asked = [row for row in rows if row.expected in knowledge.faq]
    spoilt = [row for seed in SEEDS for row in evaluate.noised(asked, noise, seed)]
    noised = evaluate.measure(evaluate.run(spoilt, engine.match), {})
    return {**found, "noise": noised["accuracy at 1"]}


def _counts(rows: list[Row], knowledge: Knowledge) -> dict[str, int]:
    near, far = (sum(row.expected == name for row in rows) for name in (NEAR, FAR))
    inside = sum(row.expected in knowledge.faq for row in rows)
    return {"inside": inside, "near": near, "far": far, "others": len(rows) - inside - near - far}


def main() -> None:
    """Measure every variant and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.ablation")
    parser.add_argument("every", type=int, help="one question out of so many is asked")
    parser.add_argument("--output", type=Path, default=Path("/dev/stdout"), help="for the JSON")
    options = parser.parse_args()
    config, knowledge = matchers.learnt()
    rows = evaluate.read(_QUESTIONS)[:: options.every]
    figures = {
        variant.label: _measured(build(variant, config, knowledge, rows), knowledge, rows)
        for variant in variants()
    }
    found = {"variants": figures, "rows": _counts(rows, knowledge)}
    options.output.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
