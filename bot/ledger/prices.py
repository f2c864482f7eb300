"""What bubbles cost, as the channel tells with their statuses; nothing is reckoned here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Status
from bot.ledger.outbox import named_by
from bot.ledger.tables import outbox
from bot.privacy import Vault


@dataclass(frozen=True)
class Count:
    """Bubbles of one kind.

    Attributes:
        category: The channel's category; empty while it has not told.
        charged: Whether they cost money.
        number: How many.
    """

    category: str
    charged: bool
    number: int


def note(connection: Connection, vault: Vault, status: Status) -> None:
    """Keep the price that a status tells, once for each bubble."""
    if status.price is None:
        return
    connection.execute(
        outbox.update()
        .where(named_by(vault, status), outbox.c.price_category.is_(None))
        .values(price_category=status.price.category, charged=status.price.charged)
    )


def counts(connection: Connection, vault: Vault, since: datetime, until: datetime) -> list[Count]:
    """Count the bubbles that reached WhatsApp in a span, by category and whether charged."""
    number, columns = sa.func.count(), (outbox.c.price_category, outbox.c.charged)
    rows = connection.execute(
        sa.select(*columns, number)
        .where(
            outbox.c.created_at >= since,
            outbox.c.created_at < until,
            outbox.c.external_key.is_not(None),
        )
        .group_by(*columns)
        .order_by(number.desc())
    )
    return [Count(category or "", bool(charged), int(n)) for category, charged, n in rows]
