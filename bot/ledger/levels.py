"""How much waits in the ledger, and for how long: read by those who watch the system.

Each number comes from an index over open rows alone, so that looking costs the same however much
was done before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger import deliveries
from bot.ledger.confidence import is_ordinary
from bot.ledger.outbox import UNSETTLED
from bot.ledger.tables import inbox, outbox, ticket
from bot.privacy import Vault

_OPEN_TICKETS = ("new", "in_progress", "waiting", "forwarded")
_PENDING = sa.text("inbox.state = 'pending'")


@dataclass(frozen=True)
class Levels:
    """What waits now.

    Attributes:
        waiting: Messages without an answer.
        waiting_seconds: How long the oldest of them has waited; 0 for none.
        outbox: Bubbles that are not settled, by state.
        outbox_seconds: How long the oldest of them has waited; 0 for none.
        tickets: Tickets that are not resolved, by state; how many complaints there are is the
            officer's to know.
        warned: The same by the share of their time that is used: 0, 50, 80 or 100 %.
        deliveries: Events for other programs that wait (``open``) or were given up (``dead``).
    """

    waiting: int
    waiting_seconds: float
    outbox: dict[str, int]
    outbox_seconds: float
    tickets: dict[str, int]
    warned: dict[str, int]
    deliveries: dict[str, int]


def read(connection: Connection, vault: Vault, now: datetime) -> Levels:
    """Count what waits."""
    number = sa.func.count()
    waiting, oldest = connection.execute(
        sa.select(number, sa.func.min(inbox.c.received_at)).where(_PENDING)
    ).one()
    unsettled = connection.execute(
        sa.select(outbox.c.state, number, sa.func.min(outbox.c.created_at))
        .where(UNSETTLED)
        .group_by(outbox.c.state)
    ).all()
    tickets = connection.execute(
        sa.select(ticket.c.state, ticket.c.warned, number)
        .where(ticket.c.state.in_(_OPEN_TICKETS), is_ordinary())
        .group_by(ticket.c.state, ticket.c.warned)
    ).all()
    by_state = dict.fromkeys(_OPEN_TICKETS, 0)
    warned = dict.fromkeys(("0", "50", "80", "100"), 0)
    for state, percent, many in tickets:
        by_state[state] += int(many)
        warned[str(percent)] += int(many)
    return Levels(
        waiting=int(waiting),
        waiting_seconds=_age(oldest, now),
        outbox={state: int(many) for state, many, _ in unsettled},
        outbox_seconds=max((_age(since, now) for *_, since in unsettled), default=0.0),
        tickets=by_state,
        warned=warned,
        deliveries=deliveries.totals(connection, vault),
    )


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
