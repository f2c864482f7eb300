"""What the channel tells of a bubble after it was handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Delivery, Status
from bot.ledger.outbox import BLOCKED, LEFT, QUEUED, SENDING, SENT, UNKNOWN
from bot.ledger.spoken import external_key
from bot.ledger.tables import outbox
from bot.privacy import Vault

_EARLIER = {
    Delivery.SENT: (QUEUED, SENDING, UNKNOWN),
    Delivery.DELIVERED: (QUEUED, SENDING, UNKNOWN, SENT),
    Delivery.READ: (QUEUED, SENDING, UNKNOWN, SENT, "delivered"),
    Delivery.FAILED: (QUEUED, SENDING, UNKNOWN, SENT),
}

# Made once: a webhook brings up to a thousand statuses.
_NEWS = {
    (column, state): outbox.update()
    .where(outbox.c[column] == sa.bindparam("which"), outbox.c.state.in_(earlier))
    .values(
        state=state.value,
        error_code=sa.bindparam("code"),
        updated_at=sa.bindparam("at"),
        sealed_body=LEFT,
    )
    for column in ("id", "external_key")
    for state, earlier in _EARLIER.items()
}


def apply_status(connection: Connection, vault: Vault, status: Status, now: datetime) -> bool:
    """Advance a bubble by news from the channel, upward only; say whether it is one of ours."""
    which = status.callback or external_key(vault, status.channel, status.external_id)
    statement = _NEWS["id" if status.callback else "external_key", status.state]
    values = {"which": which, "code": status.error_code, "at": now}
    return bool(connection.execute(statement, values).rowcount)


def named_by(vault: Vault, status: Status) -> Any:
    """Return the clause over the table for the bubble that a status is about."""
    if status.callback:
        return outbox.c.id == status.callback
    return outbox.c.external_key == external_key(vault, status.channel, status.external_id)


def of_this_try(vault: Vault, status: Status) -> Any:
    """Return the clause for the bubble that a status is about, unless it has outlived that try."""
    which = outbox.c.external_key == external_key(vault, status.channel, status.external_id)
    if status.callback:
        under_way = outbox.c.state.in_((SENDING, UNKNOWN))
        unanswered = sa.and_(outbox.c.external_key.is_(None), under_way)
        which = sa.and_(outbox.c.id == status.callback, sa.or_(which, unanswered))
    return which


def hold(connection: Connection, vault: Vault, status: Status, now: datetime) -> None:
    """Queue a bubble again that was refused, after it had been accepted, because of our account.

    It is no fault of the bubble's, so its tries begin anew.
    """
    connection.execute(
        outbox.update()
        .where(of_this_try(vault, status), outbox.c.state.in_((SENDING, UNKNOWN, SENT)))
        .values(
            state=QUEUED,
            external_key=None,
            attempts=0,
            error_code=status.error_code,
            next_at=now + BLOCKED,
            updated_at=now,
        )
    )
