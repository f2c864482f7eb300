"""Messages that go out: queued with their turn, handed over in order (`bot.ledger.handover`).

    queued ──> sending ──> sent ──> delivered ──> read
                 │  │
                 │  └────> unknown ──(status)──> sent, delivered, read
                 │            └──(no news)─────> sending again, counted in `repeats`; then failed
                 └───────> queued (later) or failed

    sent ──(refused after all)──> queued again, parked (`bot.ledger.window`) or failed

WhatsApp has no idempotency key: when a connection breaks, or the process dies, between their
"accepted" and our commit, nobody knows whether a bubble was shown. Such a row waits as *unknown*
for the delivery status that carries its id (`bot.ledger.receipts`), and is sent again only when
none comes, a few times at most. What waits because the channel takes no free text now is in
`bot.ledger.window`.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.ledger import positions
from bot.ledger.tables import conversation, outbox, person
from bot.privacy import Vault

QUEUED, SENDING, SENT, UNKNOWN, FAILED = "queued", "sending", "sent", "unknown", "failed"

DROPPED = "dropped"
"""Not wanted any more before it was handed over."""

ANSWER, BROADCAST, WITHDRAWN = 0, 1, 2
"""Priorities, the first goes first; what was withdrawn while it was handed over is not repeated."""

READ_HERE = ("webchat",)
"""Channels without a provider: what is committed here has been sent."""

UNSETTLED = sa.text("outbox.state IN ('queued', 'sending', 'unknown')")
"""The bubbles that are not settled, written out so that the partial index serves it."""
_COUNTED = {
    "parked": sa.text("outbox.state = 'parked'"),
    "failed": sa.text("outbox.state = 'failed'"),
    "repeated": sa.text("outbox.repeats > 0"),
}
"""Written out, so that partial indexes serve them; nothing else of what is settled is counted."""
LEFT = sa.func.coalesce(outbox.c.sealed_remains, outbox.c.sealed_body)
"""What a bubble's body becomes once it was shown, or never will be (`bot.ledger.confidence`)."""

# Made once, like all statements of every message: to make one costs more than to execute it.
_ADD = outbox.insert()
_CHANNEL = (
    sa.select(person.c.channel)
    .join(conversation, conversation.c.person_id == person.c.id)
    .where(conversation.c.id == sa.bindparam("whose"))
)


def enqueue(
    connection: Connection,
    vault: Vault,
    conversation_id: str,
    inbox_id: int | None,
    reply: Reply,
    now: datetime,
    state: str = QUEUED,
    agent_id: str | None = None,
    matter: str | None = None,
    priority: int = ANSWER,
    next_at: datetime | None = None,
) -> str:
    """Add a bubble to the end of a conversation's queue and return its id.

    Args:
        connection: The open transaction.
        vault: Seals the bubble.
        conversation_id: To whom.
        inbox_id: The message it answers, if any.
        reply: The bubble.
        now: The moment.
        state: In which it begins.
        agent_id: The agent who wrote it; None is Nindy.
        matter: What it is about (`bot.ledger.confidence`).
        priority: Who goes first.
        next_at: From when on it may be handed over; None is at once.
    """
    channel = connection.execute(_CHANNEL, {"whose": conversation_id}).scalar_one()
    outbox_id = str(uuid.uuid4())
    connection.execute(
        _ADD,
        {
            "id": outbox_id,
            "position": positions.allot(connection, conversation_id, now),
            "conversation_id": conversation_id,
            "inbox_id": inbox_id,
            "agent_id": agent_id,
            "sealed_body": vault.seal(asdict(reply)),
            "matter": matter,
            "state": SENT if channel in READ_HERE else state,
            "attempts": 0,
            "repeats": 0,
            "next_at": next_at or now,
            "error_code": 0,
            "priority": priority,
            "created_at": now,
            "updated_at": now,
        },
    )
    return outbox_id


def withdraw(connection: Connection, which: Any, now: datetime) -> None:
    """Send no more of these bubbles; what was handed over may still arrive, but only once.

    Args:
        connection: The open transaction.
        which: A clause over the table.
        now: The moment.
    """
    waiting = outbox.update().where(which, outbox.c.state == QUEUED)
    connection.execute(waiting.values(state=DROPPED, updated_at=now))
    under_way = outbox.update().where(which, outbox.c.state.in_((SENDING, UNKNOWN, SENT)))
    connection.execute(under_way.values(priority=WITHDRAWN))


def counts(connection: Connection, vault: Vault) -> dict[str, int]:
    """Count the bubbles that are not settled, by state, those that failed, and those repeated."""
    number = sa.func.count()
    unsettled = sa.select(outbox.c.state, number).where(UNSETTLED).group_by(outbox.c.state)
    found = {str(state): int(many) for state, many in connection.execute(unsettled)}
    for name, which in _COUNTED.items():
        counted = sa.select(number).select_from(outbox).where(which)
        found[name] = int(connection.execute(counted).scalar_one())
    return found
