"""Nindy beside stock Rasa in the same run: turns a second, time of a turn, memory."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml

from bench import mix, stock_project, whatsapp
from bench.child import child
from bench.load import Once, Result, closed, for_seconds
from bench.paths import BIN, environment
from bench.processes import NotStarted, Program, free_port
from bench.product import Product
from bench.stock_project import Stock
from bench.table import Cell, Table, ratio

NAME = "stock"
SENDERS = (1, 16)
_COLUMNS = (
    "system", "senders", "turns/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms/turn", "failed",
    "ready s", "RSS MB", "turns/s: Nindy / this", "p50: Nindy / this", "CPU: Nindy / this",
    "RSS: Nindy / this",
)  # fmt: skip
Talks = list[Iterator[tuple[int, str]]]
_READY = "Rasa server is up and running"
_ACTIONS_READY = "Action endpoint is up and running"
_PATIENCE = 240.0


@dataclass
class Measured:
    """One system under one load."""

    system: str
    senders: int
    result: Result
    ready: float | None
    memory: float | None

    def row(self, nindy: Measured | None) -> list[Cell]:
        """Write it as a row, with how many times this Nindy's is."""
        result = self.result
        ratios: list[Cell] = [None] * 4
        if nindy is not None and nindy.memory and self.memory:
            ours = nindy.result
            ratios = [
                ratio(ours.rate, result.rate),
                ratio(ours.percentile(50), result.percentile(50)),
                ratio(ours.cpu_each, result.cpu_each),
                ratio(nindy.memory, self.memory),
            ]
        times = [result.percentile(percent) for percent in (50, 95, 99)]
        return [
            self.system, self.senders, result.rate, *times, result.cpu_each, result.failed,
            self.ready, self.memory, *ratios,
        ]  # fmt: skip


async def measure(quick: bool) -> Table:
    """Measure Nindy, then stock Rasa with SQLite and with Redis."""
    seconds = 4.0 if quick else 12.0
    epochs = stock_project.QUICK_EPOCHS if quick else stock_project.EPOCHS
    table = Table("Stock: Nindy beside stock Rasa 3.6.21, closed loop", _COLUMNS)
    ready = await asyncio.to_thread(stock_project.prepare, epochs)
    nindy = await _nindy(seconds)
    table.rows += [found.row(None) for found in nindy]
    table.rows += [found.row(None) for found in await _at_the_commit(seconds)]
    by_senders = {found.senders: found for found in nindy}
    for name, store in STORES.items():
        try:
            async with store() as (endpoints, extra):
                for found in await _stock(ready, name, endpoints, extra, seconds):
                    table.rows.append(found.row(by_senders[found.senders]))
        except NotStarted as error:
            table.rows.append([f"stock Rasa, {name}", *[None] * (len(_COLUMNS) - 1)])
            table.notes.append(f"Stock Rasa with {name} is missing: {error}")
    table.notes += _notes(ready, seconds)
    return table


async def _nindy(seconds: float) -> list[Measured]:
    product, graph = Product(), whatsapp.Graph()
    webhooks = whatsapp.Webhooks(product.url)
    try:
        await graph.start(product.graph_port)
        ready = await product.loaded()

        def once(talks: Talks) -> Once:
            async def exchange(sender: int) -> bool:
                wamid, body = whatsapp.text(*next(talks[sender]))
                answered = graph.answer_to(wamid)
                good = await webhooks.post(body, whatsapp.signed(body))
                await asyncio.wait_for(answered, 30)
                return good

            return exchange

        label = "Nindy, webhook to reply at WhatsApp"
        return await _loads(label, once, seconds, ready, [product.program])
    finally:
        await webhooks.close()
        product.close()
        await graph.stop()


async def _at_the_commit(seconds: float) -> list[Measured]:
    found = []
    for senders in SENDERS:
        result = Result(**await child("bench.turns", "commit", senders, "--seconds", seconds))
        found.append(Measured("Nindy, intake to commit", senders, result, None, None))
    return found


@dataclass
class Served:
    """Stock Rasa, up: what says a message to it, its programs, and how long the start took."""

    say: Callable[[int, str], Awaitable[bool]]
    programs: list[Program]
    took: float


