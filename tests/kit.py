"""What tests of the ledger and the turn share: a held clock, people and their messages."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.channels.message import Inbound, Kind, Reply, Sender
from bot.ledger import claims, inbox, migrate, tables, unit_of_work
from bot.ledger.claims import Claim
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.owner import Owner
from bot.privacy import Vault, new_key

T = TypeVar("T")
START = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)
LEASE = timedelta(seconds=45)


@dataclass
class Clock:
    """A clock that a test holds."""

    moment: datetime = START
    step: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        self.moment += self.step
        return self.moment

    def forward(self, **delta: float) -> datetime:
        self.moment += timedelta(**delta)
        return self.moment


def vault() -> Vault:
    return Vault([new_key().encode()], b"index")


@contextmanager
def sqlite_ledger(folder: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{folder}/ledger.db", vault())
    migrate.upgrade(ledger)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def sibling(ledger: Ledger) -> Iterator[Ledger]:
    """The same database as another process sees it: other connections, other threads."""
    url = ledger.engine.url.render_as_string(hide_password=False)
    other = Ledger(url, ledger.vault)
    try:
        yield other
    finally:
        other.close()


@contextmanager
def owner(folder: Path) -> Iterator[Owner]:
    made = Owner(folder / "running")
    try:
        yield made
    finally:
        made.close()


async def parse_nothing(_text: str) -> dict[str, Any]:
    """Stands for the model where no word means anything to it."""
    return {"match": {"intent": "nlu_fallback", "decision": "ticket", "probability": 0.0}}


def siti(name: str = "siti") -> Sender:
    return Sender(user_id=f"ID.{name}")


def message(
    number: object = 1,
    sender: Sender | None = None,
    at: datetime = START,
    text: str = "halo",
    kind: Kind = Kind.TEXT,
) -> Inbound:
    return Inbound("whatsapp", "1", f"wamid.{number}", sender or siti(), at, kind, text)


def receive(ledger: Ledger, *messages: Inbound, now: datetime = START) -> list[bool]:
    return [ledger.transact(inbox.receive, [one], now)[0] for one in messages]


def claim(ledger: Ledger, owner: str = "w1", now: datetime = START) -> Claim | None:
    return ledger.transact(claims.claim, owner, now, LEASE)


def claimed(ledger: Ledger, owner: str = "w1", now: datetime = START) -> Claim:
    found = claim(ledger, owner, now)
    assert found is not None
    return found


def answer(
    ledger: Ledger, *replies: str, now: datetime = START, owner: str = "w1", **more: Any
) -> UnitOfWork:
    """Answer the oldest message with these bubbles."""
    work = UnitOfWork(claimed(ledger, owner, now), now, state={"slots": {}, "loop": None}, **more)
    work.replies = [Reply(text) for text in replies]
    ledger.transact(unit_of_work.commit, work, owner, now)
    return work


def rows(ledger: Ledger, table: sa.Table, *order: Any) -> list[Any]:
    with ledger.engine.begin() as connection:
        return list(connection.execute(sa.select(table).order_by(*order)).all())


def contents(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database, to see that nothing changed."""
    return {
        name: [tuple(row) for row in rows(ledger, table, *table.primary_key.columns)]
        for name, table in tables.metadata.tables.items()
    }


async def until(holds: Callable[[], Any], what: str = "it is so", seconds: float = 30) -> Any:
    """Wait until something is so, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def together(jobs: list[Callable[[], T]]) -> list[T]:
    """Run jobs in threads that all start at the same moment; give results in order."""
    gate = threading.Barrier(len(jobs))

    def start(job: Callable[[], T]) -> T:
        gate.wait(30)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result(60) for done in [pool.submit(start, job) for job in jobs]]
