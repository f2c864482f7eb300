"""Stock Rasa beside Nindy at the 10th, 60th, 100th and 300th message of one conversation.

A number on WhatsApp is one conversation for as long as somebody has it, and stock Rasa reads its
events again at every message.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from itertools import islice

from bench import mix, stock_project
from bench.child import child
from bench.processes import NotStarted, Program
from bench.stock import STORES, served
from bench.stock_project import Stock
from bench.table import Table, ratio

NAME = "length"
PLACES = (10, 60, 100, 300)
_AROUND = 20
_COLUMNS = (
    "message of one conversation", "system", "p50 ms", "CPU ms/turn", "p50: Nindy / this",
    "CPU: Nindy / this",
)  # fmt: skip
Figures = dict[int, tuple[float, float]]
"""By the place in the conversation: milliseconds of a turn (median), and of CPU (mean)."""


async def measure(quick: bool) -> Table:
    """Hold one conversation with each and look at places of it."""
    epochs = stock_project.QUICK_EPOCHS if quick else stock_project.EPOCHS
    table = Table("Length: Nindy beside stock Rasa as a conversation goes on", _COLUMNS)
    ready = await asyncio.to_thread(stock_project.prepare, epochs)
    nindy = await _nindy()
    others: dict[str, Figures] = {}
    for name, store in STORES.items():
        try:
            async with store() as (endpoints, extra):
                others[f"stock Rasa, {name}"] = await _stock(ready, endpoints, extra)
        except NotStarted as error:
            table.notes.append(f"Stock Rasa with {name} is missing: {error}")
    for place in PLACES:
        ours = nindy[place]
        table.rows.append([f"{place:,}", "Nindy, intake to sender", *ours, None, None])
        for name, figures in others.items():
            theirs = figures[place]
            ratios = [ratio(one, other) for one, other in zip(ours, theirs, strict=True)]
            table.rows.append([f"{place:,}", name, *theirs, *ratios])
    table.notes += [
        f"{_AROUND} messages around each place; one person who waits for each reply. Nindy in one "
        "process without network, with intake, commit and sender (the table 'growth'); stock Rasa "
        "as the table 'stock' has it.",
        f"Stock: {ready.epochs} epochs.",
    ]
    return table


async def _nindy() -> Figures:
    timings = await child("bench.turns", "growth", PLACES[-1] + _AROUND // 2)
    walls = [timing["intake"] + timing["turn"] + timing["send"] for timing in timings]
    return {
        place: (
            statistics.median(_around(walls, place)),
            statistics.mean(_around([timing["cpu"] for timing in timings], place)),
        )
        for place in PLACES
    }


async def _stock(ready: Stock, endpoints: dict[str, object], extra: list[Program]) -> Figures:
    walls, cpus = list[float](), list[float]()
    async with served(ready, endpoints) as rasa:
        programs = [*rasa.programs, *extra]
        for text in islice(mix.messages(mix.questions()), 20):
            await rasa.say(0, text)
        for text in islice(mix.messages(mix.questions()), PLACES[-1] + _AROUND // 2):
            before, began = sum(program.cpu() for program in programs), time.perf_counter()
            await rasa.say(1, text)
            walls.append(1000 * (time.perf_counter() - began))
            cpus.append(1000 * (sum(program.cpu() for program in programs) - before))
    return {
        place: (statistics.median(_around(walls, place)), statistics.mean(_around(cpus, place)))
        for place in PLACES
    }


def _around(values: list[float], place: int) -> list[float]:
    start = max(0, place - _AROUND // 2)
    return values[start : start + _AROUND]
