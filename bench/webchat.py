"""Web chat with thousands of open streams: how soon what is said arrives, and what they cost."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field

import aiohttp

from bench import mix
from bench.load import Result, fixed, percentile
from bench.product import Product
from bench.table import Table

NAME = "webchat"
STREAMS, PER_SECOND = 2_000, 50
_SECONDS = 30.0
_QUICK = (200, 20, 5.0)
_AT_ONCE = 50
_PATIENCE = 60.0
_COLUMNS = ("from a message's POST to ...", "p50 ms", "p99 ms", "max ms", "messages", "missing")


@dataclass
class _Visitor:
    """A session with its stream; `due` has the moments of messages by id."""

    token: str
    last: int = 0
    due: dict[str, float] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Last-Event-ID": str(self.last)}


async def measure(quick: bool) -> Table:
    """Open the streams, then send messages at a fixed rate."""
    streams, per_second, seconds = _QUICK if quick else (STREAMS, PER_SECOND, _SECONDS)
    product = Product(NINDY_WEBCHAT_PER_ADDRESS=streams)
    bench = _Bench(product)
    try:
        await product.open()
        await product.loaded()
        return await bench.run(streams, per_second, seconds)
    finally:
        await bench.close()
        product.close()


class _Bench:
    """Visitors of one product."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._url = product.edge + "/webchat"
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        self._reading: list[asyncio.Task[None]] = []
        self._open = 0
        self._echoes: list[float] = []
        self._answers: list[float] = []
        self._texts = mix.questions()

    async def run(self, streams: int, per_second: int, seconds: float) -> Table:
        """Measure."""
        visitors = await self._begin(streams)
        before = self._product.program.memory()
        self._reading = [asyncio.create_task(self._read(one)) for one in visitors]
        while self._open < streams:
            await asyncio.sleep(0.05)
        opened = self._product.program.memory()
        idle, began = self._product.program.cpu(), time.monotonic()
        await asyncio.sleep(seconds / 3)
        idle = (self._product.program.cpu() - idle) / (time.monotonic() - began)

        async def say(number: int) -> bool:
            text = self._texts[number % len(self._texts)]
            return await self._say(visitors[number * 7 % streams], text)

        busy, count = self._product.program.cpu(), int(per_second * seconds)
        counted = iter(range(count))
        said = await fixed(say, per_second, lambda: next(counted, None) is None)
        busy = (self._product.program.cpu() - busy) / said.seconds
        until = time.monotonic() + _PATIENCE
        while len(self._answers) < len(said.latencies) and time.monotonic() < until:
            await asyncio.sleep(0.1)
        table = Table(f"Web chat: {streams:,} open streams, {per_second} messages/s", _COLUMNS)
        table.rows = [
            _row("its acknowledgement, on disk", said.latencies, said),
            _row("its arrival on the visitor's stream", self._echoes, said),
            _row("Nindy's answer there", self._answers, said),
        ]
        table.notes = [
            f"The process had {before:,.0f} MB with its model and no stream, {opened:,.0f} MB with "
            f"all of them open ({(opened - before) * 1024 / streams:.0f} KB each) and "
            f"{self._product.program.memory():,.0f} MB at the end.",
            f"It used {idle:.2f} cores while nobody wrote and {busy:.2f} while they did: edge, "
            "hub, worker, sender, desk and sandbox in one process, on SQLite.",
            "The visitors are one more process on the same machine, and wait for the same cores.",
        ]
        return table

    async def close(self) -> None:
        """Hang up."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self._session.close()

    async def _begin(self, streams: int) -> list[_Visitor]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one() -> _Visitor:
            async with gate:
                while True:
                    async with self._session.post(f"{self._url}/sessions") as answer:
                        if answer.status == 201:
                            return _Visitor((await answer.json())["token"])
                        await asyncio.sleep(int(answer.headers["Retry-After"]))

        return list(await asyncio.gather(*(one() for _ in range(streams))))

    async def _read(self, visitor: _Visitor) -> None:
        while True:
            url = f"{self._url}/events"
            async with self._session.get(url, headers=visitor.headers) as answer:
                if answer.status != 200:
                    await asyncio.sleep(1)
                    continue
                self._open += 1
                async for line in answer.content:
                    if line.startswith(b"data: ") and b'"seq":' in line:
                        self._heard(visitor, json.loads(line[6:]))
                self._open -= 1

    def _heard(self, visitor: _Visitor, message: dict[str, object]) -> None:
        now = time.perf_counter()
        visitor.last = int(str(message["seq"]))
        if message["from"] == "user":
            began = visitor.due.pop(str(message["id"]))
            self._echoes.append((now - began) * 1000)
            visitor.asked.append(began)
        elif visitor.asked:
            self._answers.append((now - visitor.asked.pop(0)) * 1000)

    async def _say(self, visitor: _Visitor, text: str) -> bool:
        id = str(uuid.uuid4())
        visitor.due[id] = time.perf_counter()
        async with self._session.post(
            f"{self._url}/messages", json={"id": id, "text": text}, headers=visitor.headers
        ) as answer:
            return answer.status == 202


def _row(what: str, latencies: list[float], said: Result) -> tuple[str | float | int, ...]:
    sent = len(said.latencies) + said.failed
    return (
        what, percentile(latencies, 50), percentile(latencies, 99),
        max(latencies, default=0.0), sent, sent - len(latencies),
    )  # fmt: skip
