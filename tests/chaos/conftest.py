"""The dialogue for the tests in which no process is ended."""

from tests.conversations.conftest import dialogue, executor

__all__ = ["dialogue", "executor"]
