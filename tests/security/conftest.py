"""The whole house with its public edge and its desk, as they are served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp.test_utils import TestServer

from bot import doors
from bot.app import House, open_house
from bot.settings import Settings

SECRET, VERIFY, METRICS = "rahasia-uji", "token-uji", "rahasia-ukur"
ORIGIN = "https://hai.contoh.go.id"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(
        var_dir=tmp_path,
        whatsapp_app_secret=SECRET,
        whatsapp_verify_token=VERIFY,
        whatsapp_phone_number_id="100000000000001",
        webchat_origins=ORIGIN,
        metrics_token=METRICS,
    )
    async with open_house(settings) as made:
        yield made


@pytest_asyncio.fixture
async def edge(house: House) -> AsyncIterator[TestServer]:
    server = TestServer(doors.edge(house))
    await server.start_server()
    yield server
    await server.close()


@pytest_asyncio.fixture
async def desk(house: House) -> AsyncIterator[TestServer]:
    server = TestServer(doors.desk(house))
    await server.start_server()
    yield server
    await server.close()
