"""The matcher on questions that neither its writers nor its training ever saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.faq import Bank
from bot.nlu import evaluate
from bot.nlu.archive import open_engine
from bot.nlu.lexicon import Lexicon
from bot.nlu.matcher import Engine
from bot.nlu.noise import Noise, turned_round
from tests.conftest import PROJECT

pytestmark = pytest.mark.rasa

TEST = PROJECT / "tests/data/matching/test.tsv"


@pytest.fixture(scope="module")
def engine(model: Path) -> Engine:
    return open_engine(model, PROJECT / "config.yml")


@pytest.fixture(scope="module")
def measures(engine: Engine) -> dict[str, float]:
    bank = Bank.load(PROJECT / "data/faq")
    rows = evaluate.read(TEST)
    intents = {row.expected for row in rows if row.expected not in bank}
    known = dict.fromkeys(intents - {evaluate.NEAR, evaluate.FAR})
    return evaluate.measure(evaluate.run(rows, engine.match), known)


@pytest.mark.parametrize(
    ("figure", "at_least"),
    [
        ("accuracy at 1", 0.92),
        ("recall at 3", 0.98),
        ("AUROC near", 0.88),
        ("AUROC far", 0.98),
        ("right at 95 % precision", 0.75),
        ("intents", 0.96),
        ("service, first", 0.80),
        ("service, first three", 0.95),
    ],
)
def test_a_target_is_held(measures: dict[str, float], figure: str, at_least: float) -> None:
    assert measures[figure] >= at_least


def test_a_probability_means_what_it_says(measures: dict[str, float]) -> None:
    assert measures["calibration error"] <= 0.05


def test_nothing_foreign_gets_an_answer_of_the_faq(measures: dict[str, float]) -> None:
    assert measures["answered, far"] <= 0.02


def test_slang_and_typing_errors_cost_little(engine: Engine, measures: dict[str, float]) -> None:
    bank = Bank.load(PROJECT / "data/faq")
    rows = [row for row in evaluate.read(TEST) if row.expected in bank]
    noise = Noise(turned_round(Lexicon.load(PROJECT / "data/lexicon").slang), 0.2, 0.2)
    spoilt = [row for seed in (1, 2, 3) for row in evaluate.noised(rows, noise, seed)]
    noisy = evaluate.measure(evaluate.run(spoilt, engine.match), {})
    assert measures["accuracy at 1"] - noisy["accuracy at 1"] <= 0.035
