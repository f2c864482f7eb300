"""A cluster with a stub for its dialogue, and WhatsApp around it, for tests that end things."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import aiohttp
import sqlalchemy as sa

from bot.ledger import tables
from tests.chaos.meta import Meta
from tests.cluster import Cluster, database, redis_url
from tests.product import free_port
from tests.servers import Postgres, Redis

VOLUME = int(os.environ.get("NINDY_CHAOS", "1"))
"""Tenths of the full volume: `make chaos` asks for all ten."""
WHOLE = VOLUME >= 10
"""Whether this is `make chaos`, which has the machine to itself, so that times may be judged."""
SETTLE = 6.0
_PATIENCE = 180 + 60 * VOLUME
_names = count(1)


class Storm(Cluster):
    """Processes on PostgreSQL and Redis, and Meta on both sides of them."""

    meta: Meta

    async def __aenter__(self) -> Storm:
        self.session = aiohttp.ClientSession()
        return self

    def texts(self, number: int) -> list[str]:
        """So many messages; every fifth opens a ticket."""
        return [f"{'tiket' if n % 5 == 4 else 'pesan'} {n}" for n in range(number)]

    async def write(self, people: int, each: int, pause: float = 0.0) -> None:  # type: ignore[override]
        """Let people write at the same time."""
        texts = self.texts(each)
        phones = [f"62811{number:07d}" for number in range(people)]
        await asyncio.gather(*(self.meta.write(phone, texts, pause) for phone in phones))

    async def until(self, done: Callable[[], bool], seconds: float = _PATIENCE) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, self.log
            await asyncio.sleep(0.1)

    async def all_is_answered(self) -> None:
        """Wait until every acknowledged message has a bubble, and every bubble has settled."""
        meta = self.meta
        await self.until(
            lambda: all(
                len(meta.answers_to(phone)) >= len(wamids)
                for phone, wamids in meta.acknowledged.items()
            )
        )
        await self.until(lambda: set(self.states(tables.outbox)) <= {"sent", "delivered"})

    def states(self, table: sa.Table) -> dict[str, int]:
        """How many rows there are by state."""
        statement = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
        with self.ledger() as ledger, ledger.engine.begin() as connection:
            return {str(state): int(number) for state, number in connection.execute(statement)}

    def count(self, table: sa.Table) -> int:
        """How many rows there are."""
        with self.ledger() as ledger, ledger.engine.begin() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar())

    def check(self, what: str) -> None:
        """Everything was answered once and in order, and opened one ticket where it should."""
        wanted = 0
        for phone, wamids in self.meta.acknowledged.items():
            texts = self.texts(len(wamids))
            # The count in the answer is the conversation's state: no turn was lost or repeated.
            answers = self.meta.answers_to(phone)
            assert answers == [f"{n + 1} {t}" for n, t in enumerate(texts)], phone
            assert self.meta.informed(phone) == [0], phone
            wanted += sum(text.startswith("tiket") for text in texts)
            answered = 0
            for bubble in self.meta.bubbles(phone):
                # One bubble may answer several quick messages; it replies to the last of them.
                answered += len(bubble.answers)
                assert bubble.context == wamids[answered - 1], phone
        assert self.count(tables.ticket) == wanted
        messages = sum(len(wamids) for wamids in self.meta.acknowledged.values())
        bubbles = len(self.meta.shown) - self.meta.twice
        print(
            f"\n{what}: {messages} messages, {wanted} tickets; lost 0, doubled 0, out of order 0, "
            f"unanswered 0; {bubbles} bubbles, shown twice {self.meta.twice}; "
            f"answers to Meta {dict(self.meta.answers)}"
        )


@asynccontextmanager
async def storm(
    folder: Path, postgres: Postgres, redis: Redis, stub: bool = True, **settings: str
) -> AsyncIterator[Storm]:
    """A database of its own, an empty Redis, and nothing started yet."""
    with database(postgres, f"chaos_{next(_names)}") as url:
        async with _around(Storm(folder, url, redis_url(redis), stub, **settings)) as made:
            yield made


@asynccontextmanager
async def small_storm(folder: Path, **settings: str) -> AsyncIterator[Storm]:
    """The same on SQLite and without Redis: processes of one machine."""
    async with _around(Storm(folder, f"sqlite:///{folder}/nindy.db", "", True, **settings)) as made:
        yield made


@asynccontextmanager
async def _around(made: Storm) -> AsyncIterator[Storm]:
    port = free_port()
    made.environment["NINDY_WHATSAPP_API_URL"] = f"http://127.0.0.1:{port}/v26.0"
    made.environment["NINDY_SETTLE_SECONDS"] = str(SETTLE)
    async with made, Meta(port, f"{made.edge}/webhooks/whatsapp") as made.meta:
        yield made
