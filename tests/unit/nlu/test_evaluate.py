from __future__ import annotations

from math import isnan
from pathlib import Path

import numpy as np
import pytest

from bot.errors import DataError
from bot.nlu import evaluate
from bot.nlu.evaluate import Outcome, Row
from bot.nlu.matcher import Match
from bot.nlu.noise import Noise


def outcome(expected: str, *found: tuple[str, float], intent: str = "faq") -> Outcome:
    chance = found[0][1] if found else 0.0
    decision = "answer" if chance >= 0.8 else "ticket"
    match = Match("t", intent, chance, decision, alternatives=found)
    return Outcome(Row("t", expected, 2 if found else None), match, 1.0)


def test_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('text\texpected\tservice\n# note\n\n"apa\tx\t3\nb\toos-far\n', "utf-8")
    assert evaluate.read(path) == [Row('"apa', "x", 3), Row("b", "oos-far")]


@pytest.mark.parametrize("line", ["only text", "a\tb\tc", "a\tb\t1\td"])
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f"good\tx\n{line}\n", "utf-8")
    with pytest.raises(DataError, match="parted by tabs") as caught:
        evaluate.read(path)
    assert caught.value.line == 2


def test_auroc_by_hand() -> None:
    assert evaluate.auroc([0.9, 0.5], [0.1, 0.5]) == pytest.approx((2 + 1.5) / 4)
    assert isnan(evaluate.auroc([], [0.1]))


def test_calibration_error_by_hand() -> None:
    chances, right = np.array([0.9, 0.9, 0.1]), np.array([1.0, 0.0, 0.0])
    error = evaluate.calibration_error(chances, right, np.ones(3))
    assert error == pytest.approx((abs(1.8 - 1) + 0.1) / 3)


def test_answered_right_by_hand() -> None:
    chances, right = np.array([0.9, 0.8, 0.7]), np.array([1.0, 1.0, 0.0])
    ones = np.ones(3)
    assert evaluate.answered_right(chances, right, ones, ones) == pytest.approx(2 / 3)


def test_measures_of_a_small_run() -> None:
    outcomes = [
        outcome("a", ("a", 0.9)),
        outcome("b", ("c", 0.4), ("b", 0.3)),
        outcome("oos-near", ("a", 0.5)),
        outcome("oos-far"),
        outcome("menu", intent="menu"),
    ]
    found = evaluate.measure(outcomes, {"menu": 1})
    assert found["accuracy at 1"] == 0.5
    assert found["recall at 3"] == 1.0
    assert found["AUROC near"] == 0.5
    assert found["AUROC far"] == 1.0
    assert found["intents"] == 1.0
    assert found["right at 95 % precision"] == 0.5
    assert evaluate.confusions(outcomes) == [("b", "c", 1)]
    text = evaluate.report(found, evaluate.confusions(outcomes))
    assert "accuracy at 1" in text
    assert "b -> c" in text


def test_noise_is_the_same_for_the_same_seed() -> None:
    rows, noise = [Row("kenapa rekening retur", "a", 3)], Noise({}, 0.5, 0.9)
    assert evaluate.noised(rows, noise, 1) == evaluate.noised(rows, noise, 1)
    assert evaluate.noised(rows, noise, 1)[0].expected == "a"


def test_run_times_every_row() -> None:
    rows = [Row("halo", "greet")]
    (found,) = evaluate.run(rows, lambda text: Match(text, "greet", 1.0, "control"))
    assert found.match.text == "halo"
    assert found.milliseconds >= 0
