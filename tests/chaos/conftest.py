"""The dialogue for the tests in which no process is ended, without all that Rasa says of it."""

from __future__ import annotations

import logging

import pytest
import structlog

from tests.conversations.conftest import dialogue, executor

__all__ = ["dialogue", "executor"]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """`make chaos` shows what is printed: the figures."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
