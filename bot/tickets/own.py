"""What a person's own conversation needs to know of their tickets. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Inbound
from bot.ledger import spoken
from bot.ledger.confidence import is_ordinary
from bot.ledger.tables import COMPLAINTS, ticket, ticket_event
from bot.privacy import Vault
from bot.tickets.life import OPEN, State

REMEMBERED = timedelta(days=7)
"""So long after a ticket was resolved an answer to its news still goes onto it."""


# Made once: most messages execute it.
_AWAITING = (
    sa.select(ticket.c.number, ticket.c.id, ticket.c.service, ticket.c.state, ticket.c.rating)
    .where(
        ticket.c.conversation_id == sa.bindparam("whose"),
        sa.or_(
            ticket.c.state == State.WAITING.value,
            sa.and_(
                ticket.c.state.in_([State.RESOLVED.value, State.CLOSED.value]),
                ticket.c.resolved_at > sa.bindparam("since"),
            ),
        ),
    )
    .order_by(ticket.c.updated_at.desc())
)


@dataclass(frozen=True)
class Own:
    """A ticket of this conversation.

    Attributes:
        number: Its number.
        id: Its id.
        is_complaint: Whether it is told in confidence.
        state: Where it stands.
        rating: What the person thought of it, if they said so since it was resolved.
    """

    number: str
    id: str
    is_complaint: bool
    state: State
    rating: int | None

    @property
    def is_open(self) -> bool:
        """Whether the desk still works on it."""
        return self.state in OPEN


def find(connection: Connection, vault: Vault, conversation_id: str, number: str) -> Own | None:
    """Find a ticket by its number, if it was opened in this conversation."""
    row = connection.execute(
        sa.select(ticket).where(
            ticket.c.number == number, ticket.c.conversation_id == conversation_id
        )
    ).first()
    return None if row is None else _own(row)


def _own(row: Any) -> Own:
    in_confidence = row.service == COMPLAINTS
    return Own(row.number, row.id, in_confidence, State(row.state), row.rating)


def awaiting(
    connection: Connection,
    vault: Vault,
    conversation_id: str,
    message: Inbound,
    now: datetime,
    done: bool = False,
) -> Own | None:
    """Return the ticket that a message may be an answer for.

    Args:
        connection: The open transaction.
        vault: Opens the bubble that the message replies to.
        conversation_id: Whose message it is.
        message: The message.
        now: The moment.
        done: Whether a ticket that was resolved is meant even if nothing names it.

    Returns:
        The ticket whose number that bubble names, if it waits or was resolved within
        `REMEMBERED`; else the one that waits, of several the latest; else, if `done`, the one
        that was resolved last and is no complaint; None when there is none.
    """
    since = {"whose": conversation_id, "since": now - REMEMBERED}
    rows = connection.execute(_AWAITING, since).all()
    quoted = spoken.quoted(connection, vault, conversation_id, message) if rows else ""
    named = [row for row in rows if row.number in quoted]
    waiting = [row for row in rows if row.state == State.WAITING]
    resolved = [row for row in rows if done and row.service != COMPLAINTS]
    return next(map(_own, named + waiting + resolved), None)


def newest_open(connection: Connection, vault: Vault, conversation_id: str) -> Own | None:
    """Return the ticket that somebody means who names none: the newest that is unfinished.

    Where there is another one it is no complaint.
    """
    row = connection.execute(
        sa.select(ticket)
        .where(
            ticket.c.conversation_id == conversation_id,
            ticket.c.state.in_([state.value for state in OPEN]),
        )
        .order_by(sa.case((is_ordinary(), 0), else_=1), ticket.c.created_at.desc())
        .limit(1)
    ).first()
    return None if row is None else _own(row)


def replies(connection: Connection, vault: Vault, number: str, count: int) -> list[str]:
    """Return the last texts that the desk wrote to the person about a ticket, oldest first."""
    rows = connection.execute(
        sa.select(ticket_event.c.sealed_detail)
        .join(ticket, ticket.c.id == ticket_event.c.ticket_id)
        .where(ticket.c.number == number, ticket_event.c.kind.in_(("reply", "resolved")))
        .order_by(ticket_event.c.id.desc())
    )
    texts = (str(vault.open(row.sealed_detail)["text"]) for row in rows)
    return list(islice(filter(None, texts), count))[::-1]
