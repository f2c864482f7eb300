"""Processes that are killed or stopped, and servers that go away, while people write.

The numbers R1, R2 … are those of the table in docs/reliability.md. A dialogue of a few lines stands
in for Rasa, so that volumes are large; `test_kill.py` has the real one. A tenth of the volume
runs with all tests, the whole with `make chaos`.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.ledger import tables
from bot.turn.failpoints import Failpoints
from tests.chaos.storm import VOLUME, Storm, storm
from tests.servers import Postgres, Redis

pytestmark = [
    *(pytest.mark.chaos, pytest.mark.postgres, pytest.mark.redis),
    pytest.mark.timeout(300 + 180 * VOLUME),
]
WORKERS, SENDERS = ("worker-1", "worker-2"), ("sender-1", "sender-2")
ALL = ("web", *WORKERS, *SENDERS)
AT_THE_SENDER = ("before_send", "after_send")


async def test_r1_the_edge_is_killed(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    dice = random.Random(1)
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up("web")
        # 20 messages a second: from ten people, ten more at each of ten times the volume.
        writing = asyncio.ensure_future(made.write(10 * VOLUME, 20, pause=0.5 * VOLUME))
        kills = 0
        while not writing.done():
            await asyncio.wait({writing}, timeout=dice.uniform(1, 3))
            made.kill_one("web")
            kills += 1
            await made.up("web")
        await writing
        known = {wamid for wamids in made.meta.acknowledged.values() for wamid in wamids}
        assert made.count(tables.inbox) == len(known) == 200 * VOLUME
        print(f"\nR1: {len(known)} messages, {kills} kills: lost 0, doubled 0")
        assert kills >= 2


async def test_r2_workers_are_killed(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    dice = random.Random(2)
    places = [name for name in Failpoints.NAMES if name not in AT_THE_SENDER]
    kills = places * VOLUME + ["random"] * 2 * VOLUME
    dice.shuffle(kills)
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up("web", "sender-1")
        writing = asyncio.ensure_future(made.write(20, 10 * VOLUME, pause=0.2))
        for place in kills:
            worker = dice.choice(WORKERS)
            if _lives(made, worker):
                made.kill_one(worker)
            if place == "random":
                await made.up(worker)
                await asyncio.sleep(dice.uniform(0, 2))
                made.kill_one(worker)
            elif not writing.done():
                await made.up(worker, failpoint=f"{place}:{dice.randint(1, 5)}")
        await made.up(*(name for name in WORKERS if not _lives(made, name)))
        await writing
        await made.all_is_answered()
        made.check(f"R2, {len(kills)} kills of workers")
        assert made.meta.twice == 0


def _lives(made: Storm, name: str) -> bool:
    process = made.processes.get(name)
    return process is not None and process.poll() is None


async def test_r3_the_sender_is_killed(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    dice = random.Random(3)
    places = [*AT_THE_SENDER, "during"] * VOLUME
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up("web", "worker-1")
        writing = asyncio.ensure_future(made.write(10 * VOLUME, 5))
        for place in places:
            if place == "during":
                made.meta.delay, shown = 0.3, len(made.meta.shown)
                await made.up("sender-1")
                await made.until(lambda n=shown: len(made.meta.shown) > n, 60)
                made.kill_one("sender-1")
                made.meta.delay = 0.0
            else:
                await made.up("sender-1", failpoint=f"{place}:{dice.randint(1, 9)}")
                await asyncio.to_thread(made.processes["sender-1"].wait, 60)
        await made.up("sender-1")
        await writing
        await made.all_is_answered()
        made.check(f"R3, {len(places)} kills of the sender")
        # A status says what became of those in between: nothing is shown again.
        assert made.meta.twice == 0


async def test_r3_without_a_status_every_repetition_is_counted(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    async with storm(tmp_path, postgres, redis_server) as made:
        made.meta.reports = False
        await made.up("web", "worker-1")
        await made.write(10, 1)
        await made.up("sender-1", failpoint="after_send:5")
        await asyncio.to_thread(made.processes["sender-1"].wait, 60)
        await made.up("sender-1")
        await made.all_is_answered()
        made.check("R3 without statuses")
        with made.ledger() as ledger, ledger.engine.begin() as connection:
            repeats = connection.execute(sa.select(sa.func.sum(tables.outbox.c.repeats))).scalar()
        assert 1 <= made.meta.twice <= repeats


async def test_r5_redis_goes_away(tmp_path: Path, postgres: Postgres, redis_server: Redis) -> None:
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up(*ALL)
        writing = asyncio.ensure_future(made.write(20, 5 * VOLUME, pause=1.0))
        await made.until(lambda: bool(made.meta.shown))
        redis_server.stop()
        answered = len(made.meta.shown)
        # Without Redis people are answered as well, only later.
        await made.until(lambda: len(made.meta.shown) > answered + 5)
        await asyncio.sleep(3 * VOLUME)
        redis_server.start()
        redis_server.client.flushall()
        await writing
        await made.all_is_answered()
        made.check(f"R5, Redis away for {3 * VOLUME} s and then empty")
        assert made.meta.twice == 0 and set(made.meta.answers) == {200}


async def test_r14_everybody_writes_at_once(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    people, each = 50 * VOLUME, 10
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up(*ALL)
        began = time.monotonic()
        await made.write(people, each)
        # Once more from others, whose messages come in one delivery.
        phones = [f"62812{number:07d}" for number in range(people)]
        texts = made.texts(each)
        await asyncio.gather(*(made.meta.write_at_once(phone, texts) for phone in phones))
        await made.all_is_answered()
        bubbles = sum(len(made.meta.bubbles(phone)) for phone in phones)
        made.check(f"R14, {time.monotonic() - began:.0f} s, {bubbles} bubbles for {people} bursts")
        assert made.meta.twice == 0
        assert bubbles < people * each / 2, "quick messages are answered together"


async def test_r16_processes_are_asked_to_stop_under_load(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    longest = 0.0
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up(*ALL)
        writing = asyncio.ensure_future(made.write(20, 10 * VOLUME, pause=0.3))
        for turn in range(2 * VOLUME):
            for name in (WORKERS[turn % 2], SENDERS[turn % 2], "web"):
                longest = max(longest, await asyncio.to_thread(made.end, name))
                assert made.processes[name].returncode == 0, made.said(name)[-2000:]
                await made.up(name)
        await writing
        await made.all_is_answered()
        made.check(f"R16, {6 * VOLUME} stops, the longest {longest:.1f} s")
        assert longest < 15
        # Nothing is left half done by who is asked to stop: no outcome is unknown to anybody.
        assert made.meta.twice == 0


async def test_r16_a_turn_that_lasts_too_long_is_given_back_at_the_stop(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    async with storm(tmp_path, postgres, redis_server) as made:
        await made.up("web", "sender-1", "worker-1")
        await made.meta.write("628110000000", ["lambat"])
        await made.until(lambda: _leases(made) == 1)
        assert await asyncio.to_thread(made.end, "worker-1") < 15
        # A worker of another machine would have to wait for the end of a lease.
        assert _leases(made) == 0
        await made.up("worker-2")
        await made.all_is_answered()
    assert [bubble.answers for bubble in made.meta.shown] == [["1 lambat"]]


def _leases(made: Storm) -> int:
    held = tables.conversation.c.lease_until.is_not(None)
    with made.ledger() as ledger, ledger.engine.begin() as connection:
        return len(connection.execute(sa.select(tables.conversation).where(held)).all())
