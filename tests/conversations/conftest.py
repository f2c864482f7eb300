"""One agent for all scenarios; each scenario hands its own services to the actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

from bot.turn.dialogue import Dialogue
from tests.conversations.stage import CHOICE_KEY


@pytest.fixture(scope="session")
def executor() -> Any:
    return ActionExecutor()


@pytest.fixture(scope="session")
def dialogue(model: Path, executor: ActionExecutor) -> Dialogue:
    return Dialogue(model, executor, CHOICE_KEY)
