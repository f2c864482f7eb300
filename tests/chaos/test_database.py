"""R6: the database is locked, full, read-only or restarted while people write.

Meta hears 503 for what cannot be stored and delivers it again; what was acknowledged is answered
once the database is back.
"""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.storm import VOLUME, Storm, small_storm, storm
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300 + 180 * VOLUME)]
SMALL, LARGE = ("web", "worker", "sender"), ("web", "worker-1", "worker-2", "sender-1", "sender-2")
LOCKED = 2 * VOLUME
"""Seconds."""
LIMIT = 512 * 1024
"""Bytes: less than a database's log grows to before it is folded in, more than these logs have."""


@asynccontextmanager
async def _people_write(made: Storm, what: str) -> AsyncIterator[None]:
    """Let people write through what happens inside, and see that nothing came of it."""
    writing = asyncio.ensure_future(made.write(10, 5 * VOLUME, pause=1.0))
    await made.until(lambda: bool(made.meta.shown))
    yield
    await writing
    await made.all_is_answered()
    made.check(what)
    assert made.meta.answers[503] and made.meta.twice == 0
    assert set(made.meta.answers) == {200, 503}


async def test_r6_sqlite_is_locked(tmp_path: Path) -> None:
    async with small_storm(tmp_path) as made:
        await made.up(*SMALL)
        async with _people_write(made, f"R6, SQLite locked for {LOCKED} s and longer"):
            other = sqlite3.connect(tmp_path / "nindy.db", isolation_level=None, timeout=60)
            other.execute("BEGIN EXCLUSIVE")
            await asyncio.sleep(LOCKED)
            # A webhook waits for a while, then Meta is asked to come again.
            await made.until(lambda: made.meta.answers[503] > 0, 60)
            other.execute("ROLLBACK")
            other.close()


async def test_r6_the_disk_is_full(tmp_path: Path) -> None:
    async with small_storm(tmp_path) as made:
        await made.up(*SMALL)
        async with _people_write(made, "R6, no room for SQLite"):
            with _no_room(made):
                await made.until(lambda: made.meta.answers[503] > 0, 60)
                await asyncio.sleep(VOLUME)


@contextmanager
def _no_room(made: Storm) -> Iterator[None]:
    # Files of the processes grow no further, as on a disk that is full.
    pids = [process.pid for process in made.processes.values()]
    before = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids]
    for pid, (_, most) in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (LIMIT, most))
    yield
    for pid, limits in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


Trouble = Callable[[Storm], Awaitable[None]]


async def _locked(made: Storm) -> None:
    with made.ledger() as ledger, ledger.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE inbox")
        await made.until(lambda: made.meta.answers[503] > 0, 60)


async def _full(made: Storm) -> None:
    refuse = """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$
    """
    with made.ledger() as ledger:
        with ledger.engine.begin() as connection:
            connection.exec_driver_sql(refuse)
            for table in ("inbox", "outbox", "turn"):
                trigger = f"CREATE TRIGGER no_room BEFORE INSERT ON {table}"
                connection.exec_driver_sql(f"{trigger} EXECUTE FUNCTION refuse()")
        await made.until(lambda: made.meta.answers[503] > 5, 60)
        await asyncio.sleep(VOLUME)
        with ledger.engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION refuse CASCADE")


async def _read_only(made: Storm) -> None:
    """As after a change to a standby that is not in charge yet."""
    with made.ledger() as ledger:
        name = ledger.engine.url.database
        with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
            only = f"ALTER DATABASE {name} SET default_transaction_read_only"
            admin.exec_driver_sql(f"{only} = on")
            _end_others(admin)
            await made.until(lambda: made.meta.answers[503] > 5, 60)
            await asyncio.sleep(VOLUME)
            admin.exec_driver_sql("SET default_transaction_read_only = off")
            admin.exec_driver_sql(f"{only} = off")
            _end_others(admin)


def _end_others(admin: sa.engine.Connection) -> None:
    admin.exec_driver_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("trouble", [_locked, _full, _read_only])
async def test_r6_postgresql_takes_nothing(
    tmp_path: Path, postgres: Postgres, redis_server: Redis, trouble: Trouble
) -> None:
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up(*LARGE)
        async with _people_write(made, f"R6, PostgreSQL: {trouble.__name__.strip('_')}"):
            await trouble(made)
            if trouble is _locked:
                postgres.restart()
