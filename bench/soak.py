"""``python -m bench.soak``: a steady rate for long, perhaps with a burst; what grows meanwhile.

People write at a fixed rate whether or not they are answered: what is slow piles up and shows.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bench import machine, mix, product
from bench.load import Result, fixed, for_seconds, percentile
from bench.processes import NotStarted, stop_all
from bench.roles import Cluster, cluster
from bench.table import Table

WARM = 1 / 3
"""The share of the time, ten minutes at most, in which caches may fill."""
LOOK, BURST, BURST_SECONDS = 10.0, 100.0, 10.0
PEOPLE = 1_000
PATIENCE = 180.0
_COLUMNS = ("process", "RSS MB warm", "RSS MB end", "MB/min", "files warm", "files end")


@dataclass
class Watched:
    """Memory (MB) and open files of a process, by the minute at which they were read."""

    minutes: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def row(self, name: str, warm: float) -> list[str | float | int]:
        """Return what is shown of it, from minute `warm` on."""
        first = next((n for n, minute in enumerate(self.minutes) if minute >= warm), -1)
        return [
            name,
            self.memory[first],
            self.memory[-1],
            slope(self.minutes[first:], self.memory[first:]),
            self.files[first],
            self.files[-1],
        ]


def slope(at: list[float], values: list[float]) -> float:
    """Return how much values grow in a unit of `at`, by least squares; 0 for fewer than two."""
    mean_at, mean = sum(at) / len(at), sum(values) / len(values)
    spread = sum((one - mean_at) ** 2 for one in at)
    pairs = zip(at, values, strict=True)
    return sum((x - mean_at) * (y - mean) for x, y in pairs) / spread if spread else 0.0


async def measure(minutes: float, per_second: float, burst: bool) -> Table:
    """Load one edge, one worker and one sender for some minutes."""
    async with cluster(1) as made:
        watched = {name: Watched() for name in made.programs}
        talks, crowd = _talks(0), _talks(PEOPLE)
        watching = asyncio.create_task(_watch(made, watched))
        bursting = asyncio.create_task(_burst(made, crowd, minutes)) if burst else None
        result = await fixed(
            lambda number: made.exchange(*next(talks[number % PEOPLE]), PATIENCE),
            per_second,
            for_seconds(60 * minutes),
        )
        wave = await bursting if bursting else None
        watching.cancel()
        table = Table(f"Soak: {minutes:.0f} minutes at {per_second:.0f} messages/s", _COLUMNS)
        warm = min(10.0, minutes * WARM)
        table.rows += [seen.row(name, warm) for name, seen in watched.items()]
        table.notes += [*_said(made, result), *(_said_of(wave) if wave else [])]
        waiting, longest = _left(made)
        table.notes.append(
            f"At the end {waiting} messages wait; the largest state of a conversation has "
            f"{longest:,} bytes sealed."
        )
    return table


def _talks(start: int) -> list[Iterator[tuple[int, str]]]:
    """Return people who come one after the other, each saying the ten things of a visit."""
    texts = mix.questions()
    return [
        mix.visits(itertools.count(start + number, 2 * PEOPLE), texts, number * 31)
        for number in range(PEOPLE)
    ]


async def _burst(made: Cluster, talks: list[Iterator[tuple[int, str]]], minutes: float) -> Result:
    await asyncio.sleep(30 * minutes)
    return await fixed(
        lambda number: made.exchange(*next(talks[number % PEOPLE]), PATIENCE),
        BURST,
        for_seconds(BURST_SECONDS),
    )


async def _watch(made: Cluster, watched: dict[str, Watched]) -> None:
    began = time.monotonic()
    while True:
        for name, seen in watched.items():
            seen.minutes.append((time.monotonic() - began) / 60)
            seen.memory.append(made.programs[name].memory())
            seen.files.append(made.programs[name].files())
        await asyncio.sleep(LOOK)


def _said(made: Cluster, result: Result) -> list[str]:
    return [
        f"{len(result.latencies)} messages answered, {result.failed} not within {PATIENCE:.0f} s.",
        f"Webhook to 200: p50 {percentile(made.acks, 50):.1f} ms, p99 "
        f"{percentile(made.acks, 99):.1f} ms; to the answer at WhatsApp: p50 "
        f"{result.percentile(50):.0f} ms, p95 {result.percentile(95):.0f} ms, p99 "
        f"{result.percentile(99):.0f} ms.",
    ]


def _said_of(wave: Result) -> list[str]:
    return [
        f"In the middle {BURST:.0f}/s more for {BURST_SECONDS:.0f} s: {len(wave.latencies)} "
        f"answered, {wave.failed} not; the last {wave.seconds - BURST_SECONDS:.0f} s after its end."
    ]


def _left(made: Cluster) -> tuple[int, int]:
    engine: Any = sa.create_engine(made.postgres.url("nindy"))
    with engine.connect() as connection:
        waiting = connection.execute(
            sa.text("SELECT count(*) FROM inbox WHERE state = 'pending'")
        ).scalar()
        longest = connection.execute(
            sa.text("SELECT max(length(sealed_state)) FROM conversation")
        ).scalar()
    engine.dispose()
    return int(waiting), int(longest or 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--per-second", type=float, default=10)
    parser.add_argument("--burst", action="store_true", help="100/s more for 10 s in the middle")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    print(machine.line(), flush=True)
    others = machine.Others()
    try:
        product.train()
        table = asyncio.run(measure(options.minutes, options.per_second, options.burst))
    except NotStarted as error:
        sys.exit(f"not measured: {error}")
    table.notes.append(f"Other programs kept {others.cores():.1f} cores busy.")
    print(table.text(), flush=True)


def _stop(number: int, _frame: object) -> None:
    stop_all()
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
