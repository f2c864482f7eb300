"""Connections: what collides is run again, and a database that is busy is waited for."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.errors import StartupError
from bot.ledger import database, inbox, levels, outbox, people, tables
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.privacy import Vault, new_key
from bot.turn.intake import Delivery, Intake
from tests.conftest import PROJECT
from tests.kit import START, message, receive, rows, sibling, siti, sqlite_ledger, together, vault

WRITER = """
import sys
from bot.ledger import inbox
from bot.ledger.database import Ledger
from bot.privacy import Vault, new_key
from tests.kit import START, message, receive, siti
ledger = Ledger(sys.argv[1], Vault([sys.argv[2].encode()], b"index"))
print("ready", flush=True)
sys.stdin.readline()
for n in range(60):
    assert receive(ledger, message(f"{sys.argv[3]}.{n}", siti(str(n % 7)))) == [True]
"""


def test_processes_that_write_at_once_wait_for_each_other(ledger: Ledger) -> None:
    url, key = ledger.engine.url.render_as_string(hide_password=False), new_key()
    ledger.vault = Vault([key.encode()], b"index")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, key, str(n)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=90)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(rows(ledger, tables.inbox)) == 180
    assert len(rows(ledger, tables.person)) == 7


def test_a_function_that_raises_changes_nothing(ledger: Ledger) -> None:
    def work(connection: Any, vault: Vault) -> None:
        inbox.receive(connection, vault, [message(1)], START)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        ledger.transact(work)
    assert rows(ledger, tables.person) == rows(ledger, tables.inbox) == []


@pytest.mark.postgres
@pytest.mark.parametrize("engine_name", ["postgres"])
def test_transactions_that_lock_each_other_out_are_run_again(ledger: Ledger) -> None:
    receive(ledger, message(1, siti("a")), message(2, siti("b")))
    a, b = (c.id for c in rows(ledger, tables.conversation))

    def bump(connection: Any, _vault: Vault, first: str, second: str) -> None:
        for one in (first, second):
            connection.execute(
                tables.conversation.update()
                .where(tables.conversation.c.id == one)
                .values(version=tables.conversation.c.version + 1)
            )
            connection.execute(sa.text("SELECT pg_sleep(0.05)"))

    with sibling(ledger) as other:
        together(
            [lambda: ledger.transact(bump, a, b), lambda: other.transact(bump, b, a)]
        )  # each waits for what the other holds
    assert [c.version for c in rows(ledger, tables.conversation)] == [2, 2]


@pytest.mark.postgres
@pytest.mark.parametrize("engine_name", ["postgres"])
def test_a_lock_of_somebody_else_is_waited_for_but_not_for_ever(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = database._POSTGRES_CONNECT["options"].replace("8s", "100ms")
    monkeypatch.setitem(database._POSTGRES_CONNECT, "options", options)
    with sibling(ledger) as other, ledger.engine.begin() as holder:
        holder.exec_driver_sql("LOCK TABLE inbox")
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            receive(other, message(1))
    assert receive(ledger, message(1)) == [True]


async def test_a_broken_connection_is_replaced(ledger: Ledger) -> None:
    receive(ledger, message(1))
    if ledger.engine.dialect.name == "postgresql":
        kill = sa.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with sibling(ledger) as other, other.engine.begin() as connection:
            connection.execute(kill)
    assert await ledger.run(inbox.waiting) == 1


def test_sqlite_flushes_every_commit_and_keeps_its_connection(tmp_path: Path) -> None:
    with sqlite_ledger(tmp_path) as ledger:
        with ledger.engine.begin() as connection:
            pragma = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        receive(ledger, message(1))
        assert (tmp_path / "ledger.db-wal").stat().st_size > 0


def test_a_busy_sqlite_is_waited_for(tmp_path: Path) -> None:
    with sqlite_ledger(tmp_path) as ledger:
        other = sqlite3.connect(
            tmp_path / "ledger.db", isolation_level=None, check_same_thread=False
        )
        other.execute("BEGIN EXCLUSIVE")
        begun = threading.Event()
        sa.event.listen(ledger.engine, "before_cursor_execute", lambda *_: begun.set())

        def free() -> list[bool]:
            assert begun.wait(30)
            other.execute("COMMIT")
            return []

        new, _ = together([lambda: receive(ledger, message(1)), free])
        other.close()
        assert new == [True]


@pytest.mark.parametrize("url", ["", "nonsense", "://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(StartupError, match="NINDY_DATABASE_URL is not a database address"):
        Ledger(url, vault())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="file"):
        Ledger(f"sqlite:///{tmp_path}/file/x.db", vault())


@pytest.mark.parametrize(
    ("look", "indexes"),
    [
        (
            lambda ledger: ledger.transact(people.forget_dialogues, START),
            ["ix_conversation_remembered"],
        ),
        (lambda ledger: ledger.transact(inbox.dead_letters), ["ix_inbox_dead"]),
        (lambda ledger: ledger.transact(inbox.waiting), ["COVERING INDEX ix_inbox_waiting"]),
        (
            lambda ledger: ledger.transact(outbox.counts),
            ["ix_outbox_open", "ix_outbox_parked", "ix_outbox_failed", "ix_outbox_repeated"],
        ),
        (
            lambda ledger: ledger.transact(levels.read, START),
            ["COVERING INDEX ix_inbox_waiting", "ix_outbox_open", "ix_ticket_", "ix_delivery_"],
        ),
    ],
)
def test_what_is_looked_at_again_and_again_has_its_index(
    ledger: Ledger, look: Callable[[Ledger], object], indexes: list[str]
) -> None:
    if ledger.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the size of the table")
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(ledger.engine, "before_cursor_execute", note)
    look(ledger)
    sa.event.remove(ledger.engine, "before_cursor_execute", note)
    asked = [one for one in asked if not one[0].startswith("BEGIN")]
    with ledger.engine.begin() as connection:
        plans = [
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all())
            for statement, parameters in asked
        ]
    for plan, index in zip(plans, indexes, strict=True):
        assert index in plan


async def test_a_conversation_that_is_held_too_long_holds_up_no_other(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ledger.engine.dialect.name == "sqlite":
        pytest.skip("SQLite holds all or nothing")
    receive(ledger, message(1, siti("held")))
    monkeypatch.setitem(database._POSTGRES_CONNECT, "options", "-c lock_timeout=200ms")
    with ledger.engine.begin() as holding, sibling(ledger) as other:
        holding.execute(sa.select(tables.conversation.c.id).with_for_update())
        intake = Intake(other, Wake(), lambda: START)
        found = await asyncio.gather(
            intake.store(Delivery((message(2, siti("held")),), (), ())),
            intake.store(Delivery((message(3, siti("free")),), (), ())),
            return_exceptions=True,
        )
    assert isinstance(found[0], sa.exc.OperationalError)
    assert found[1] == 1
    assert len(rows(ledger, tables.inbox)) == 2
