"""Shared by all tests: paths, a vault, and what a missing server means."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
warnings.filterwarnings("ignore", category=DeprecationWarning)

import pytest  # noqa: E402

PROJECT = Path(__file__).resolve().parents[1]


def missing(what: str) -> None:
    """Skip because a program is not on this machine; on CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing on this machine")


@pytest.fixture(scope="session")
def model() -> Path:
    """The model of today's data, trained once if it is not there."""
    from bot.turn import training

    path = training.model_path(PROJECT)
    return path if path.exists() else training.train(PROJECT)
