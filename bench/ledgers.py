"""Ledgers full of invented rows, on each engine: what is common to the tables that fill them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bot.ledger import migrate
from bot.ledger.database import Ledger
from bot.privacy import Vault, new_key
from tests.servers import Postgres, programs

Ask = Callable[[Ledger], object]
SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@contextmanager
def opened(engine: str) -> Iterator[Ledger | None]:
    """Open an empty ledger; None where this machine has no server program for it."""
    with _sqlite() if engine == SQLITE else _postgres() as url:
        if url is None:
            yield None
            return
        ledger = Ledger(url, Vault([new_key().encode()], b"bench"))
        try:
            migrate.upgrade(ledger)
            yield ledger
        finally:
            ledger.close()


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as folder:
        yield f"sqlite:///{folder}/ledger.db"


@contextmanager
def _postgres() -> Iterator[str | None]:
    found = programs()
    if found is None:
        yield None
        return
    server = Postgres(found)
    try:
        server.create("bench")
        yield server.url("bench")
    finally:
        server.stop()


def insert(ledger: Ledger, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of the same columns."""
    with ledger.engine.begin() as connection:
        connection.execute(table.insert(), rows)


def tidy(ledger: Ledger) -> None:
    """Do as PostgreSQL's autovacuum would; SQLite plans without statistics, as in Nindy."""
    if ledger.engine.dialect.name == "postgresql":
        own = ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with own as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def timed(ask: Ask, ledger: Ledger) -> float:
    """Return the milliseconds that a question takes."""
    began = time.perf_counter()
    ask(ledger)
    return 1000 * (time.perf_counter() - began)
