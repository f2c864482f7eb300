from __future__ import annotations

from pathlib import Path

import pytest

from bot.datafile import load
from bot.nlu.knowledge import Knowledge
from bot.nlu.lexicon import Lexicon
from bot.nlu.matcher import Engine
from bot.nlu.training import Fitted, train

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return Lexicon.load(DATA / "lexicon")


@pytest.fixture(scope="session")
def examples() -> dict[str, list[str]]:
    """The intent examples, read without Rasa."""
    found: dict[str, list[str]] = {}
    for path in sorted((DATA / "nlu").glob("*.yml")):
        for item in load(path)["nlu"]:
            lines = [line.removeprefix("- ") for line in item["examples"].splitlines()]
            found.setdefault(item["intent"], []).extend(lines)
    return found


@pytest.fixture(scope="session")
def knowledge(examples: dict[str, list[str]]) -> Knowledge:
    questions = DATA / "catalogue/examples.yml"
    return Knowledge.gather(examples, DATA / "faq", DATA / "lexicon", questions)


@pytest.fixture(scope="session")
def fitted(knowledge: Knowledge) -> Fitted:
    return train(knowledge)


@pytest.fixture(scope="session")
def engine(knowledge: Knowledge, fitted: Fitted) -> Engine:
    return Engine(knowledge, fitted)
