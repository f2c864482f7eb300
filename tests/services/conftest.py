"""A ledger on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ledger.database import Ledger
from tests.kit import sqlite_ledger, vault
from tests.servers import Postgres
from tests.ticketing import Desk, append_only

_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """A ledger whose database has no tables yet."""
    yield from _ledger(engine_name, "template1", tmp_path, request)


@pytest.fixture
def ledger(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """A ledger with its tables and nothing in them."""
    if engine_name == "sqlite":
        with sqlite_ledger(tmp_path) as made:
            yield made
    else:
        yield from _ledger(engine_name, "migrated", tmp_path, request)


def _ledger(
    engine_name: str, template: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Ledger]:
    if engine_name == "sqlite":
        made = Ledger(f"sqlite:///{tmp_path}/ledger.db", vault())
        yield made
        made.close()
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    server.create(name, template)
    made = Ledger(server.url(name), vault())
    try:
        yield made
    finally:
        made.close()
        server.drop(name)


@pytest.fixture
def desk(ledger: Ledger) -> Iterator[Desk]:
    """A desk with two agents, where what once happened cannot be rewritten."""
    with append_only(ledger):
        yield Desk(ledger)
