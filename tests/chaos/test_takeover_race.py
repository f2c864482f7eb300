"""R17: an agent takes a conversation over while the answer is being made."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.channels.message import Reply
from bot.clock import now
from bot.ledger import inbox, tables
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.wake import Wake
from bot.tickets.record import Seen
from bot.turn.failpoints import Failpoints
from bot.turn.worker import Worker
from tests.chaos.storm import VOLUME
from tests.cluster import database
from tests.kit import message, owner, siti, vault
from tests.servers import Postgres
from tests.ticketing import BUDI, HELD, TAKEOVER, Desk

pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.timeout(600)]
RACES = 50 * VOLUME


async def test_r17_the_bot_is_silent_from_the_takeover_on(
    postgres: Postgres, tmp_path: Path
) -> None:
    dice = random.Random(17)
    answered = 0
    with database(postgres, "takeover") as url, owner(tmp_path) as named:
        ledger = Ledger(url, vault())
        try:
            desk = Desk(ledger)

            async def respond(work: UnitOfWork) -> None:
                await asyncio.sleep(dice.uniform(0, 0.02))
                work.replies = [Reply("from the bot")]

            async def never(work: UnitOfWork) -> None:
                raise AssertionError("no turn may fail")

            worker = Worker(ledger, respond, never, HELD, named, Wake(), now, Failpoints())
            for race in range(RACES):
                number = desk.open(at=now(), person=f"p{race}")
                written = message(f"race.{race}", siti(f"p{race}"), now())
                await ledger.run(inbox.receive, [written], now())

                async def take_over(number: str = number) -> None:
                    await asyncio.sleep(dice.uniform(0, 0.03))
                    await ledger.run(TAKEOVER.take_over, Seen(number, None, BUDI, now()))

                await asyncio.gather(worker.drain(), take_over())
                # What was passed over because the agent just had the row is heard now.
                await worker.drain()
                answered += _checked(ledger, number)
        finally:
            ledger.close()
    print(f"\nR17: {RACES} races, {answered} answered before the takeover, none after")
    assert 0 < answered < RACES


def _checked(ledger: Ledger, number: str) -> bool:
    """Look that no answer follows the takeover; say whether one went before it."""
    with ledger.engine.begin() as connection:
        of = sa.select(tables.ticket.c.conversation_id).where(tables.ticket.c.number == number)
        bubbles = connection.execute(
            sa.select(tables.outbox.c.sealed_body)
            .where(tables.outbox.c.conversation_id == of.scalar_subquery())
            # Both change the conversation's row: whoever has the later position came later.
            .order_by(tables.outbox.c.position)
        ).scalars()
        said = [ledger.vault.open(sealed)["text"] for sealed in bubbles]
        waiting = connection.execute(
            sa.select(sa.func.count())
            .select_from(tables.inbox)
            .where(tables.inbox.c.state == inbox.PENDING)
        ).scalar()
    assert waiting == 0, said
    taken = next((n for n, text in enumerate(said) if "petugas" in text.casefold()), None)
    assert taken is not None, said
    assert "from the bot" not in said[taken:]
    return "from the bot" in said
