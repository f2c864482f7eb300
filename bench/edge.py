"""How fast the public edge says "received", whatever the worker is doing."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bench import mix, whatsapp
from bench.load import Result, closed, fixed, for_seconds
from bench.product import Product
from bench.table import Cell, Table
from bot.privacy import new_key
from tests.servers import Postgres, Redis, programs

NAME = "edge"
PER_SECOND, MANY, SENDERS = 100, 1_000, 16
_PEOPLE = 200
_ITEMS = 1_000
_COLUMNS = (
    "the edge", "load", "acknowledged/s", "p50 ms", "p99 ms", "max ms", "messages", "failed",
    "CPU ms each",
)  # fmt: skip
_CLOSED = f"{SENDERS} in turn"
Made = Callable[[int], tuple[str, bytes]]


async def measure(quick: bool) -> Table:
    """Start Nindy in its shapes and load its edge in each state."""
    seconds = 2.0 if quick else 8.0
    table = Table("Edge: signed WhatsApp webhooks acknowledged", _COLUMNS)
    await _all_in_one(table, seconds)
    await _apart(table, "SQLite", seconds)
    with _servers() as settings:
        if settings:
            await _apart(table, "PostgreSQL", seconds, **settings)
        else:
            table.notes.append("PostgreSQL: not measured, its or Redis's program is not here.")
    table.notes += [
        "'fixed' begins a webhook when it is due whatever the earlier ones do, and times it from "
        f"then; 'in turn' is {SENDERS} connections that post as fast as they are answered. The "
        "bench shares the two cores: CPU, that of the edge's process for each message, is the "
        "figure to trust.",
        "Acknowledged means: signature checked, parsed, sealed, committed to disk, answered 200. "
        "PostgreSQL flushes its commits, too; its own CPU is not in the figure.",
        "Where no worker works the messages are reactions: stored like any other, but they ask "
        "for no turn.",
        f"'in a POST' times whole POSTs of {_ITEMS:,} messages: of people never heard of, of the "
        "same again, and of 100 of them.",
    ]
    return table


async def _all_in_one(table: Table, seconds: float) -> None:
    async with _Bench(_question, "up") as bench:
        opened = await bench.product.open()
        await bench.fixed(table, "nindy up, loads its model", lambda: bench.product.ready)
        await bench.fixed(table, "nindy up, works on turns", for_seconds(seconds))
        await bench.closed(table, "nindy up, works on turns", for_seconds(seconds))
        table.notes.append(f"nindy up: edge open {opened:.1f} s after the start.")
    async with _Bench(_reaction, "up") as bench:
        await bench.product.open()
        await bench.closed(table, "nindy up, loads its model", lambda: bench.product.ready)
        await bench.fixed(table, "nindy up, has nothing to do", for_seconds(seconds))
        await bench.closed(table, "nindy up, has nothing to do", for_seconds(seconds))


async def _apart(table: Table, engine: str, seconds: float, **settings: object) -> None:
    """Measure an edge of its own process: alone, then beside a worker of another."""
    async with _Bench(_reaction, "web", **settings) as bench:
        await bench.product.open()
        await closed(bench.once, SENDERS, for_seconds(seconds / 4))
        alone = f"nindy web, {engine}"
        await bench.fixed(table, alone, for_seconds(seconds))
        await bench.fixed(table, alone, for_seconds(seconds), MANY)
        await bench.closed(table, alone, for_seconds(seconds))
        times = range(2 if seconds < 4 else 5)
        for people, groups in (
            ("strangers", [range(n, n + _ITEMS) for n in (10_000 + _ITEMS * n for n in times)]),
            ("known", [range(10_000, 10_000 + _ITEMS) for _ in times]),
            ("100 people", [[10_000 + n % 100 for n in range(_ITEMS)] for _ in times]),
        ):
            await bench.posts(table, alone, f"in a POST, {people}", groups)
    async with _Bench(_question, "web", **settings) as bench:
        await bench.product.open()
        bench.product.begin_worker()
        beside = f"nindy web, {engine}; a worker"
        await bench.fixed(table, f"{beside} loads", lambda: bench.product.ready)
        await bench.fixed(table, f"{beside} works", for_seconds(seconds))


@contextmanager
def _servers() -> Iterator[dict[str, object]]:
    """Run PostgreSQL and Redis; give the settings that use them, or none without the programs."""
    found, redis_program = programs(), shutil.which("redis-server")
    if found is None or redis_program is None:
        yield {}
        return
    postgres, redis = Postgres(found, durable=True), Redis(redis_program)
    try:
        postgres.create("nindy")
        yield {
            "NINDY_DATABASE_URL": postgres.url("nindy"),
            "NINDY_REDIS_URL": redis.url,
            "NINDY_ENCRYPTION_KEYS": new_key(),
            "NINDY_INDEX_KEY": "an index key of the bench, for nothing else",
        }
    finally:
        redis.remove()
        postgres.stop()


_TEXTS = mix.questions()


def _question(number: int) -> tuple[str, bytes]:
    return whatsapp.text(number % _PEOPLE, _TEXTS[number % len(_TEXTS)])


def _reaction(number: int) -> tuple[str, bytes]:
    return whatsapp.silent(number % _PEOPLE)


class _Bench:
    """The product, its Graph stand-in, and bodies that were signed before the clock runs."""

    def __init__(self, make: Made, role: str, **settings: object) -> None:
        made = (make(number)[1] for number in range(60_000))
        self._bodies = iter([(body, whatsapp.signed(body)) for body in made])
        self._role, self._settings = role, settings

    async def __aenter__(self) -> _Bench:
        self.product = Product(self._role, **self._settings)
        self._graph = whatsapp.Graph()
        await self._graph.start(self.product.graph_port)
        self._webhooks = whatsapp.Webhooks(self.product.url)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._webhooks.close()
        self.product.close()
        await self._graph.stop()

    async def once(self, _number: int) -> bool:
        """Post the next webhook."""
        return await self._webhooks.post(*next(self._bodies))

    async def fixed(
        self, table: Table, name: str, until: Callable[[], bool], rate: int = PER_SECOND
    ) -> None:
        """Add the row of a load at a fixed rate."""
        before = self.product.program.cpu()
        result = await fixed(self.once, rate, until)
        result.cpu = self.product.program.cpu() - before
        table.rows.append(_row(name, f"{rate:,}/s fixed", result))

    async def closed(self, table: Table, name: str, until: Callable[[], bool]) -> None:
        """Add the row of a load as fast as it goes."""
        before = self.product.program.cpu()
        result = await closed(self.once, SENDERS, until)
        result.cpu = self.product.program.cpu() - before
        table.rows.append(_row(name, _CLOSED, result))

    async def posts(
        self, table: Table, name: str, load: str, groups: Sequence[Sequence[int]]
    ) -> None:
        """Add the row of POSTs with a message of each of many senders."""
        bodies = [whatsapp.many(group) for group in groups]
        result, before = Result(), self.product.program.cpu()
        for body in bodies:
            headers, began = whatsapp.signed(body), time.perf_counter()
            if await self._webhooks.post(body, headers):
                result.latencies.append(1000 * (time.perf_counter() - began))
            else:
                result.failed += 1
            await asyncio.sleep(0.2)  # What is logged afterwards is no part of the next one.
        spent, messages = self.product.program.cpu() - before, sum(map(len, groups))
        table.rows.append(
            [name, f"{_ITEMS:,} {load}", None, result.percentile(50), None,
             max(result.latencies, default=0.0), messages, result.failed, 1000 * spent / messages]
        )  # fmt: skip


def _row(name: str, load: str, result: Result) -> list[Cell]:
    return [
        name, load, result.rate, result.percentile(50), result.percentile(99),
        max(result.latencies, default=0.0), len(result.latencies), result.failed, result.cpu_each,
    ]  # fmt: skip
