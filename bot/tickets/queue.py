"""The queue: which tickets the desk lists, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.confidence import is_ordinary
from bot.ledger.tables import agent, ticket
from bot.privacy import Vault
from bot.tickets.life import OPEN, State

PAGE = 50
_OPEN = tuple(state.value for state in OPEN)


@dataclass(frozen=True)
class Filter:
    """What to list; every field narrows.

    Attributes:
        complaints: List complaints, and nothing else; otherwise never any.
        states: Only these; empty lists what is open.
        owner_id: Only those of this agent.
        unit: Only those of this unit.
        unassigned: Only those of nobody.
        due_before: Only those due before this moment (a running clock).
        due_after: Only those due after this moment.
        number: Only those whose number holds this.
    """

    complaints: bool = False
    states: tuple[State, ...] = ()
    owner_id: str | None = None
    unit: str | None = None
    unassigned: bool = False
    due_before: datetime | None = None
    due_after: datetime | None = None
    number: str = ""


@dataclass(frozen=True)
class Line:
    """A ticket in the queue."""

    number: str
    subject: str
    state: State
    service: int | None
    unit: str
    owner: str | None
    priority: int
    channel: str
    created_at: datetime
    due_at: datetime
    paused: bool
    warned: int


def lines(
    connection: Connection, vault: Vault, wanted: Filter, start: int = 0, size: int = PAGE
) -> list[Line]:
    """Return a page of the queue: urgent first, then by due time."""
    order = (ticket.c.priority.desc(), ticket.c.due_at, ticket.c.number)
    # The page is found in the index alone; whole tickets, which are long, are read for it only.
    page = (
        sa.select(ticket.c.number)
        .where(*_where(wanted))
        .order_by(*order)
        .offset(start)
        .limit(size)
        .subquery()
    )
    rows = connection.execute(
        sa.select(ticket, agent.c.name.label("owner"))
        .join(page, page.c.number == ticket.c.number)
        .outerjoin(agent, agent.c.id == ticket.c.owner_id)
        .order_by(*order)
    )
    return [as_line(vault, row) for row in rows]


def count(connection: Connection, vault: Vault, wanted: Filter) -> int:
    """Return how many tickets a filter finds."""
    counted = sa.select(sa.func.count()).select_from(ticket).where(*_where(wanted))
    return int(connection.execute(counted).scalar_one())


def as_line(vault: Vault, row: Any) -> Line:
    """Return a ticket's row, with the name of its ``owner``, as a line of the queue."""
    return Line(
        number=row.number,
        subject=vault.open(row.sealed_content)["subject"],
        state=State(row.state),
        service=row.service,
        unit=row.unit,
        owner=row.owner,
        priority=row.priority,
        channel=row.channel,
        created_at=row.created_at,
        due_at=row.due_at,
        paused=row.paused_at is not None,
        warned=row.warned,
    )


def by_state(connection: Connection, vault: Vault) -> list[tuple[str, str, int]]:
    """Return unit, state and number of tickets, for the supervisor."""
    rows = connection.execute(
        sa.select(ticket.c.unit, ticket.c.state, sa.func.count())
        .where(is_ordinary())
        .group_by(ticket.c.unit, ticket.c.state)
        .order_by(ticket.c.unit, ticket.c.state)
    )
    return [(unit, state, int(number)) for unit, state, number in rows]


def _where(wanted: Filter) -> list[Any]:
    where: list[Any] = [
        ~is_ordinary() if wanted.complaints else is_ordinary(),
        ticket.c.state.in_([state.value for state in wanted.states] or _OPEN),
    ]
    if wanted.owner_id is not None:
        where.append(ticket.c.owner_id == wanted.owner_id)
    if wanted.unit is not None:
        where.append(ticket.c.unit == wanted.unit)
    if wanted.unassigned:
        where.append(ticket.c.owner_id.is_(None))
    if wanted.due_before is not None:
        where += [ticket.c.due_at < wanted.due_before, ticket.c.paused_at.is_(None)]
    if wanted.due_after is not None:
        where.append(ticket.c.due_at >= wanted.due_after)
    if wanted.number:
        where.append(ticket.c.number.contains(wanted.number.strip().upper(), autoescape=True))
    return where