@asynccontextmanager
async def served(ready: Stock, endpoints: dict[str, object]) -> AsyncIterator[Served]:
    """Serve a trained stock Rasa with its action server and these endpoints."""
    port, actions_port = free_port(), free_port()
    endpoints["action_endpoint"] = {"url": f"http://127.0.0.1:{actions_port}/webhook"}
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as made:
        folder, programs = Path(made), []
        (folder / "endpoints.yml").write_text(yaml.safe_dump(endpoints), encoding="utf-8")
        (folder / "credentials.yml").write_text("rest:\n", encoding="utf-8")
        env = environment()
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        try:
            actions = (BIN / "rasa", "run", "actions", "--actions", "bench.stock_actions")
            programs.append(
                Program.start("actions", (*actions, "--port", str(actions_port)), folder, env)
            )
            server = (BIN / "rasa", "run", "--enable-api", "--model", ready.model)
            programs.append(Program.start("rasa", (*server, "--port", str(port)), folder, env))
            took = await asyncio.to_thread(programs[1].wait_for, _READY, _PATIENCE)
            await asyncio.to_thread(programs[0].wait_for, _ACTIONS_READY, _PATIENCE)
            url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"

            async def say(person: int, text: str) -> bool:
                body = {"sender": f"p{person}", "message": text}
                async with session.post(url, json=body) as answer:
                    # Rasa says 200 and [] when anything fails.
                    return answer.status == 200 and bool(await answer.json())

            yield Served(say, programs, took)
        finally:
            await session.close()
            for program in programs:
                program.stop()


async def _stock(
    ready: Stock, name: str, endpoints: dict[str, object], extra: list[Program], seconds: float
) -> list[Measured]:
    async with served(ready, endpoints) as rasa:

        def once(talks: Talks) -> Once:
            async def exchange(sender: int) -> bool:
                return await rasa.say(*next(talks[sender]))

            return exchange

        programs = [*rasa.programs, *extra]
        return await _loads(f"stock Rasa, {name}", once, seconds, rasa.took, programs)


async def _loads(
    system: str,
    make: Callable[[Talks], Once],
    seconds: float,
    ready: float,
    programs: list[Program],
) -> list[Measured]:
    people, texts = itertools.count(1), mix.questions()
    found = []
    for senders in SENDERS:
        talks = [mix.visits(people, texts, number * 31) for number in range(senders)]
        once = make(talks)
        await closed(once, senders, for_seconds(seconds / 4))
        before = sum(program.cpu() for program in programs)
        result = await closed(once, senders, for_seconds(seconds))
        result.cpu = sum(program.cpu() for program in programs) - before
        memory = sum(program.memory() for program in programs)
        found.append(Measured(system, senders, result, ready, memory))
    return found


@asynccontextmanager
async def _sqlite() -> AsyncIterator[tuple[dict[str, object], list[Program]]]:
    yield {"tracker_store": {"type": "SQL", "dialect": "sqlite", "db": "tracker.db"}}, []


@asynccontextmanager
async def _redis() -> AsyncIterator[tuple[dict[str, object], list[Program]]]:
    server = shutil.which("redis-server")
    if server is None:
        raise NotStarted("the program redis-server is not on this machine")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as made:
        command = (server, "--port", str(port), "--bind", "127.0.0.1", "--save", "")
        program = Program.start("redis", command, Path(made), environment())
        try:
            await asyncio.to_thread(program.wait_for, "Ready to accept connections", 20)
            at = {"type": "redis", "url": "127.0.0.1", "port": port}
            yield {"tracker_store": {**at, "db": 0}, "lock_store": {**at, "db": 1}}, [program]
        finally:
            program.stop()


def _notes(ready: Stock, seconds: float) -> list[str]:
    return [
        f"Each sender waits for its reply, then writes again, for {seconds:.0f} s after a warm-up "
        f"of {seconds / 4:.0f} s; a new conversation every {mix.VISIT} messages, the same "
        "messages everywhere.",
        "Nindy stands beside itself: the last four columns divide its 'webhook to reply' row "
        "with as many senders by this row (turns/s: above 1 is better for Nindy; p50, CPU and "
        "RSS: below 1).",
        "Nindy's RSS is the one process of `nindy up`, sandbox and desk included. Stock's is "
        "`rasa run` with `rasa run actions`, and redis-server where there is one.",
        "CPU is that of the same processes and depends least on what else the machine does; the "
        "bench's own share (load, Graph stand-in) is not in it, but for 'intake to commit'.",
        "'Intake to commit' has neither HTTP nor sender: load, intake and worker in one process.",
        f"Nindy may send {whatsapp.PER_SECOND} messages a second, what Meta grants a large number.",
        f"Stock: pipeline and policies of `rasa init`, {ready.epochs} epochs, trained in "
        f"{ready.train_seconds:.0f} s"
        + (" by an earlier run (cached)" if ready.cached else "")
        + "; its actions do the dialogue's work from dictionaries, without ledger.",
    ]


STORES: dict[
    str, Callable[[], AbstractAsyncContextManager[tuple[dict[str, object], list[Program]]]]
]
STORES = {"SQLite": _sqlite, "Redis": _redis}
"""Where stock Rasa keeps conversations."""
