"""What has happened to tickets since one looked last, for pages that are open."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.confidence import readable
from bot.ledger.tables import inbox, ticket, ticket_event, turn
from bot.privacy import Vault


@dataclass(frozen=True)
class Mark:
    """How far one has read: the last event and the last turn.

    Only with its turn is it known on which tickets a message may be read.
    """

    event: int
    turn: int


@dataclass(frozen=True)
class News:
    """A ticket on which something happened.

    Attributes:
        number: Which.
        service: Its service, None while unsorted.
        unit: Its unit.
        heard: Whether the person wrote; otherwise the ticket changed.
    """

    number: str
    service: int | None
    unit: str
    heard: bool


def latest(connection: Connection, vault: Vault) -> Mark:
    """Return the mark of this moment."""
    event = connection.execute(sa.select(sa.func.max(ticket_event.c.id))).scalar()
    turns = connection.execute(sa.select(sa.func.max(turn.c.id))).scalar()
    return Mark(event or 0, turns or 0)


def since(connection: Connection, vault: Vault, mark: Mark) -> tuple[Mark, list[News]]:
    """Return what is newer than a mark, and the next mark.

    A row that another transaction commits late, with a smaller id, is passed over: whoever looks
    at a page also reads it anew now and then.
    """
    now = latest(connection, vault)
    if now == mark:
        return mark, []
    place = (ticket.c.number, ticket.c.service, ticket.c.unit)
    changed = connection.execute(
        sa.select(*place)
        .join(ticket_event, ticket_event.c.ticket_id == ticket.c.id)
        .where(ticket_event.c.id > mark.event, ticket_event.c.id <= now.event)
        .distinct()
    )
    found = [News(row.number, row.service, row.unit, False) for row in changed]
    heard = connection.execute(
        sa.select(*place)
        .join(turn, turn.c.conversation_id == ticket.c.conversation_id)
        .join(inbox, inbox.c.id == turn.c.inbox_id)
        .where(turn.c.id > mark.turn, turn.c.id <= now.turn, readable(inbox, ticket.c.id))
        .distinct()
    )
    return now, found + [News(row.number, row.service, row.unit, True) for row in heard]
