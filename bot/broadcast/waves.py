"""Sends approved broadcasts in waves, behind the answers that wait in the outbox.

A recipient is queued in the transaction that marks it as queued, so that nobody gets it twice,
whenever the process dies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.broadcast.changes import record
from bot.broadcast.life import GOING, Reach, Skip, State
from bot.ledger import outbox as bubbles
from bot.ledger import spoken
from bot.ledger.consents import STANDING
from bot.ledger.tables import broadcast, broadcast_recipient, consent, conversation, outbox
from bot.privacy import Vault
from bot.tickets.record import NINDY

DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Waves:
    """How broadcasts go out.

    Attributes:
        size: Bubbles of one broadcast that are under way at most.
        pause: From one wave to the next.
        per_day: Persons within 24 hours: Meta's messaging limit, or less.
    """

    size: int
    pause: timedelta
    per_day: int

    def look(self, connection: Connection, vault: Vault, now: datetime) -> int:
        """Queue the waves that are due and return how many bubbles they are."""
        due = (
            sa.select(broadcast)
            .where(
                broadcast.c.state.in_([state.value for state in GOING]),
                broadcast.c.next_wave_at <= now,
            )
            .order_by(broadcast.c.id)
            .with_for_update(skip_locked=True)
        )
        return sum(self._wave(connection, vault, row, now) for row in connection.execute(due).all())

    def _wave(self, connection: Connection, vault: Vault, row: Any, now: datetime) -> int:
        its = broadcast_recipient.c.broadcast_id == row.id
        unsettled = connection.execute(
            sa.select(sa.func.count())
            .select_from(broadcast_recipient)
            .join(outbox, outbox.c.id == broadcast_recipient.c.outbox_id)
            .where(its, bubbles.UNSETTLED)
        ).scalar_one()
        room = min(self.size - unsettled, self.per_day - reached(connection, now - DAY))
        waiting = (
            sa.select(broadcast_recipient.c.id, broadcast_recipient.c.person_id)
            .where(its, broadcast_recipient.c.state == Reach.WAITING.value)
            .order_by(broadcast_recipient.c.id)
            .limit(max(room, 1))
        )
        rows = connection.execute(waiting).all()
        state = State.SENDING if rows or unsettled else State.DONE
        values: dict[str, Any] = {"next_wave_at": now + self.pause}
        if state.value != row.state:
            values |= {"state": state.value, "version": row.version + 1, "updated_at": now}
            record(connection, vault, row.id, state, NINDY, now)
        connection.execute(broadcast.update().where(broadcast.c.id == row.id).values(**values))
        reply = spoken.read_reply(vault.open(row.sealed_reply))
        return sum(_queue(connection, vault, one, reply, now) for one in rows[: max(room, 0)])


def reached(connection: Connection, since: datetime) -> int:
    """Return to how many persons broadcasts have gone since a moment."""
    found = connection.execute(
        sa.select(sa.func.count(broadcast_recipient.c.person_id.distinct()))
        .join(outbox, outbox.c.id == broadcast_recipient.c.outbox_id)
        .where(broadcast_recipient.c.queued_at > since, outbox.c.state != bubbles.DROPPED)
    )
    return int(found.scalar_one())


def _queue(connection: Connection, vault: Vault, one: Any, reply: Any, now: datetime) -> int:
    this = broadcast_recipient.update().where(broadcast_recipient.c.id == one.id)
    willing = connection.execute(STANDING.where(consent.c.person_id == one.person_id)).first()
    if willing is None:
        gone = {"state": Reach.SKIPPED.value, "reason": Skip.REVOKED.value}
        connection.execute(this.values(**gone))
        return 0
    conversation_id = connection.execute(
        sa.select(conversation.c.id).where(conversation.c.person_id == one.person_id)
    ).scalar_one()
    outbox_id = bubbles.enqueue(
        connection, vault, conversation_id, None, reply, now, priority=bubbles.BROADCAST
    )
    queued = {"state": Reach.QUEUED.value, "outbox_id": outbox_id, "queued_at": now}
    connection.execute(this.values(**queued))
    return 1
