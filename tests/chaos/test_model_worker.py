"""R4: the worker with the real model is killed while it talks to many people."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest

from bot.ledger import tables
from tests.chaos.storm import VOLUME, WHOLE, Storm, storm
from tests.servers import Postgres, Redis

pytestmark = [
    *(pytest.mark.chaos, pytest.mark.rasa, pytest.mark.postgres, pytest.mark.redis),
    pytest.mark.timeout(600 + 120 * VOLUME),
]
PEOPLE = 20 * VOLUME
AT_ONCE = 10
KILLS = max(1, VOLUME // 2)
PROMISED = 60.0
"""Seconds to an answer, from when a worker is ready again."""
SCRIPT = (
    "petugas",
    "Sejak pagi aplikasi tidak bisa dibuka oleh semua operator",
    "Wati Contoh",
    "operator@contoh.go.id",
    "lewati",
    "kirim",
)


async def test_r4_the_model_is_killed(
    model: Path, tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    dice, ready, waits = random.Random(4), [0.0], []
    async with storm(tmp_path, postgres, redis_server, stub=False) as made:
        await made.up("web", "worker", "sender")
        free = asyncio.Semaphore(AT_ONCE)

        async def talk(phone: str) -> None:
            async with free:
                for line in SCRIPT:
                    waits.append(await _ask(made, phone, line, ready))

        phones = [f"62811{number:07d}" for number in range(PEOPLE)]
        talking = asyncio.gather(*(talk(phone) for phone in phones))
        for kill in range(1, KILLS + 1):
            # In the middle of what goes on, each time somewhere else.
            share = PEOPLE * len(SCRIPT) * kill // (KILLS + 1)
            await made.until(lambda share=share: len(waits) >= share)
            await asyncio.sleep(dice.uniform(0, 0.3))
            made.kill_one("worker")
            await made.up("worker")
            ready.append(time.monotonic())
        await talking
        for phone in phones:
            contexts = [bubble.context for bubble in made.meta.bubbles(phone)]
            assert contexts == made.meta.acknowledged[phone], phone
        assert made.count(tables.ticket) == PEOPLE and made.meta.twice == 0
    print(
        f"\nR4, {KILLS} kills of the model: {len(waits)} messages, {PEOPLE} tickets; lost 0, "
        f"doubled 0, out of order 0, unanswered 0; "
        f"the longest wait with a worker {max(waits):.0f} s"
    )
    if WHOLE:
        assert max(waits) <= PROMISED


async def _ask(made: Storm, phone: str, line: str, ready: list[float]) -> float:
    """Let a person write and wait for the answer; return for how long a worker was there."""
    wrote, answered = time.monotonic(), len(made.meta.bubbles(phone))
    await made.meta.write(phone, [line])
    while len(made.meta.bubbles(phone)) <= answered:
        await asyncio.sleep(0.05)
    return time.monotonic() - max(wrote, ready[-1])
