"""What the channel tells of a bubble after it was handed over.

News come late, twice and in any order, and a bubble may have been handed over more than once. That
it reached the person is true whatever try it is told of. A refusal, or that it was accepted, is
about one try only: when that is past, because its bubble was refused and queued again or because
another try was accepted, it changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Delivery, Status
from bot.ledger import blocks
from bot.ledger.handover import ATTEMPTS, rest
from bot.ledger.outbox import FAILED, LEFT, QUEUED, SENDING, SENT, UNKNOWN
from bot.ledger.spoken import external_key
from bot.ledger.tables import outbox
from bot.privacy import Vault

_EARLIER = {
    Delivery.SENT: (QUEUED, SENDING, UNKNOWN),
    Delivery.DELIVERED: (QUEUED, SENDING, UNKNOWN, SENT, FAILED),
    Delivery.READ: (QUEUED, SENDING, UNKNOWN, SENT, "delivered", FAILED),
}
_KEYS_KEPT = 256
"""Characters; the keys of the last four tries."""

# Made once: a webhook brings up to a thousand statuses.
_NEWS = {
    (column, state): outbox.update()
    .where(
        outbox.c[column] == sa.bindparam("which"),
        outbox.c.state.in_(earlier),
        ~outbox.c.refused_keys.contains(sa.bindparam("key")),
    )
    .values(
        state=state.value,
        error_code=0,
        # Whoever handed it over may have died before the answer to the call was written down.
        external_key=sa.func.coalesce(outbox.c.external_key, sa.bindparam("key")),
        updated_at=sa.bindparam("at"),
        # What was only accepted may still be refused, and said again.
        **({} if state is Delivery.SENT else {"sealed_body": LEFT}),
    )
    for column in ("id", "external_key")
    for state, earlier in _EARLIER.items()
}


def apply_status(connection: Connection, vault: Vault, status: Status, now: datetime) -> bool:
    """Advance a bubble by news from the channel, upward only; say whether it is one of ours."""
    if status.state is Delivery.FAILED:
        return _fail(connection, of_this_try(vault, status), status.error_code, now)
    key = external_key(vault, status.channel, status.external_id)
    statement = _NEWS["id" if status.callback else "external_key", status.state]
    values = {"which": status.callback or key, "key": key, "at": now}
    return bool(connection.execute(statement, values).rowcount)


def of_this_try(vault: Vault, status: Status) -> Any:
    """Return the clause for the bubble that a refusal is about, unless that try is past."""
    key = external_key(vault, status.channel, status.external_id)
    which = outbox.c.external_key == key
    if status.callback:
        unanswered = sa.and_(outbox.c.external_key.is_(None), ~outbox.c.refused_keys.contains(key))
        which = sa.and_(outbox.c.id == status.callback, sa.or_(which, unanswered))
    return sa.and_(which, outbox.c.state.in_((SENDING, UNKNOWN, SENT)))


def refused_now(connection: Connection, vault: Vault, status: Status) -> sa.engine.Row | None:
    """Lock and return the bubble that a refusal is about; None when that try is past."""
    this = sa.select(outbox).where(of_this_try(vault, status)).with_for_update()
    return connection.execute(this).first()


def past(vault: Vault, row: sa.engine.Row, status: Status) -> dict[str, Any]:
    """Return the values with which a bubble's try is past: nothing told of it counts any more."""
    key = external_key(vault, status.channel, status.external_id)
    return {"external_key": None, "refused_keys": (row.refused_keys + key)[-_KEYS_KEPT:]}


def hold(connection: Connection, vault: Vault, status: Status, now: datetime) -> None:
    """Queue a bubble again that was refused because of our account, and block the channel.

    It is no fault of the bubble's, so its tries begin anew.
    """
    row = refused_now(connection, vault, status)
    if row is not None:
        _again(connection, vault, row, status, 0, now, now)
        blocks.block(connection, status.channel, status.error_code, now)


def put_off(connection: Connection, vault: Vault, status: Status, now: datetime) -> None:
    """Queue a bubble again whose refusal is passing: 4^n seconds later, or fail after the last."""
    row = refused_now(connection, vault, status)
    if row is None:
        return
    if row.attempts >= ATTEMPTS:
        _fail(connection, outbox.c.id == row.id, status.error_code, now)
        return
    again = now + timedelta(seconds=rest(row.attempts))
    _again(connection, vault, row, status, row.attempts, again, now)


def _again(
    connection: Connection,
    vault: Vault,
    row: sa.engine.Row,
    status: Status,
    attempts: int,
    next_at: datetime,
    now: datetime,
) -> None:
    connection.execute(
        outbox.update()
        .where(outbox.c.id == row.id)
        .values(
            state=QUEUED,
            attempts=attempts,
            error_code=status.error_code,
            next_at=next_at,
            updated_at=now,
            **past(vault, row, status),
        )
    )


def _fail(connection: Connection, which: Any, code: int, now: datetime) -> bool:
    news = {"state": FAILED, "error_code": code, "updated_at": now, "sealed_body": LEFT}
    return bool(connection.execute(outbox.update().where(which).values(**news)).rowcount)
