"""A door on a fresh ledger, with a held clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.ledger.database import Ledger
from tests.kit import Clock, sqlite_ledger
from tests.webchat.stage import Door, Visitor


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings that a test wants otherwise."""
    return {}


@pytest_asyncio.fixture
async def door(
    ledger: Ledger, clock: Clock, tmp_path: Path, settings: dict[str, Any]
) -> AsyncIterator[Door]:
    made = Door(ledger, clock, tmp_path, **settings)
    async with aiohttp.ClientSession() as made.session:
        await made.start()
        yield made
        await made.stop()


@pytest_asyncio.fixture
async def visitor(door: Door) -> Visitor:
    return await door.visitor()
