"""Work that one process at a time does now and then: who does it, and when it was last done."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import insert_once
from bot.ledger.tables import duty
from bot.privacy import Vault

LEASE = timedelta(minutes=2)
"""Longer than a step of any duty takes; who died holds it no longer than this."""


def take(connection: Connection, vault: Vault, name: str, owner: str, now: datetime) -> bool:
    """Take a duty, or keep it for another step; say whether it is ours now."""
    insert_once(connection, duty, {"name": name})
    taken = connection.execute(
        duty.update()
        .where(
            duty.c.name == name,
            sa.or_(duty.c.owner.is_(None), duty.c.owner == owner, duty.c.until <= now),
        )
        .values(owner=owner, until=now + LEASE)
    )
    return bool(taken.rowcount)


def done(connection: Connection, vault: Vault, name: str, owner: str, now: datetime) -> None:
    """Lay a duty down that was done to its end."""
    connection.execute(
        duty.update()
        .where(duty.c.name == name, duty.c.owner == owner)
        .values(owner=None, until=None, done_at=now)
    )


def last_done(connection: Connection, vault: Vault, name: str) -> datetime | None:
    """Return when a duty was last done to its end; None for never."""
    found: datetime | None = connection.execute(
        sa.select(duty.c.done_at).where(duty.c.name == name)
    ).scalar()
    return found
