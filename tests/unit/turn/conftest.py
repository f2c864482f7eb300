"""A ledger on SQLite, an owner and a clock for the parts of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ledger.database import Ledger
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.turn import sender, worker
from tests import kit


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with kit.sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    with kit.owner(tmp_path) as made:
        yield made


@pytest.fixture
def wake() -> Wake:
    return Wake()


@pytest.fixture
def clock() -> kit.Clock:
    return kit.Clock()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once: the clock is held by the test, not by the wall."""
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.001)
    monkeypatch.setattr(sender, "LOOK_AGAIN", 0.001)


@pytest.fixture
def found_nothing(wake: Wake, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once who works has looked, found nothing to do, and waits to be woken."""
    waits, wait = asyncio.Event(), wake.wait

    async def told(name: str, seconds: float) -> None:
        waits.set()
        await wait(name, seconds)

    monkeypatch.setattr(wake, "wait", told)
    return waits
