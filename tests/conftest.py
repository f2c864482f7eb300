"""Shared by all tests: paths, servers, and what a missing one means."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
warnings.filterwarnings("ignore", category=DeprecationWarning)

import pytest  # noqa: E402
import structlog  # noqa: E402

if TYPE_CHECKING:
    from tests.servers import Postgres, Redis

PROJECT = Path(__file__).resolve().parents[1]


def missing(what: str) -> None:
    """Skip because a program is not on this machine; on CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing on this machine")


@pytest.fixture(autouse=True)
def _the_log_goes_where_it_went() -> Iterator[None]:
    """A command that a test runs sends the log to what pytest holds as standard error just then."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _what_we_send_is_held_against_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call to WhatsApp leaves this process without `tests.wire`."""
    from bot.channels.whatsapp.client import GraphClient
    from tests import wire

    post = GraphClient._post

    async def checked(self: GraphClient, message: dict[str, object]) -> dict[str, object]:
        wire.check(message)
        return await post(self, message)

    monkeypatch.setattr(GraphClient, "_post", checked)


@pytest.fixture(scope="session")
def model() -> Path:
    """The model of today's data, trained once if it is not there."""
    from bot.turn import training

    path = training.model_path(PROJECT)
    return path if path.exists() else training.train(PROJECT)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server, with a database `migrated` that others are copied from."""
    from bot.ledger import migrate
    from bot.ledger.database import Ledger
    from tests.kit import vault
    from tests.servers import Postgres, programs

    found = programs()
    if found is None:
        missing("PostgreSQL")
    assert found is not None
    server = Postgres(found)
    try:
        server.create("migrated")
        ledger = Ledger(server.url("migrated"), vault())
        migrate.upgrade(ledger)
        ledger.close()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """The server, which a test may stop; it is started again for the next one."""
    from tests.servers import Redis

    program = shutil.which("redis-server")
    if program is None:
        missing("Redis")
    assert program is not None
    server = Redis(program)
    try:
        yield server
    finally:
        server.remove()
