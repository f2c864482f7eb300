"""Tickets as another program may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.announcements import facts
from bot.ledger.api_clients import Scope
from bot.ledger.tables import COMPLAINTS, ticket
from bot.privacy import Vault


@dataclass(frozen=True)
class Sight:
    """Who looks, and how far: its own tickets, or all; complaints only of its own, if at all."""

    client_id: str
    scopes: frozenset[Scope]

    def where(self, own_only: bool = False) -> Any:
        """Return the condition that a ticket may be seen."""
        ordinary = sa.or_(ticket.c.service.is_(None), ticket.c.service != COMPLAINTS)
        own = ticket.c.client_id == self.client_id
        if Scope.COMPLAINTS not in self.scopes:
            own = sa.and_(own, ordinary)
        if own_only or Scope.READ_ALL not in self.scopes:
            return own
        return sa.or_(own, ordinary)


@dataclass(frozen=True)
class Wanted:
    """Which tickets to list.

    Attributes:
        since: Only those changed at this moment or later.
        state: Only those that stand so.
        after: Only those behind this place: when it was changed, and its number.
        limit: At most so many.
    """

    since: datetime | None = None
    state: str | None = None
    after: tuple[datetime, str] | None = None
    limit: int = 50


def find(
    connection: Connection, vault: Vault, sight: Sight, number: str, own_only: bool = False
) -> Any:
    """Return a ticket's row, or None when there is none that may be seen."""
    return connection.execute(
        sa.select(ticket).where(ticket.c.number == number, sight.where(own_only))
    ).first()


def page(connection: Connection, vault: Vault, sight: Sight, wanted: Wanted) -> list[Any]:
    """Return tickets in the order in which they changed last, the longest ago first."""
    where = [sight.where()]
    if wanted.since is not None:
        where.append(ticket.c.updated_at >= wanted.since)
    if wanted.state is not None:
        where.append(ticket.c.state == wanted.state)
    if wanted.after is not None:
        moment, number = wanted.after
        later = ticket.c.updated_at > moment
        where.append(
            sa.or_(later, sa.and_(ticket.c.updated_at == moment, ticket.c.number > number))
        )
    return list(
        connection.execute(
            sa.select(ticket)
            .where(*where)
            .order_by(ticket.c.updated_at, ticket.c.number)
            .limit(wanted.limit)
        )
    )


def shown(vault: Vault, row: Any) -> dict[str, Any]:
    """Return what a program reads of a ticket, ready for JSON."""
    content = vault.open(row.sealed_content)
    named = ("subject", "reference", "person")
    return {**facts(row._mapping), **{name: content.get(name, "") for name in named}}
