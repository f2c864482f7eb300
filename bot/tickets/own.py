"""What a person's own conversation needs to know of their tickets. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import ticket, ticket_event
from bot.privacy import Vault
from bot.tickets.life import OPEN, State

REMEMBERED = timedelta(days=7)
"""So long after a ticket was resolved an answer to its news still goes onto it."""


@dataclass(frozen=True)
class Own:
    """A ticket of this conversation.

    Attributes:
        number: Its number.
        state: Where it stands.
        rating: What the person thought of it, if they said so since it was resolved.
    """

    number: str
    state: State
    rating: int | None

    @property
    def is_open(self) -> bool:
        """Whether the desk still works on it."""
        return self.state in OPEN


def find(connection: Connection, vault: Vault, conversation_id: str, number: str) -> Own | None:
    """Find a ticket by its number, if it was opened in this conversation."""
    row = connection.execute(
        sa.select(ticket.c.number, ticket.c.state, ticket.c.rating).where(
            ticket.c.number == number, ticket.c.conversation_id == conversation_id
        )
    ).first()
    return None if row is None else Own(row.number, State(row.state), row.rating)


def awaiting(
    connection: Connection, vault: Vault, conversation_id: str, quoted: str, now: datetime
) -> str | None:
    """Return the number of the ticket that a message may be an answer for.

    Args:
        connection: The open transaction.
        vault: Unused.
        conversation_id: Whose message it is.
        quoted: The words of our bubble that the message replies to; empty when it does to none.
        now: The moment.

    Returns:
        The ticket whose number the quoted bubble names, if it waits or was resolved within
        `REMEMBERED`; else the one that waits, of several the latest; None when there is none.
    """
    waits = ticket.c.state == State.WAITING.value
    rows = connection.execute(
        sa.select(ticket.c.number, ticket.c.state)
        .where(
            ticket.c.conversation_id == conversation_id,
            sa.or_(
                waits,
                sa.and_(
                    ticket.c.state.in_([State.RESOLVED.value, State.CLOSED.value]),
                    ticket.c.resolved_at > now - REMEMBERED,
                ),
            ),
        )
        .order_by(ticket.c.updated_at.desc())
    ).all()
    named = [str(row.number) for row in rows if row.number in quoted]
    waiting = [str(row.number) for row in rows if row.state == State.WAITING]
    return next(iter(named + waiting), None)


def last_reply(connection: Connection, vault: Vault, number: str) -> str:
    """Return what the desk last wrote to the person about a ticket; empty for nothing."""
    sealed = connection.execute(
        sa.select(ticket_event.c.sealed_detail)
        .join(ticket, ticket.c.id == ticket_event.c.ticket_id)
        .where(ticket.c.number == number, ticket_event.c.kind == "reply")
        .order_by(ticket_event.c.id.desc())
        .limit(1)
    ).scalar()
    return str(vault.open(sealed)["text"]) if sealed else ""
