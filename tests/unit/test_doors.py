"""The door of those who watch: whether a process can work, and why not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestClient

from bot import doors


class Away:
    """A ledger that cannot be read."""

    async def run(self, *_: Any) -> None:
        raise sa.exc.OperationalError("SELECT Wati", None, Exception("Wati"))


async def test_a_database_that_is_away_is_told_without_what_it_quotes(
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    house: Any = SimpleNamespace(ledger=Away())
    client = await aiohttp_client(doors.status(house, lambda: True))
    async with client.get("/readyz") as answer:
        assert answer.status == 503
    said = [line for line in caplog.messages if "not ready" in line]
    assert said == ["not ready, the inbox cannot be read: OperationalError"]
