"""Numbers about tickets for the supervisor. Complaints are never among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.confidence import is_ordinary
from bot.ledger.tables import agent, chat_rating, ticket
from bot.privacy import Vault

_DONE = ("resolved", "closed")
COLUMNS = (
    *("number", "category", "reason", "service", "unit", "state", "priority", "created_at"),
    *("due_at", "first_reply_at", "resolved_at", "resolution", "rating", "reopened"),
)
"""Of a ticket, for the table: nothing that people wrote."""


@dataclass(frozen=True)
class Overview:
    """How the desk stands.

    Attributes:
        open: By unit, by state, how many are open.
        ages: By unit, how many open ones were opened since each of the moments asked for, and
            last those from before all of them; an open ticket counts once.
        oldest: The number, unit and moment of the open ticket that has waited longest.
        late: How many running clocks are past their due time.
        resolved: How many were resolved since the beginning of the period.
        met: How many of these in time.
        mean_rating: Of the tickets resolved in the period, 1 to 5, or None without any.
        ratings: How many gave one.
        chat_rating: The mean of what visitors of the web chat gave in the period, or None.
        chat_ratings: How many gave one.
        categories: By category, how many were opened in the period, most first.
        reasons: By reason, the same.
    """

    open: dict[str, dict[str, int]]
    ages: dict[str, list[int]]
    oldest: tuple[str, str, datetime] | None
    late: int
    resolved: int
    met: int
    mean_rating: float | None
    ratings: int
    chat_rating: float | None
    chat_ratings: int
    categories: dict[str, int]
    reasons: dict[str, int]


def overview(
    connection: Connection,
    vault: Vault,
    since: datetime,
    now: datetime,
    ages: Sequence[datetime],
) -> Overview:
    """Count tickets.

    Args:
        connection: The open transaction.
        vault: Unused.
        since: The beginning of the period.
        now: The present moment.
        ages: Moments that part the open tickets by age, the latest first.
    """
    ours = is_ordinary()
    is_open = sa.and_(ours, ticket.c.state.notin_(_DONE))
    by_unit: dict[str, dict[str, int]] = {}
    counted = sa.select(ticket.c.unit, ticket.c.state, sa.func.count()).where(is_open)
    for unit, state, number in connection.execute(counted.group_by(ticket.c.unit, ticket.c.state)):
        by_unit.setdefault(unit, {})[state] = int(number)
    # Grouped by its name: repeated with its values bound anew, PostgreSQL takes it for another.
    younger = [(ticket.c.created_at >= moment, place) for place, moment in enumerate(ages)]
    age = sa.case(*younger, else_=len(ages)).label("age")
    aged = sa.select(ticket.c.unit, age, sa.func.count()).where(is_open)
    by_age: dict[str, list[int]] = {unit: [0] * (len(ages) + 1) for unit in by_unit}
    for unit, place, number in connection.execute(aged.group_by(ticket.c.unit, sa.text("age"))):
        by_age[unit][place] = int(number)
    oldest = connection.execute(
        sa.select(ticket.c.number, ticket.c.unit, ticket.c.created_at)
        .where(is_open)
        .order_by(ticket.c.created_at)
        .limit(1)
    ).first()
    late = sa.and_(is_open, ticket.c.paused_at.is_(None), ticket.c.due_at < now)
    done = sa.and_(ours, ticket.c.resolved_at >= since)
    in_time = sa.case((ticket.c.resolved_at <= ticket.c.due_at, 1), else_=0)
    resolved, met, mean, ratings = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.sum(in_time),
            sa.func.avg(ticket.c.rating),
            sa.func.count(ticket.c.rating),
        ).where(done)
    ).one()
    chat_mean, chats = connection.execute(
        sa.select(sa.func.avg(chat_rating.c.value), sa.func.count()).where(
            chat_rating.c.at >= since
        )
    ).one()
    return Overview(
        ages=by_age,
        open=dict(sorted(by_unit.items(), key=lambda one: (-sum(one[1].values()), one[0]))),
        oldest=tuple(oldest) if oldest is not None else None,
        late=int(connection.execute(sa.select(sa.func.count()).where(late)).scalar_one()),
        resolved=int(resolved),
        met=int(met or 0),
        mean_rating=float(mean) if mean is not None else None,
        ratings=int(ratings),
        chat_rating=float(chat_mean) if chat_mean is not None else None,
        chat_ratings=int(chats),
        categories=_opened(connection, ticket.c.category, ours, since),
        reasons=_opened(connection, ticket.c.reason, ours, since),
    )


def _opened(connection: Connection, column: Any, ours: Any, since: datetime) -> dict[str, int]:
    number = sa.func.count()
    rows = connection.execute(
        sa.select(column, number)
        .where(ours, ticket.c.created_at >= since)
        .group_by(column)
        .order_by(number.desc(), column)
    )
    return {value: int(many) for value, many in rows}


def table(connection: Connection, vault: Vault, since: datetime) -> list[Any]:
    """Return a row for each ticket that is open or was opened or resolved since a moment.

    A row has `COLUMNS` and owner, the name of the agent who holds it or None.
    """
    wanted = sa.or_(
        ticket.c.state.notin_(_DONE), ticket.c.created_at >= since, ticket.c.resolved_at >= since
    )
    return list(
        connection.execute(
            sa.select(*(ticket.c[name] for name in COLUMNS), agent.c.name.label("owner"))
            .outerjoin(agent, agent.c.id == ticket.c.owner_id)
            .where(wanted, is_ordinary())
            .order_by(ticket.c.created_at, ticket.c.id)
        )
    )
