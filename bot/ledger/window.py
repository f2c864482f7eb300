"""The hours in which a channel takes free text, and bubbles that wait while they are over.

WhatsApp takes free text for 24 hours after the person's last message, by its own clock. After
that only a template goes out, and the bubble behind it is *parked* until the person writes:

    queued ──(refused: shut)──> parked ──(the person writes)──> queued
    (shut when it is told) ───────┘

The template goes out once, however many bubbles with the same news wait behind it. One that the
person's message has overtaken is *dropped*.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply, Status
from bot.ledger import outbox as bubbles
from bot.ledger import receipts, spoken
from bot.ledger.confidence import readable
from bot.ledger.handover import Outgoing
from bot.ledger.outbox import DROPPED, FAILED, QUEUED, SENDING, SENT, UNKNOWN
from bot.ledger.tables import conversation, inbox, outbox
from bot.privacy import Vault

OPEN_FOR = timedelta(hours=24) - timedelta(minutes=5)
"""Of WhatsApp's 24 hours; what is queued in the last minutes would come too late."""
PARKED = "parked"
_PARKED = sa.text("outbox.state = 'parked'")
"""Written out, so that the partial index serves it."""
# Made once: every turn executes it.
_RELEASE = (
    outbox.update()
    .where(outbox.c.conversation_id == sa.bindparam("whose"), _PARKED)
    .values(state=QUEUED, attempts=0, next_at=sa.bindparam("now"), updated_at=sa.bindparam("now"))
)


class Told(str, Enum):
    """How a person was told something."""

    TEXT = "text"
    """In words of our own."""
    TEMPLATE = "template"
    """By a template; what it announces waits."""
    WAITS = "waits"
    """It waits behind a template that went out before."""
    NOTHING = "nothing"
    """Not at all: there is no template for it."""


def last_heard(
    connection: Connection, conversation_id: str, matter: str | None = None
) -> datetime | None:
    """Return when the person last wrote, by the channel's clock; reactions do not count.

    On a ticket (`matter`) only what may be read there counts: that the hours are open must not
    tell of a complaint (`bot.ledger.confidence`).
    """
    where = [inbox.c.conversation_id == conversation_id, inbox.c.state != "silent"]
    if matter is not None:
        where.append(readable(inbox, matter))
    found: datetime | None = connection.execute(
        sa.select(sa.func.max(inbox.c.sent_at)).where(*where)
    ).scalar()
    return found


def is_open(
    connection: Connection,
    channel: str,
    conversation_id: str,
    now: datetime,
    matter: str | None = None,
) -> bool:
    """Say whether a channel takes free text for a person now, as a ticket may know it."""
    if channel != "whatsapp":
        return True
    last = last_heard(connection, conversation_id, matter)
    return last is not None and last > now - OPEN_FOR


def tell(
    connection: Connection,
    vault: Vault,
    channel: str,
    conversation_id: str,
    reply: Reply,
    now: datetime,
    agent_id: str | None = None,
    matter: str | None = None,
) -> Told:
    """Queue a bubble of an agent, or of Nindy (None); or what goes out while no text is taken."""
    takes_text = is_open(connection, channel, conversation_id, now, matter)
    if not takes_text:
        # Whoever writes at this moment is waited for: their turn releases what is parked here.
        mine = sa.select(conversation.c.id).where(conversation.c.id == conversation_id)
        connection.execute(mine.with_for_update())
        takes_text = is_open(connection, channel, conversation_id, now, matter)
    place = (connection, vault, conversation_id, None)
    if takes_text:
        bubbles.enqueue(*place, reply, now, QUEUED, agent_id, matter)
        return Told.TEXT
    if reply.otherwise is None:
        return Told.NOTHING
    if reply.otherwise.choices:
        bubbles.enqueue(*place, reply, now, PARKED, agent_id, matter)
    return _announce(connection, vault, conversation_id, reply.otherwise, now, matter)


