"""Trouble with our account at a channel, until somebody has dealt with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Alarm
from bot.ledger import blocks, handover
from bot.ledger import outbox as bubbles
from bot.ledger.database import insert_once
from bot.ledger.handover import Outgoing
from bot.ledger.tables import (
    account_alarm,
    audit,
    channel_block,
    conversation,
    outbox,
    person,
)
from bot.privacy import Vault


@dataclass(frozen=True)
class Standing:
    """An alarm that nobody has dealt with.

    Attributes:
        id: Its row.
        word: The provider's word for it.
        code: The provider's code, or 0.
        raised_at: When it was first told.
        last_at: When it was last told.
    """

    id: int
    word: str
    code: int
    raised_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class HeldUp:
    """Bubbles that wait until the account is mended.

    Attributes:
        code: The provider's code, or 0.
        number: How many.
        since: When the provider refused the account first.
    """

    code: int
    number: int
    since: datetime


def sound(connection: Connection, vault: Vault, alarm: Alarm, now: datetime) -> None:
    """Keep an alarm; one that was dealt with stands again. Stop what cannot go any more."""
    if alarm.stops:
        blocks.block(connection, alarm.channel, alarm.code, now)
    key = {"channel": alarm.channel, "word": alarm.word, "code": alarm.code}
    if insert_once(connection, account_alarm, {**key, "raised_at": now, "last_at": now}):
        return
    same = sa.and_(*(account_alarm.c[name] == value for name, value in key.items()))
    again = account_alarm.update().where(same)
    dealt_with = account_alarm.c.cleared_at.is_not(None)
    connection.execute(again.where(dealt_with).values(raised_at=now, cleared_at=None))
    connection.execute(again.values(last_at=now))


def refused(
    connection: Connection, vault: Vault, outgoing: Outgoing, code: int, word: str, now: datetime
) -> None:
    """Record that a bubble will never be accepted because of what we sent, and call somebody."""
    handover.failed(connection, vault, outgoing, code, now)
    sound(connection, vault, Alarm(outgoing.channel, word, code), now)


def standing(connection: Connection, vault: Vault) -> list[Standing]:
    """Return what nobody has dealt with, the newest first."""
    rows = connection.execute(
        sa.select(account_alarm)
        .where(account_alarm.c.cleared_at.is_(None))
        .order_by(account_alarm.c.last_at.desc())
    )
    return [Standing(row.id, row.word, row.code, row.raised_at, row.last_at) for row in rows]


def held_up(connection: Connection, vault: Vault) -> HeldUp | None:
    """Return what waits because a channel refuses our account; None while none does."""
    waits = (
        sa.select(sa.func.count())
        .select_from(outbox)
        .join(conversation, conversation.c.id == outbox.c.conversation_id)
        .join(person, person.c.id == conversation.c.person_id)
        .where(bubbles.UNSETTLED, person.c.channel == channel_block.c.channel)
        .correlate(channel_block)
        .scalar_subquery()
    )
    row = connection.execute(
        sa.select(channel_block.c.code, waits, channel_block.c.since).order_by(
            channel_block.c.since
        )
    ).first()
    return None if row is None else HeldUp(*row)


def clear(
    connection: Connection, vault: Vault, alarm_id: int, agent_id: str, now: datetime
) -> None:
    """Note that an agent has dealt with an alarm."""
    cleared = connection.execute(
        account_alarm.update()
        .where(account_alarm.c.id == alarm_id, account_alarm.c.cleared_at.is_(None))
        .values(cleared_at=now)
    )
    if cleared.rowcount:
        connection.execute(audit.insert().values(at=now, kind="alarm_cleared", agent_id=agent_id))
