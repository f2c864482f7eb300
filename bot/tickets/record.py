"""One ticket row: read under a lock, written with its event, and refused when it moved on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.ledger import announcements, people, window
from bot.ledger.people import ANONYMOUS
from bot.ledger.tables import ticket, ticket_event
from bot.ledger.window import Told
from bot.privacy import Vault
from bot.tickets.life import ChangeRefused

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


def tell(
    connection: Connection,
    vault: Vault,
    row: Any,
    reply: Reply,
    now: datetime,
    agent_id: str | None = None,
) -> dict[str, str]:
    """Give word of an agent, or of Nindy, to the ticket's person as their channel takes it now.

    Who gave no name is sent nothing: with their code they read what the events tell.

    Returns:
        What the event says of it: nothing where the words themselves are on their way, else
        ``told`` and how (`bot.ledger.window.Told`).
    """
    if row.channel == ANONYMOUS:
        return {}
    if people.is_gone(connection, row.conversation_id):
        return {"told": Told.NOTHING.value}
    place = (row.channel, row.conversation_id)
    told = window.tell(connection, vault, *place, reply, now, agent_id, row.id)
    return {} if told is Told.TEXT else {"told": told.value}


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
