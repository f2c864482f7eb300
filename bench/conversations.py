"""What a message and its turn cost as conversations pile up: each that is open waits for Nindy."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bench.ledgers import POSTGRES, SQLITE, Ask, insert, opened, tidy, timed
from bench.load import percentile
from bench.table import Cell, Table
from bot.channels.message import Inbound, Kind, Reply, Sender
from bot.clock import now
from bot.ledger import (
    claims,
    deliveries,
    fetches,
    handover,
    inbox,
    levels,
    outbox,
    people,
    tables,
    unit_of_work,
)
from bot.ledger.claims import Claim
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork

NAME = "conversations"
SIZES, QUICK = (10, 1_000, 100_000), (10, 1_000)
_COLUMNS = ("what the ledger does", "database", "open", "p50 ms", "p95 ms", "times")
_TIMES, _SELDOM = 40, 5
_BATCH = 5_000
_LEASE = timedelta(seconds=45)
_WAITS_OF = 0.5
"""Of the conversations that are open a half waits for an answer; the other is in a dialogue."""


async def measure(quick: bool) -> Table:
    """Fill a ledger of each size on each engine, and let messages come and be answered."""
    title = "Conversations: one message and its turn, by how many conversations are open"
    table = Table(title, _COLUMNS)
    for engine in (SQLITE, POSTGRES):
        for size in QUICK if quick else SIZES:
            with opened(engine) as ledger:
                if ledger is None:
                    table.notes.append(f"{engine}: not measured, there is no program here.")
                    break
                await asyncio.to_thread(_measure, table, engine, ledger, size)
    table.notes += [
        "Each figure is one whole transaction on one thread, without Rasa. Of the open "
        "conversations a half waits for an answer, the other half is in a dialogue; each has two "
        "earlier turns.",
        "The minute's look forgets dialogues that have rested; the page of the watchers is "
        "/metrics, that of the desk /readyz.",
        "PostgreSQL does not flush here: this is about the plans of queries, not about a disk.",
    ]
    return table


def _measure(table: Table, engine: str, ledger: Ledger, size: int) -> None:
    _fill(ledger, size)
    tidy(ledger)
    turns = _Turns(ledger)
    asks: list[tuple[str, Ask, int]] = [
        ("a message comes in", turns.receive, _TIMES),
        ("a worker claims the oldest", turns.claim, min(_TIMES, size // 2)),
        ("its turn is committed", turns.commit, min(_TIMES, size // 2)),
        ("a sender takes a bubble", turns.take, _TIMES),
        ("an empty look of the sender", turns.take, _TIMES),
        ("the minute's look", _forget, _SELDOM),
        ("the watchers' page", lambda of: of.transact(levels.read, now()), _SELDOM),
        ("the desk's readiness", _readiness, _SELDOM),
    ]
    for label, ask, times in asks:
        spent = [timed(ask, ledger) for _ in range(times)]
        row: list[Cell] = [label, engine, f"{size:,}"]
        table.rows.append([*row, percentile(spent, 50), percentile(spent, 95), times])


def _forget(ledger: Ledger) -> None:
    ledger.transact(people.forget_dialogues, now() - people.SESSION)


def _readiness(ledger: Ledger) -> None:
    for count in (
        inbox.waiting, fetches.waiting, inbox.dead_letters, outbox.counts, deliveries.totals
    ):  # fmt: skip
        ledger.transact(count)


class _Turns:
    """The steps of turns, each to be timed by itself."""

    def __init__(self, ledger: Ledger) -> None:
        self._ids = itertools.count()
        self._claims: list[Claim] = []
        self.receive(ledger)  # What is made once is made.

    def receive(self, ledger: Ledger) -> None:
        sender = Sender(phone=f"62899{next(self._ids):07d}", name="Penanya")
        one = Inbound("whatsapp", "1", f"new.{sender.phone}", sender, now(), Kind.TEXT, "halo")
        ledger.transact(inbox.receive, [one], now())

    def claim(self, ledger: Ledger) -> None:
        found = ledger.transact(claims.claim, "bench", now(), _LEASE)
        assert found is not None
        self._claims.append(found)

    def commit(self, ledger: Ledger) -> None:
        work = UnitOfWork(self._claims.pop(), now(), state={"slots": {}, "loop": None})
        work.replies = [Reply("Halo Kak")]
        ledger.transact(unit_of_work.commit, work, "bench", now())

    def take(self, ledger: Ledger) -> None:
        for outgoing in ledger.transact(handover.take, "bench", now(), 1):
            ledger.transact(handover.sent, outgoing, f"out.{outgoing.id}", now())


def _fill(ledger: Ledger, size: int) -> None:
    sealed = {
        "address": ledger.vault.seal({"user_id": "ID.x", "phone": None, "name": None}),
        "state": ledger.vault.seal({"slots": {"satker": "123456"}, "loop": None}),
        "reply": ledger.vault.seal({"text": "Halo Kak", "choices": [], "menu": ""}),
        "body": _stored(ledger),
    }
    made = _conversations(size, sealed)
    while batch := list(itertools.islice(made, _BATCH)):
        for name in ("person", "conversation", "inbox", "outbox"):
            rows = [row for one in batch for row in one[name]]
            insert(ledger, tables.metadata.tables[name], rows)


def _stored(ledger: Ledger) -> bytes:
    """Return a message as the ledger keeps it."""
    told = Inbound("whatsapp", "1", "old", Sender("ID.x"), now(), Kind.SILENT, "halo")
    ledger.transact(inbox.receive, [told], now())
    with ledger.engine.connect() as connection:
        return bytes(connection.execute(sa.select(tables.inbox.c.sealed_body)).scalar_one())


def _conversations(
    size: int, sealed: dict[str, bytes]
) -> Iterator[dict[str, list[dict[str, Any]]]]:
    began = now() - timedelta(hours=1)
    for number in range(size):
        id = str(uuid.uuid4())
        waits = number < max(1, int(size * _WAITS_OF))
        at = began + timedelta(seconds=number * 3000 / size)
        said = {
            "conversation_id": id,
            "sealed_body": sealed["body"],
            "sent_at": at,
            "received_at": at,
        }
        yield {
            "person": [{"id": id, "channel": "whatsapp", "user_key": id, "created_at": at,
                        "sealed_address": sealed["address"]}],
            "conversation": [{"id": id, "person_id": id, "version": 2, "position": 5,
                              "sealed_state": sealed["state"], "last_turn_at": at}],
            "inbox": [
                {**said, "message_key": f"{id}{n}", "position": 2 * n + 1,
                 "state": "pending" if waits and n == 2 else "done"}
                for n in range(3)
            ],
            "outbox": [
                {"id": str(uuid.uuid4()), "position": 2 * n + 2, "conversation_id": id,
                 "sealed_body": sealed["reply"], "state": "read", "next_at": at,
                 "created_at": at, "updated_at": at}
                for n in range(2)
            ],
        }  # fmt: skip
