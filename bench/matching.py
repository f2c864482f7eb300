"""Our FAQ matcher beside the usual methods: the same bank, the same questions, the same run.

As a program (``python -m bench.matching METHOD ...``) it measures one method and prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench import diet, matchers, stock_project
from bench.child import child, memory
from bench.matchers import Faq
from bench.paths import PROJECT
from bench.processes import NotStarted
from bench.table import Cell, Table
from bot.nlu import evaluate
from bot.nlu.evaluate import FAR, NEAR, Outcome, Row
from bot.nlu.lexicon import Lexicon
from bot.nlu.matcher import Match
from bot.nlu.noise import Noise, turned_round
from bot.nlu.training import MISSING

NAME = "matching"
NOISE, NOISE_SEED = 0.2, 20261123
_QUESTIONS = PROJECT / "tests" / "data" / "matching" / "test.tsv"
_COLUMNS = (
    "method", "accuracy@1", "recall@3", "accuracy@1, noise", "AUROC near", "AUROC far",
    "calibration error", "right at 95 %", "p50 ms", "p95 ms", "training s", "RSS growth MB",
    "RSS MB",
)  # fmt: skip
_FIGURES = (
    "accuracy at 1", "recall at 3", "noise", "AUROC near", "AUROC far", "calibration error",
    "right at 95 % precision",
)  # fmt: skip
_COSTS = ("ms p50", "ms p95", "train", "growth", "memory")
_DIET = "diet"
METHODS = {
    "nindy": "Nindy",
    "token-set": "rapidfuzz token_set_ratio",
    "bm25": "BM25, words",
    "svc": "TF-IDF + LinearSVC",
    _DIET: "Rasa DIET, {epochs} epochs",
}
#: What is imported late, but is no memory of the method's own.
_LIBRARIES = {
    "svc": ("sklearn.feature_extraction.text", "sklearn.pipeline", "sklearn.svm"),
    _DIET: ("rasa.core.agent", "rasa.engine.recipes.default_components"),
}


async def measure(quick: bool) -> Table:
    """Measure every method in a process of its own."""
    epochs = stock_project.QUICK_EPOCHS if quick else stock_project.EPOCHS
    table = Table(f"Matching: Nindy beside the usual methods, DIET with {epochs} epochs", _COLUMNS)
    faq = matchers.bank()
    for method, label in METHODS.items():
        label = label.format(epochs=epochs)
        try:
            found = await (_diet(faq, epochs, table) if method == _DIET else _method(method))
        except NotStarted as error:
            table.rows.append([label, *[None] * (len(_COLUMNS) - 1)])
            table.notes.append(f"{label} is missing: {' '.join(str(error).split())}")
            continue
        figures: list[Cell] = [f"{found[name]:.3f}" for name in _FIGURES]
        table.rows.append([label, *figures, *(found[name] for name in _COSTS)])
    table.notes += _notes(faq)
    return table


async def _diet(faq: Faq, epochs: int, table: Table) -> dict[str, float]:
    ready = await asyncio.to_thread(diet.prepare, faq, epochs)
    found = await _method(_DIET, "--model", ready.model)
    table.notes.append(
        "DIET stands in the pipeline of `rasa init`, every entry an intent; its training is the "
        "whole of `rasa train nlu`" + (", by an earlier run (cached)." if ready.cached else ".")
    )
    return found | {"train": ready.train_seconds}


async def _method(method: str, *words: object) -> dict[str, float]:
    found: dict[str, float] = await child("bench.matching", method, *words)
    return found


def _notes(faq: Faq) -> list[str]:
    rows = questions(faq)
    near, far = (sum(row.expected == name for row in rows) for name in (NEAR, FAR))
    phrasings = sum(map(len, faq.values()))
    return [
        f"Bank: {len(faq)} entries, {phrasings:,} phrasings. Questions: {len(rows) - near - far} "
        f"with an entry, {near} near and {far} far ones without, of {_QUESTIONS.name}.",
        f"Noise: each word slanged and mistyped with a chance of {NOISE:.0%} each, by one seed; "
        "the slang is Nindy's own list turned round, which flatters it.",
        f"Calibration error and 'right at 95 %' (questions answered rightly at the loosest "
        f"threshold that keeps 95 % precision) are of a mix with {MISSING:.0%} "
        "out-of-scope questions.",
        "A score that is no probability (all but Nindy's and DIET's) is clipped to 0..1 as it is "
        "for the calibration error, and only for that.",
        "RSS growth: from the libraries loaded to all questions answered, training included "
        "(DIET's aside: it loads a trained model). RSS: the whole process; Nindy's and DIET's "
        "hold Rasa and TensorFlow.",
    ]


def questions(faq: Faq) -> list[Row]:
    """Return the rows that ask for an entry, or for something that has none."""
    return [row for row in evaluate.read(_QUESTIONS) if row.expected in {*faq, NEAR, FAR}]


def noised(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with slang and typing errors, always the same."""
    slang = Lexicon.load(PROJECT / "data" / "lexicon").slang
    return evaluate.noised(rows, Noise(turned_round(slang), NOISE, NOISE), NOISE_SEED)


def clipped(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes with scores that pass for probabilities."""

    def clip(match: Match) -> Match:
        pairs = ((id, min(max(score, 0.0), 1.0)) for id, score in match.alternatives)
        return replace(match, alternatives=tuple(pairs))

    return [replace(outcome, match=clip(outcome.match)) for outcome in outcomes]


def figures(faq: Faq, match: Callable[[str], Match]) -> dict[str, float]:
    """Ask all questions, clean and with noise."""
    rows = questions(faq)
    for text, *_ in faq.values():
        match(text)
    outcomes = evaluate.run(rows, match)
    error = evaluate.measure(clipped(outcomes), {})["calibration error"]
    spoilt = evaluate.measure(evaluate.run(noised(rows), match), {})
    return {
        **evaluate.measure(outcomes, {}),
        "calibration error": error,
        "noise": spoilt["accuracy at 1"],
    }


def _maker(method: str, faq: Faq, model: Path | None) -> Callable[[], Callable[[str], Match]]:
    """Load a method's libraries and return what trains it, or loads its model."""
    for library in _LIBRARIES.get(method, ()):
        importlib.import_module(library)
    if model is not None:
        return lambda: matchers.as_match(diet.open_model(model, faq))
    if method == "nindy":
        build = matchers.nindy()
        return lambda: build().match
    made = {"token-set": matchers.TokenSet, "bm25": matchers.Bm25, "svc": matchers.LinearSvc}
    return lambda: matchers.as_match(made[method](faq).rank)


def main() -> None:
    """Measure one method and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.matching")
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--model", type=Path, help="DIET's trained model")
    parser.add_argument("--output", type=Path, default=Path("/dev/stdout"), help="for the JSON")
    options = parser.parse_args()
    faq = matchers.bank()
    make = _maker(options.method, faq, options.model)
    before, began = memory(), time.perf_counter()
    match = make()
    found = {"train": time.perf_counter() - began, **figures(faq, match), "memory": memory()}
    found["growth"] = found["memory"] - before
    options.output.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
