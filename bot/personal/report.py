"""What is held, how old it is, and what goes next: counts and moments, nothing of anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import Ledger
from bot.ledger.tables import metadata
from bot.personal.periods import Periods
from bot.personal.rules import RULES
from bot.privacy import Vault


@dataclass(frozen=True)
class Line:
    """What is held of one kind.

    Attributes:
        name: The rule's name, or the table's where there is no rule.
        number: How many rows the table has.
        days: How long they are kept; None as long as the row they go with, or for ever.
        oldest: When the period of the oldest that may go began.
        due: How many are over already.
        basis: Why they are kept.
    """

    name: str
    number: int
    days: int | None
    oldest: datetime | None
    due: int
    basis: str

    @property
    def goes(self) -> datetime | None:
        """When the oldest goes."""
        if self.oldest is None or self.days is None:
            return None
        return self.oldest + timedelta(days=self.days)


def lines(ledger: Ledger, periods: Periods, now: datetime) -> list[Line]:
    """Return a line for every rule and every table without one, each read by itself."""
    found = [ledger.transact(_of_rule, name, periods, now) for name in RULES]
    for name, other in periods.together.items():
        number = ledger.transact(_count, name)
        found.append(Line(name, number, None, None, 0, f"goes with {other}"))
    for name, why in periods.kept.items():
        found.append(Line(name, ledger.transact(_count, name), None, None, 0, why))
    return found


def _of_rule(
    connection: Connection, vault: Vault, name: str, periods: Periods, now: datetime
) -> Line:
    rule, period = RULES[name], periods.of[name]
    oldest = connection.execute(
        sa.select(rule.since.label("at"))
        .select_from(rule.table)
        .where(rule.over, rule.since.is_not(None))
        .order_by(sa.text("at"))
        .limit(1)
    ).scalar()
    due = sa.select(sa.func.count()).select_from(rule.table)
    over = due.where(rule.over, rule.since < now - period.length)
    return Line(
        name,
        _count(connection, vault, rule.table.name),
        period.days,
        oldest,
        int(connection.execute(over).scalar_one()),
        period.basis,
    )


def _count(connection: Connection, vault: Vault, table: str) -> int:
    counted = sa.select(sa.func.count()).select_from(metadata.tables[table])
    return int(connection.execute(counted).scalar_one())
