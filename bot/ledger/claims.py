"""Whose turn it is: the oldest message that waits, leased with its conversation."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Inbound
from bot.ledger.bodies import from_json
from bot.ledger.inbox import trace_of
from bot.ledger.tables import Moment, conversation, inbox
from bot.privacy import Vault

log = logging.getLogger(__name__)

_UNREADABLE = timedelta(minutes=1)
_PENDING = sa.text("inbox.state = 'pending'")
"""Written out, so that the partial index serves it."""

# Statements for every message are made once, which is most of what they cost.
_THIS = conversation.update().where(conversation.c.id == sa.bindparam("whose"))
_COUNT = inbox.update().where(inbox.c.id == sa.bindparam("which")).values(claims=inbox.c.claims + 1)
_NOW = sa.bindparam("now", type_=Moment)
_OLDEST_FREE = (
    sa.select(inbox.c.conversation_id)
    .join(conversation, conversation.c.id == inbox.c.conversation_id)
    .where(
        _PENDING,
        sa.or_(conversation.c.lease_until.is_(None), conversation.c.lease_until <= _NOW),
        sa.or_(conversation.c.not_before.is_(None), conversation.c.not_before <= _NOW),
    )
    .order_by(inbox.c.sent_at, inbox.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=conversation)
)
_OLDEST_OF = (
    sa.select(
        inbox,
        conversation.c.version,
        conversation.c.sealed_state,
        conversation.c.last_turn_at,
        conversation.c.holder_id,
        conversation.c.notice,
    )
    .join(conversation, conversation.c.id == inbox.c.conversation_id)
    .where(inbox.c.conversation_id == sa.bindparam("whose"), _PENDING)
    .order_by(inbox.c.sent_at, inbox.c.id)
    .limit(1)
)


@dataclass(frozen=True)
class Claim:
    """A message that this worker may answer, with the conversation as it stands.

    Attributes:
        inbox_id: The message's row.
        conversation_id: Whose turn it is.
        version: The conversation's version; the commit compares it.
        state: The dialogue's short state, or None at the beginning.
        last_turn_at: When the last turn was committed.
        message: The message.
        claims: How often it has been claimed, this time included.
        failures: How often its turn failed.
        holder_id: The agent who has taken the conversation over, if one has.
        matter: What the message was written about, when the conversation was taken over since.
        received_at: When it was stored.
        notice: The version of the privacy notice that was shown in the conversation, if one was.
        trace: The message's name in the log.
    """

    inbox_id: int
    conversation_id: str
    version: int
    state: dict[str, Any] | None
    last_turn_at: datetime | None
    message: Inbound
    claims: int
    failures: int
    received_at: datetime
    holder_id: str | None = None
    matter: str | None = None
    notice: str = ""
    trace: str = ""


def claim(
    connection: Connection, vault: Vault, owner: str, now: datetime, lease: timedelta
) -> Claim | None:
    """Lease the conversation whose waiting message is the oldest, and return that message.

    A leased conversation, or one that rests after a failed turn, is passed over as a whole, so
    nobody's messages are answered out of order.
    """
    while (conversation_id := _lock_oldest(connection, now)) is not None:
        row = connection.execute(_OLDEST_OF, {"whose": conversation_id}).first()
        if row is None:
            continue  # Answered by somebody else between our look and our lock.
        try:
            state = vault.open(row.sealed_state) if row.sealed_state else None
            message = from_json(vault.open(row.sealed_body))
        except Exception:
            # Nobody else waits for a message that cannot be read.
            log.exception("message cannot be read", extra={"inbox": row.id})
            rest = now + _UNREADABLE
            connection.execute(_THIS, {"whose": conversation_id, "not_before": rest})
            continue
        leased = {"lease_owner": owner, "lease_until": now + lease}
        connection.execute(_THIS, {"whose": conversation_id, **leased})
        connection.execute(_COUNT, {"which": row.id})
        return Claim(
            inbox_id=row.id,
            conversation_id=conversation_id,
            version=row.version,
            state=state,
            last_turn_at=row.last_turn_at,
            message=message,
            claims=row.claims + 1,
            failures=row.failures,
            received_at=row.received_at,
            holder_id=row.holder_id,
            matter=row.matter,
            notice=row.notice,
            trace=trace_of(row.message_key),
        )
    return None


def _lock_oldest(connection: Connection, now: datetime) -> str | None:
    found: str | None = connection.execute(_OLDEST_FREE, {"now": now}).scalar()
    return found


def give_back(
    connection: Connection, vault: Vault, claimed: Claim, owner: str, not_before: datetime | None
) -> None:
    """End the lease of a turn that was undone, if it is still ours.

    Args:
        connection: The open transaction.
        vault: Unused.
        claimed: What was claimed.
        owner: Who claimed it.
        not_before: After a failure, which is counted, the conversation rests until then; None
            when the turn was only lost to a change from outside and is to be done again.
    """
    ended = connection.execute(
        conversation.update()
        .where(conversation.c.id == claimed.conversation_id, conversation.c.lease_owner == owner)
        .values(lease_owner=None, lease_until=None, not_before=not_before)
    )
    if ended.rowcount and not_before is not None:
        connection.execute(
            inbox.update()
            .where(inbox.c.id == claimed.inbox_id)
            .values(failures=inbox.c.failures + 1)
        )


def release(connection: Connection, vault: Vault, owners: list[str]) -> int:
    """End the leases of owners that are known to be dead; return how many there were."""
    freed = connection.execute(
        conversation.update()
        .where(conversation.c.lease_owner.in_(owners))
        .values(lease_owner=None, lease_until=None)
    )
    return int(freed.rowcount)


def owners(connection: Connection, vault: Vault) -> list[str]:
    """Return everybody who holds a lease for which a message waits."""
    rows = connection.execute(
        sa.select(conversation.c.lease_owner)
        .join(inbox, inbox.c.conversation_id == conversation.c.id)
        .where(_PENDING, conversation.c.lease_owner.is_not(None))
        .distinct()
    )
    return [str(row.lease_owner) for row in rows]
