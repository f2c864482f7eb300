"""The connection to the ledger: one engine, short transactions, never on the event loop.

SQLite (WAL, every commit flushed to disk) has one writer, so one thread serves it; PostgreSQL
gets a few. A function that runs here receives an open connection; when it returns, the
transaction is committed, and when it raises, all of it is undone.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Concatenate, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.compiler import compiles
from typing_extensions import ParamSpec

from bot.errors import StartupError
from bot.ledger.connections import Connections
from bot.privacy import Vault

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

_SQLITE_BUSY_SECONDS = 10.0
_SQLITE_SLICE_MS = 250
"""SQLite's own waiting for a lock cannot be broken off, so it is asked in slices."""
_CLOSE_SECONDS = 0.5
"""For what runs to come to its end when a ledger is closed; a transaction takes milliseconds."""
_POSTGRES_THREADS = 8
# Neither a server that does not answer nor somebody's lock may hold a webhook longer than Meta
# waits, and a process that froze in a transaction may not hold its rows for ever.
_POSTGRES_CONNECT = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "options": "-c lock_timeout=8s -c statement_timeout=30s"
    " -c idle_in_transaction_session_timeout=60s",
}
_COLLIDED = {"23503", "23505", "40001", "40P01"}
"""PostgreSQL's codes for a row that another transaction took away, or for a unique key, a snapshot
or a lock that it had first."""
_TRIES = 8
_LONGEST_REST = 0.05
_VALUES_AT_ONCE = 500
"""Values of one statement: older SQLite takes 999."""


class Ledger:
    """Runs functions in transactions.

    Args:
        url: SQLAlchemy address of the database.
        vault: Seals what is personal.
    """

    def __init__(self, url: str, vault: Vault) -> None:
        self.vault = vault
        self.engine = _engine(url)
        self._connections = Connections(self.engine)
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine, self._connections)
        threads = 1 if self.engine.dialect.name == "sqlite" else _POSTGRES_THREADS
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="ledger")

    async def run(
        self,
        work: Callable[Concatenate[Connection, Vault, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `work` in one transaction on a ledger thread and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: self.transact(work, *args, **kwargs))

    def transact(
        self,
        work: Callable[Concatenate[Connection, Vault, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `work` in one transaction on this thread and return its result.

        A transaction that collided with another one is undone and run again: it will then find
        what the other one wrote.
        """
        for left in reversed(range(_TRIES)):
            try:
                with self.engine.begin() as connection:
                    return work(connection, self.vault, *args, **kwargs)
            except sa.exc.DBAPIError as error:
                if not left or getattr(error.orig, "pgcode", None) not in _COLLIDED:
                    raise
                # Two that met crosswise would meet again if both came back at once.
                time.sleep(random.uniform(0, _LONGEST_REST))  # noqa: S311
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Drop what waits, give what runs a moment to finish, and close every connection.

        What is dropped or broken off is undone, as if the process had been killed: messages are
        answered and bubbles settled by the next one.
        """
        breaking = threading.Timer(_CLOSE_SECONDS, self._connections.break_off)
        breaking.start()
        self._pool.shutdown(wait=True, cancel_futures=True)
        breaking.cancel()
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError:
        raise StartupError("NINDY_DATABASE_URL is not a database address") from None
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(
            parsed,
            future=True,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=8,
            connect_args=_POSTGRES_CONNECT,
        )
    if parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartupError(f"{parsed.database}: {error.strerror}") from None
    # Kept open: closing the last connection would write the whole log back after each commit.
    return sa.create_engine(
        parsed,
        future=True,
        hide_parameters=True,
        poolclass=sa.pool.QueuePool,
        connect_args={"timeout": _SQLITE_SLICE_MS / 1000, "check_same_thread": False},
    )


def _prepare_sqlite(engine: Engine, connections: Connections) -> None:
    @sa.event.listens_for(engine, "connect")
    def _pragmas(raw: Any, _record: Any) -> None:
        # pysqlite must not open transactions by itself: the begin hook below does.
        raw.isolation_level = None
        raw.execute(f"PRAGMA busy_timeout={_SQLITE_SLICE_MS}")
        _write_ahead(raw)
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("PRAGMA foreign_keys=ON")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        until = time.monotonic() + _SQLITE_BUSY_SECONDS
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except sa.exc.OperationalError as error:
                over = connections.broken_off or time.monotonic() >= until
                if over or "locked" not in str(error.orig):
                    raise


def _write_ahead(raw: Any) -> None:
    # A new file changes its journal once, and SQLite does not wait for that: when several
    # processes start at the same time all but one are refused at once.
    until = time.monotonic() + _SQLITE_BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
        time.sleep(_LONGEST_REST)


def insert_once(connection: Connection, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert a row unless a unique key forbids it; say whether it went in."""
    return bool(connection.execute(_once(table), values).rowcount)


def insert_all_once(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows of the same columns, leaving out those that a unique key forbids."""
    if rows:
        connection.execute(_once(table), rows)


# SQLAlchemy's own inserts with ON CONFLICT are compiled anew each time, which costs more than to
# execute them; what this one compiles to is kept.
class _InsertOnce(sa.sql.Insert):
    inherit_cache = True


@compiles(_InsertOnce)
def _compile(statement: _InsertOnce, compiler: Any, **how: Any) -> str:
    return f"{compiler.visit_insert(statement, **how)} ON CONFLICT DO NOTHING"


@lru_cache
def _once(table: sa.Table) -> Any:
    # Inline, or PostgreSQL would be asked for the row's key, behind which the clause cannot stand.
    return _InsertOnce(table).inline()


def some_at_once(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Part many values into as many as one statement may take."""
    for start in range(0, len(values), _VALUES_AT_ONCE):
        yield values[start : start + _VALUES_AT_ONCE]
