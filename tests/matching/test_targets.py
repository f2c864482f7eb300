"""The matcher on questions that neither its writers nor its training ever saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.faq import Bank
from bot.nlu import evaluate
from bot.nlu.archive import open_engine
from bot.nlu.matcher import Engine
from tests.conftest import PROJECT

pytestmark = pytest.mark.rasa

TEST = PROJECT / "tests/data/matching/test.tsv"


@pytest.fixture(scope="module")
def engine(model: Path) -> Engine:
    return open_engine(model, PROJECT / "config.yml")


@pytest.fixture(scope="module")
def measures(engine: Engine) -> dict[str, float]:
    # Intents are measured elsewhere: here only questions with an entry, or with none, count.
    bank = Bank.load(PROJECT / "data/faq")
    kept = (evaluate.NEAR, evaluate.FAR)
    rows = [row for row in evaluate.read(TEST) if row.expected in bank or row.expected in kept]
    return evaluate.measure(evaluate.run(rows, engine.match), {})


@pytest.mark.parametrize(
    ("figure", "at_least"),
    [
        ("accuracy at 1", 0.92),
        ("recall at 3", 0.98),
        ("AUROC near", 0.88),
        ("AUROC far", 0.98),
        ("right at 95 % precision", 0.75),
    ],
)
def test_a_target_is_held(measures: dict[str, float], figure: str, at_least: float) -> None:
    assert measures[figure] >= at_least


def test_a_probability_means_what_it_says(measures: dict[str, float]) -> None:
    assert measures["calibration error"] <= 0.06


def test_nothing_foreign_gets_an_answer_of_the_faq(measures: dict[str, float]) -> None:
    assert measures["answered, far"] <= 0.02
