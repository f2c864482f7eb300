"""Two sender processes keep WhatsApp's rates together, on real PostgreSQL and Redis."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply, Sender
from bot.channels.whatsapp.pace import PERSON
from bot.clock import now
from bot.ledger import outbox, tables
from bot.ledger.people import find_or_create
from bot.privacy import Vault
from tests.chaos.storm import storm
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.timeout(300)]
PEOPLE = 400
TALKER = "628110000000"
BURST = PERSON.burst
PER_SECOND, SPAN = 80, 200


def _queue(connection: Connection, vault: Vault) -> None:
    def to(phone: str, text: str) -> None:
        person = find_or_create(connection, vault, "whatsapp", Sender(phone=phone), now())
        outbox.enqueue(connection, vault, person, None, Reply(text), now())

    for number in range(BURST + 2):
        to(TALKER, str(number))
    for number in range(PEOPLE):
        to(f"62812{number:07d}", "halo")


def _queue_for_many(connection: Connection, vault: Vault) -> None:
    for number in range(PEOPLE):
        who = Sender(phone=f"62812{number:07d}")
        person = find_or_create(connection, vault, "whatsapp", who, now())
        outbox.enqueue(connection, vault, person, None, Reply("halo"), now())


async def test_a_refused_number_rests_in_both_and_no_bubble_fails(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    async with storm(tmp_path, postgres, redis_server) as made:
        meta = made.meta
        meta.reports, meta.refuses = False, 130429
        with made.ledger() as ledger:
            await ledger.run(_queue_for_many)
        await made.up("sender-1", "sender-2")
        # Rests of 1, 2 and 4 seconds; whoever had a turn when one began does not use it.
        await made.until(lambda: meta.refused and meta.refused[-1] - meta.refused[0] > 6.5)
        meta.refuses = 0
        await made.until(lambda: len(meta.shown) >= PEOPLE)
        await made.until(lambda: set(made.states(tables.outbox)) == {"sent"})
        with made.ledger() as ledger, ledger.engine.begin() as connection:
            attempts = set(connection.execute(sa.select(tables.outbox.c.attempts)).scalars())
            senders = set(connection.execute(sa.select(tables.outbox.c.sender)).scalars())
    assert meta.twice == 0 and len(meta.shown) == PEOPLE
    assert attempts == {1}, "a refusal of the number is no bubble's fault"
    assert len(senders) == 2, "both took part"
    tries = [meta.refused[0]]
    for at in meta.refused:
        if at - tries[-1] > 0.5:
            tries.append(at)
    rests = [later - earlier for earlier, later in pairwise(tries)]
    print(f"\n{len(meta.refused)} refused, with rests of {[f'{rest:.1f} s' for rest in rests]}")
    assert len(rests) >= 3 and all(rest >= 0.9 * 2**n for n, rest in enumerate(rests[:3]))


async def test_throughput_and_pair_rate_hold_for_both_together(
    tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    async with storm(tmp_path, postgres, redis_server) as made:
        made.meta.reports = False
        with made.ledger() as ledger:
            await ledger.run(_queue)
        await made.up("sender-1", "sender-2")
        wanted = PEOPLE + BURST + 2
        await made.until(lambda: len(made.meta.shown) >= wanted)
        await made.until(lambda: set(made.states(tables.outbox)) == {"sent"})
        with made.ledger() as ledger, ledger.engine.begin() as connection:
            rows = connection.execute(sa.select(tables.outbox.c.sender))
            senders = Counter(rows.scalars())
    assert made.meta.twice == 0 and len(made.meta.shown) == wanted
    assert len(senders) == 2, "both took part"

    times = sorted(bubble.at for bubble in made.meta.shown)
    most = max(sum(begin <= at < begin + 1 for at in times) for begin in times)
    # When a bubble was let go is known up to a stall of this busy machine only.
    spans = [later - earlier for earlier, later in zip(times, times[SPAN:], strict=False)]
    assert min(spans) >= SPAN / PER_SECOND - 0.6
    crowd = sorted(b.at for b in made.meta.shown if b.phone != TALKER)
    rate = (len(crowd) - 1) / (crowd[-1] - crowd[0])

    talk = [bubble for bubble in made.meta.shown if bubble.phone == TALKER]
    assert [bubble.text for bubble in talk] == [str(number) for number in range(BURST + 2)]
    spent = talk[-1].at - talk[0].at
    granted = BURST + spent / PERSON.every
    assert len(talk) <= granted + 1
    print(
        f"\ntwo senders: {rate:.0f} messages/s to {PEOPLE} people, at most {most} in a second; "
        f"to one person {len(talk)} in {spent:.1f} s; shares {sorted(senders.values())}"
    )
