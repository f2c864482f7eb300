"""What bubbles cost, as the channel tells with their statuses; nothing is reckoned here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Status
from bot.ledger.tables import outbox
from bot.privacy import Vault

# Made once: a webhook brings up to a thousand statuses.
_NOTE = {
    column: outbox.update()
    .where(outbox.c[column] == sa.bindparam("which"), outbox.c.price_category.is_(None))
    .values(price_category=sa.bindparam("category"), charged=sa.bindparam("is_charged"))
    for column in ("id", "external_key")
}


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
    key = status.callback or vault.key("external", status.channel, status.external_id)
    price = {"category": status.price.category, "is_charged": status.price.charged}
    statement = _NOTE["id" if status.callback else "external_key"]
    connection.execute(statement, {"which": key, **price})


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
