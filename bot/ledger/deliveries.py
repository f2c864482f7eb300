"""Events on their way to other programs: taken in order, delivered at least once.

    open ──> done
     └─────> dead (after a day, or withheld because the ticket has become a complaint)

Whoever takes a row has it for `LEASE`: it is put off so far, and should its process die it falls
due again by itself. The receiver knows a repetition by the event's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Delivery as Step
from bot.channels.message import Status
from bot.ledger import receipts
from bot.ledger.announcements import MESSAGE, OPEN
from bot.ledger.subscribers import signing
from bot.ledger.tables import COMPLAINTS, delivery, subscriber, ticket
from bot.privacy import Vault

LEASE = timedelta(seconds=30)
"""Far longer than one delivery can take (10 s)."""
DONE, DEAD = "done", "dead"
WITHHELD = "withheld"
API = "api"
"""The channel whose bubbles are delivered so."""


@dataclass(frozen=True)
class Parcel:
    """An event to be delivered now.

    Attributes:
        row: Its row.
        event_id: Its id, the same with every try and for every subscriber.
        subscriber: To whom.
        url: Where to; empty when the settings know.
        secrets: What signs it, the newest first.
        kind: Its type.
        body: The event.
        attempts: How often it has been tried, this time included.
        created_at: When it was written.
    """

    row: int
    event_id: str
    subscriber: str
    url: str
    secrets: tuple[str, ...]
    kind: str
    body: dict[str, Any]
    attempts: int
    created_at: datetime


def take(
    connection: Connection, vault: Vault, now: datetime, under_way: Mapping[str, int], each: int
) -> list[Parcel]:
    """Lease the first open event of each ticket and subscriber, if it is due.

    Args:
        connection: The open transaction.
        vault: Opens the events.
        now: The moment.
        under_way: How many events of a subscriber are being delivered already.
        each: How many there may be of one subscriber, so that a slow one holds up nobody else.
    """
    taken: list[Parcel] = []
    listening = sa.select(subscriber).where(subscriber.c.disabled_at.is_(None))
    for one in connection.execute(listening).all():
        free = each - under_way.get(one.id, 0)
        for row in _due(connection, one.id, now, free) if free > 0 else ():
            connection.execute(
                delivery.update()
                .where(delivery.c.id == row.id)
                .values(attempts=row.attempts + 1, next_at=now + LEASE, updated_at=now)
            )
            parcel = _parcel(vault, one, row, now)
            if row.service == COMPLAINTS and not one.hears_complaints:
                dead(connection, vault, parcel, WITHHELD, now)
            else:
                taken.append(parcel)
    return taken


def _due(connection: Connection, subscriber_id: str, now: datetime, limit: int) -> list[Any]:
    earlier = delivery.alias("earlier")
    is_first = ~sa.exists().where(
        earlier.c.subscriber_id == delivery.c.subscriber_id,
        earlier.c.ticket_id == delivery.c.ticket_id,
        earlier.c.id < delivery.c.id,
        sa.text("earlier.state = 'open'"),
    )
    return list(
        connection.execute(
            sa.select(delivery, ticket.c.service)
            .join(ticket, ticket.c.id == delivery.c.ticket_id)
            .where(
                sa.text("delivery.state = 'open'"),
                delivery.c.subscriber_id == subscriber_id,
                delivery.c.next_at <= now,
                is_first,
            )
            .order_by(delivery.c.next_at, delivery.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=delivery)
        )
    )


def _parcel(vault: Vault, one: Any, row: Any, now: datetime) -> Parcel:
    return Parcel(
        row=row.id,
        event_id=row.event_id,
        subscriber=one.id,
        url=one.url,
        secrets=signing(vault, one.sealed_secrets, now),
        kind=row.kind,
        body=vault.open(row.sealed_body),
        attempts=row.attempts + 1,
        created_at=row.created_at,
    )


def done(connection: Connection, vault: Vault, parcel: Parcel, now: datetime) -> None:
    """Record that an event has arrived."""
    _settle(connection, vault, parcel, DONE, "", now)


def dead(connection: Connection, vault: Vault, parcel: Parcel, error: str, now: datetime) -> None:
    """Record that an event is given up; it stays visible, and the next one of its ticket goes."""
    _settle(connection, vault, parcel, DEAD, error, now)


def postpone(
    connection: Connection, vault: Vault, parcel: Parcel, error: str, next_at: datetime
) -> None:
    """Put an event off, unless somebody else has it by now."""
    connection.execute(
        delivery.update().where(*_still_ours(parcel)).values(next_at=next_at, error=error[:32])
    )


def revive(connection: Connection, vault: Vault, subscriber_id: str, now: datetime) -> int:
    """Try all given up events of a subscriber again, for another day; return how many."""
    revived = connection.execute(
        delivery.update()
        .where(
            delivery.c.subscriber_id == subscriber_id,
            delivery.c.state == DEAD,
            delivery.c.error != WITHHELD,
        )
        .values(state=OPEN, attempts=0, next_at=now, created_at=now, updated_at=now)
    )
    return int(revived.rowcount)


def counts(connection: Connection, vault: Vault) -> dict[tuple[str, str], int]:
    """Count the events by subscriber and state; those withheld on purpose are left out."""
    rows = connection.execute(
        sa.select(delivery.c.subscriber_id, delivery.c.state, sa.func.count())
        .where(delivery.c.error != WITHHELD)
        .group_by(delivery.c.subscriber_id, delivery.c.state)
    )
    return {(subscriber_id, state): int(number) for subscriber_id, state, number in rows}


def totals(connection: Connection, vault: Vault) -> dict[str, int]:
    """Count the events that wait and those that were given up, for who watches the system."""
    found = dict.fromkeys((OPEN, DEAD), 0)
    rows = connection.execute(
        sa.select(delivery.c.state, sa.func.count())
        .where(delivery.c.state.in_(found), delivery.c.error != WITHHELD)
        .group_by(delivery.c.state)
    )
    return {**found, **{state: int(number) for state, number in rows}}


def _still_ours(parcel: Parcel) -> tuple[Any, ...]:
    return (
        delivery.c.id == parcel.row,
        delivery.c.state == OPEN,
        delivery.c.attempts == parcel.attempts,
    )


def _settle(
    connection: Connection, vault: Vault, parcel: Parcel, state: str, error: str, now: datetime
) -> None:
    settled = connection.execute(
        delivery.update()
        .where(*_still_ours(parcel))
        .values(state=state, error=error[:32], updated_at=now)
    )
    if settled.rowcount and parcel.kind == MESSAGE:
        step = Step.DELIVERED if state == DONE else Step.FAILED
        status = Status(API, parcel.subscriber, parcel.event_id, step, now, parcel.event_id)
        receipts.apply_status(connection, vault, status, now)
