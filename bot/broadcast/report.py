"""What the desk reads of broadcasts: the list, one of them, and how far each recipient is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.broadcast.life import Reach, Skip, State
from bot.channels.message import Reply
from bot.ledger import outbox as bubbles
from bot.ledger import spoken
from bot.ledger.tables import (
    agent,
    broadcast,
    broadcast_event,
    broadcast_recipient,
    outbox,
    ticket,
)
from bot.privacy import Vault, mask_number

_SHOWN = 100
"""Broadcasts in the list."""
_TOLD = ("sent", "delivered", "read", "failed")
_DROPPED = sa.func.coalesce(outbox.c.state, "") == bubbles.DROPPED
_STATE = sa.case(
    (outbox.c.state.in_(_TOLD), outbox.c.state),
    (_DROPPED, Reach.SKIPPED.value),
    else_=broadcast_recipient.c.state,
)
_its = broadcast.alias("its")
_STOPPED = sa.exists().where(
    _its.c.id == broadcast_recipient.c.broadcast_id, _its.c.state == State.STOPPED.value
)
_REASON = sa.case(
    (sa.and_(_DROPPED, _STOPPED), Skip.STOPPED.value),
    # Otherwise its person has taken the consent back, or has another number, meanwhile.
    (_DROPPED, Skip.REVOKED.value),
    else_=broadcast_recipient.c.reason,
)


@dataclass(frozen=True)
class Event:
    """Something that was done; `actor` is a name, or ``nindy``."""

    state: State
    at: datetime
    actor: str
    note: str


@dataclass(frozen=True)
class Line:
    """A broadcast in the list.

    Attributes:
        id: Its number.
        version: Counted up by every change.
        number: The ticket that asks for it.
        reply: What is sent.
        state: How far it is.
        author: Who wrote it last.
        created_at: When it was begun.
    """

    id: int
    version: int
    number: str
    reply: Reply
    state: State
    author: str
    created_at: datetime


@dataclass(frozen=True)
class Recipient:
    """How far one recipient is.

    Attributes:
        phone: Masked; empty for who hides the number.
        state: ``waiting``, ``queued``, ``sent``, ``delivered``, ``read``, ``failed``, ``skipped``.
        reason: Why skipped (`Skip`).
        code: WhatsApp's code when it failed.
        queued_at: When it went into the outbox.
    """

    phone: str
    state: str
    reason: str
    code: int
    queued_at: datetime | None


@dataclass(frozen=True)
class Dossier:
    """Everything about one broadcast.

    Attributes:
        line: What the list shows.
        group: The user group that asks (D.2), where known.
        events: What was done, oldest first.
        writers: Who wrote on it, by id; they cannot approve.
        counts: Recipients by state and reason, the latter empty unless skipped.
        failures: Those that failed, by WhatsApp's code.
    """

    line: Line
    group: int | None
    events: tuple[Event, ...]
    writers: frozenset[str]
    counts: dict[tuple[str, str], int]
    failures: dict[int, int]


_LINES = (
    sa.select(broadcast, ticket.c.number, ticket.c.user_group, agent.c.name.label("author"))
    .join(ticket, ticket.c.id == broadcast.c.ticket_id)
    .join(agent, agent.c.id == broadcast.c.author_id)
    .order_by(broadcast.c.id.desc())
)


def lines(connection: Connection, vault: Vault, number: str | None = None) -> list[Line]:
    """Return the broadcasts, of a ticket if it is named, the newest first."""
    wanted = _LINES if number is None else _LINES.where(ticket.c.number == number)
    return [_line(vault, row) for row in connection.execute(wanted.limit(_SHOWN)).all()]


def read(connection: Connection, vault: Vault, id: int) -> Dossier | None:
    """Return a broadcast; None when there is none of this number."""
    row = connection.execute(_LINES.where(broadcast.c.id == id)).first()
    if row is None:
        return None
    events = connection.execute(
        sa.select(broadcast_event)
        .where(broadcast_event.c.broadcast_id == id)
        .order_by(broadcast_event.c.id)
    ).all()
    names = dict(connection.execute(sa.select(agent.c.id, agent.c.name)).all())
    who = [one.actor.partition(":")[2] for one in events]
    return Dossier(
        _line(vault, row),
        row.user_group,
        tuple(
            Event(
                State(one.state),
                one.at,
                names.get(id, one.actor),
                vault.open(one.sealed_note) if one.sealed_note else "",
            )
            for id, one in zip(who, events, strict=True)
        ),
        frozenset(
            id
            for id, one in zip(who, events, strict=True)
            if one.state in (State.DRAFT, State.SUBMITTED)
        ),
        _counts(connection, id),
        _failures(connection, id),
    )


def recipients(
    connection: Connection, vault: Vault, id: int, most: int | None = None
) -> list[Recipient]:
    """Return the recipients in the order in which they are written to; all, or the first."""
    columns = (
        broadcast_recipient.c.sealed_phone,
        _STATE.label("state"),
        _REASON.label("reason"),
        outbox.c.error_code,
        broadcast_recipient.c.queued_at,
    )
    return [
        Recipient(
            mask_number(vault.open(row.sealed_phone)),
            row.state,
            row.reason,
            row.error_code or 0,
            row.queued_at,
        )
        for row in connection.execute(
            _of(id, *columns).order_by(broadcast_recipient.c.id).limit(most)
        )
    ]


def _counts(connection: Connection, id: int) -> dict[tuple[str, str], int]:
    state, reason = _STATE.label("state"), _REASON.label("reason")
    rows = connection.execute(
        _of(id, state, reason, sa.func.count().label("many")).group_by(state, reason)
    )
    return {(row.state, row.reason): int(row.many) for row in rows}


def _failures(connection: Connection, id: int) -> dict[int, int]:
    columns = (outbox.c.error_code, sa.func.count().label("many"))
    failed = _of(id, *columns).where(outbox.c.state == bubbles.FAILED)
    rows = connection.execute(failed.group_by(outbox.c.error_code))
    return {int(row.error_code or 0): int(row.many) for row in rows}


def _of(id: int, *columns: Any) -> Any:
    joined = broadcast_recipient.outerjoin(outbox, outbox.c.id == broadcast_recipient.c.outbox_id)
    return sa.select(*columns).select_from(joined).where(broadcast_recipient.c.broadcast_id == id)


def _line(vault: Vault, row: Any) -> Line:
    return Line(
        row.id,
        row.version,
        row.number,
        spoken.read_reply(vault.open(row.sealed_reply)),
        State(row.state),
        row.author,
        row.created_at,
    )