def shut(
    connection: Connection,
    vault: Vault,
    outgoing: Outgoing,
    code: int,
    spare: Reply | None,
    now: datetime,
) -> None:
    """Let a template stand in for a bubble that the channel refused because the hours are over.

    Args:
        connection: The open transaction.
        vault: Opens and seals bubbles.
        outgoing: The bubble.
        code: The channel's code, kept when nothing can stand in.
        spare: The template for bubbles that bring none of their own; with None these wait and
            nothing goes out.
        now: The moment.
    """
    mine = sa.and_(outbox.c.id == outgoing.id, outbox.c.state.in_((SENDING, UNKNOWN, SENT)))
    row = connection.execute(sa.select(outbox).where(mine).with_for_update()).first()
    if row is not None:
        _shut(connection, vault, row, code, spare, now, {"external_key": None})


def shut_by(
    connection: Connection, vault: Vault, status: Status, spare: Reply | None, now: datetime
) -> None:
    """Do so for a bubble whose refusal came as a status.

    A status of an earlier try, which the bubble has outlived, changes nothing.
    """
    row = receipts.refused_now(connection, vault, status)
    if row is not None:
        past = receipts.past(vault, row, status)
        _shut(connection, vault, row, status.error_code, spare, now, past)


def _shut(
    connection: Connection,
    vault: Vault,
    row: sa.engine.Row,
    code: int,
    spare: Reply | None,
    now: datetime,
    past: dict[str, Any],
) -> None:
    reply = spoken.read_reply(vault.open(row.sealed_body))
    values: dict[str, Any] = {"error_code": 0, "updated_at": now, **past}
    if reply.template is not None:
        values |= {"state": FAILED, "error_code": code}
    else:
        instead = reply.otherwise or spare
        if instead is not None:
            _announce(connection, vault, row.conversation_id, instead, now, row.matter)
        # A template that says all has taken the bubble's place.
        values["state"] = PARKED if instead is None or instead.choices else DROPPED
    connection.execute(outbox.update().where(outbox.c.id == row.id).values(**values))


def waits(connection: Connection, vault: Vault, conversation_id: str) -> bool:
    """Say whether something waits until the person writes."""
    parked = sa.select(outbox.c.id).where(outbox.c.conversation_id == conversation_id, _PARKED)
    return connection.execute(parked.limit(1)).first() is not None


def release(connection: Connection, vault: Vault, conversation_id: str, now: datetime) -> None:
    """Send what has waited, in its order, now that the person has written."""
    released = connection.execute(_RELEASE, {"whose": conversation_id, "now": now})
    if released.rowcount:
        queued = _of(conversation_id, outbox.c.state == QUEUED)
        for row in connection.execute(queued).all():
            reply = spoken.read_reply(vault.open(row.sealed_body))
            if reply.template is not None and reply.choices:
                dropped = outbox.update().where(outbox.c.id == row.id)
                connection.execute(dropped.values(state=DROPPED, updated_at=now))


def _announce(
    connection: Connection,
    vault: Vault,
    conversation_id: str,
    instead: Reply,
    now: datetime,
    matter: str | None,
) -> Told:
    if instead.choices:
        since = last_heard(connection, conversation_id, matter)
        still = [outbox.c.state.not_in((FAILED, DROPPED, PARKED))]
        if since is not None:
            still.append(outbox.c.created_at > since)
        for row in connection.execute(_of(conversation_id, *still)).all():
            if spoken.read_reply(vault.open(row.sealed_body)) == instead:
                return Told.WAITS
    bubbles.enqueue(connection, vault, conversation_id, None, instead, now, matter=matter)
    return Told.TEMPLATE


def _of(conversation_id: str, *where: Any) -> Any:
    columns = sa.select(outbox.c.id, outbox.c.sealed_body)
    return columns.where(outbox.c.conversation_id == conversation_id, *where)
