"""A place of their own for the tests of commands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty working folder, no settings from outside, and the log left where it is."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("NINDY_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("bot.log.configure", lambda _: None)
