"""A process that is told to stop while its database is locked ends in time and loses nothing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bot import run
from bot.channels.message import Reply
from bot.clock import now
from bot.ledger import claims, database, inbox, tables
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.wake import Wake
from bot.turn.failpoints import Failpoints
from bot.turn.worker import AT_ONCE, Worker
from tests.kit import message, owner, receive, rows, sibling, siti

PROMISED = 15.0
"""Seconds from the signal to the end of the process (P7)."""
SLACK = 2.0
"""For a machine that does other things as well."""


async def test_a_stop_while_the_database_is_locked_is_in_time_and_loses_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    receive(ledger, *(message(n, siti(str(n))) for n in range(AT_ONCE)))
    thinking: list[UnitOfWork] = []
    all_think, may_end = asyncio.Event(), asyncio.Event()

    async def respond(work: UnitOfWork) -> None:
        thinking.append(work)
        if len(thinking) == AT_ONCE:
            all_think.set()
        await may_end.wait()
        work.state = {"slots": {}, "loop": None}
        work.replies = [Reply("ok")]

    roles_take = 0.5
    with sibling(ledger) as stopped, owner(tmp_path / "stopped") as its:
        worker = Worker(stopped, respond, respond, respond, its, Wake(), now, Failpoints(""))
        async with run._running([worker], roles_take) as tasks:
            await asyncio.wait_for(all_think.wait(), 30)
            lock = ledger.engine.connect()
            lock.begin()
            if ledger.engine.dialect.name == "postgresql":
                lock.exec_driver_sql("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE")
            may_end.set()
            signalled = time.monotonic()
        await run._last_word(stopped.run(claims.release, [its.name]))
        stopped.close()
        assert (
            time.monotonic() - signalled
            < roles_take + run._LAST_WORD + database._CLOSE_SECONDS + SLACK
        )
        await asyncio.wait(tasks, timeout=30)
    lock.close()

    assert await ledger.run(inbox.waiting) == AT_ONCE and not rows(ledger, tables.outbox)
    with owner(tmp_path / "next") as next_one:
        await ledger.run(claims.release, [its.name])
        await Worker(
            ledger, respond, respond, respond, next_one, Wake(), now, Failpoints("")
        ).drain()
    assert await ledger.run(inbox.waiting) == 0 and len(rows(ledger, tables.outbox)) == AT_ONCE


def test_what_the_roles_take_to_stop_is_within_the_promise() -> None:
    one_after_another = (
        run._WORKER_STOPS + run._SENDER_STOPS + 2 * run._LAST_WORD + 3 * run._DOOR_STOPS
    )
    assert one_after_another + database._CLOSE_SECONDS < PROMISED
