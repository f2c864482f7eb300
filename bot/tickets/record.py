"""One ticket row: read under a lock, written with its event, and refused when it moved on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.ledger import announcements
from bot.ledger.confidence import ANONYMOUS, readable
from bot.ledger.outbox import enqueue
from bot.ledger.tables import inbox, ticket, ticket_event
from bot.privacy import Vault
from bot.tickets.life import ChangeRefused

WINDOW = timedelta(hours=24)
"""WhatsApp takes free text only so long after the person's last message."""

USER = "user"
"""The actor who is the person themselves."""
NINDY = "nindy"
"""The actor who is no person."""


@dataclass(frozen=True)
class Seen:
    """Which ticket a change is for, and who makes it.

    Attributes:
        number: The ticket's number.
        version: The version that its maker saw; None changes whatever is there.
        actor: ``agent:<id>``, ``user`` or ``nindy``.
        now: The moment.
    """

    number: str
    version: int | None
    actor: str
    now: datetime

    @property
    def agent_id(self) -> str | None:
        """The agent who makes the change."""
        kind, _, id = self.actor.partition(":")
        return id if kind == "agent" else None


def lock(connection: Connection, seen: Seen) -> Any:
    """Return the ticket's row, held until the transaction ends.

    Raises:
        ChangeRefused: ``unknown``, or ``changed`` since its maker saw it.
    """
    row = connection.execute(
        sa.select(ticket).where(ticket.c.number == seen.number).with_for_update()
    ).first()
    if row is None:
        raise ChangeRefused("unknown")
    if seen.version is not None and row.version != seen.version:
        raise ChangeRefused("changed")
    return row


def window_is_open(connection: Connection, row: Any, now: datetime) -> bool:
    """Say whether the ticket's channel takes free text now."""
    last = last_heard(connection, row)
    return row.channel != "whatsapp" or (last is not None and last > now - WINDOW)


def last_heard(connection: Connection, row: Any) -> datetime | None:
    """Return when the person last wrote what may be read on a ticket, by the channel's clock."""
    found: datetime | None = connection.execute(
        sa.select(sa.func.max(inbox.c.sent_at)).where(
            inbox.c.conversation_id == row.conversation_id, readable(inbox, row.id)
        )
    ).scalar()
    return found


def tell(connection: Connection, vault: Vault, row: Any, reply: Reply, now: datetime) -> None:
    """Queue word to the ticket's person, if the channel takes it now.

    Outside the window WhatsApp would refuse it; the desk sees that nothing was sent. Who gave no
    name reads with their code what the events tell.
    """
    if row.channel != ANONYMOUS and window_is_open(connection, row, now):
        enqueue(connection, vault, row.conversation_id, None, reply, now, row.id)


def write(
    connection: Connection,
    vault: Vault,
    row: Any,
    seen: Seen,
    kind: str,
    values: dict[str, Any],
    detail: dict[str, Any] | None = None,
) -> None:
    """Write a change and its event, and announce it where it shows outside.

    Raises:
        ChangeRefused: ``changed`` meanwhile.
    """
    done = connection.execute(
        ticket.update()
        .where(ticket.c.id == row.id, ticket.c.version == row.version)
        .values(version=row.version + 1, updated_at=seen.now, **values)
    )
    if done.rowcount != 1:
        raise ChangeRefused("changed")
    connection.execute(
        ticket_event.insert().values(
            ticket_id=row.id,
            at=seen.now,
            actor=seen.actor,
            kind=kind,
            sealed_detail=vault.seal(detail) if detail else None,
        )
    )
    if announcements.shows(row._mapping, values):
        after = {**row._mapping, **values, "version": row.version + 1, "updated_at": seen.now}
        announcements.announce(connection, vault, after, announcements.CHANGED, seen.now)
