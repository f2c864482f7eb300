"""Bubbles on their way to a channel: taken in order, tried, settled or put back.

Answers and news of tickets go before broadcasts. Within a conversation the order stays, so what
stands before an answer is as urgent as the answer.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply, Sender
from bot.ledger import blocks
from bot.ledger.inbox import trace_of
from bot.ledger.outbox import (
    ANSWER,
    DROPPED,
    FAILED,
    LEFT,
    QUEUED,
    SENDING,
    SENT,
    UNKNOWN,
    UNSETTLED,
    WITHDRAWN,
)
from bot.ledger.spoken import external_key, read_reply
from bot.ledger.tables import Moment, conversation, inbox, outbox, person
from bot.privacy import Vault

log = logging.getLogger(__name__)

STALE = timedelta(minutes=3)
"""Far longer than handing a bubble over can take."""
ATTEMPTS = 12
"""With the sender's back-off about a quarter of an hour, then a bubble fails visibly."""
REPEATS = 2
"""How often a bubble is sent again of which nobody knows whether it was shown; then it fails."""
LONGEST_REST = 256.0
"""Seconds; what a channel refuses for now rests 1, 4, 16, 64, and then so long."""
_UNREADABLE = timedelta(minutes=1)

# Made once, like all statements of every message: to make one costs more than to execute it.
_THIS = outbox.update().where(outbox.c.id == sa.bindparam("which"))
_HANDED_OVER = outbox.c.state.in_((SENDING, UNKNOWN))


def _if_handed_over(value: Any, otherwise: Any) -> Any:
    return sa.case((_HANDED_OVER, value), else_=otherwise)


# A status may have been quicker than the answer to the call: then only the id is new.
_ACCEPTED = _THIS.values(
    external_key=sa.bindparam("key"),
    state=_if_handed_over(SENT, outbox.c.state),
    error_code=_if_handed_over(0, outbox.c.error_code),
    updated_at=_if_handed_over(sa.bindparam("at", type_=Moment), outbox.c.updated_at),
)
_TRIED = _THIS.values(
    state=SENDING,
    sender=sa.bindparam("by"),
    attempts=outbox.c.attempts + 1,
    repeats=outbox.c.repeats + sa.bindparam("again", type_=sa.Integer),
    updated_at=sa.bindparam("at"),
)


def _first_open() -> sa.sql.Select:
    earlier, later = outbox.alias("earlier"), outbox.alias("later")
    is_first = ~sa.exists().where(
        earlier.c.conversation_id == outbox.c.conversation_id,
        earlier.c.position < outbox.c.position,
        sa.text("earlier.state IN ('queued', 'sending', 'unknown')"),
    )
    holds_up_an_answer = sa.exists().where(
        later.c.conversation_id == outbox.c.conversation_id,
        later.c.position > outbox.c.position,
        later.c.priority == ANSWER,
        sa.text("later.state IN ('queued', 'sending', 'unknown')"),
    )
    urgency = sa.case(
        (outbox.c.priority == ANSWER, ANSWER),
        (holds_up_an_answer, ANSWER),
        else_=outbox.c.priority,
    )
    answered = outbox.outerjoin(inbox, inbox.c.id == outbox.c.inbox_id)
    return (
        sa.select(
            outbox,
            LEFT.label("left"),
            person.c.channel,
            person.c.sealed_address,
            inbox.c.sealed_body.label("sealed_question"),
            inbox.c.message_key,
        )
        .select_from(answered)
        .join(conversation, conversation.c.id == outbox.c.conversation_id)
        .join(person, person.c.id == conversation.c.person_id)
        .where(
            UNSETTLED,
            outbox.c.state.in_((QUEUED, UNKNOWN)),
            outbox.c.next_at <= sa.bindparam("now"),
            is_first,
        )
        .order_by(urgency, outbox.c.next_at)
        .limit(sa.bindparam("limit", type_=sa.Integer))
        .with_for_update(skip_locked=True, of=outbox)
    )


_DUE = _first_open()
_DUE_BUT = _DUE.where(person.c.channel.not_in(sa.bindparam("channels", expanding=True)))
_DUE_OF = _DUE.where(person.c.channel == sa.bindparam("channel"))


@dataclass(frozen=True)
class Outgoing:
    """A bubble that this sender must hand over now.

    Attributes:
        id: The row; also the callback key that comes back with statuses.
        conversation_id: To whom.
        channel: Through which channel.
        to: The person's address there.
        reply: The bubble.
        reply_to: The provider's id of the message it answers, if any.
        attempts: How often it has been tried, this time included.
        repeats: How often it was sent again although it may have been shown, this time included.
        trace: In the log, the name of the message that it answers, or else its own.
    """

    id: str
    conversation_id: str
    channel: str
    to: Sender
    reply: Reply
    reply_to: str | None
    attempts: int
    repeats: int = 0
    trace: str = ""


def take(
    connection: Connection, vault: Vault, sender: str, now: datetime, limit: int
) -> list[Outgoing]:
    """Mark the first open bubble of each conversation as being sent, if it is due.

    A conversation whose first open bubble is under way, unknown or resting is passed over, so
    bubbles leave in order. Through a channel that refuses our account goes one bubble a minute.
    """
    gates = blocks.gates(connection, vault, now)
    due = {"now": now, "limit": limit}
    if not gates.closed and not gates.trial:
        rows = connection.execute(_DUE, due).all()
    else:
        rows = connection.execute(_DUE_BUT, {**due, "channels": gates.closed + gates.trial}).all()
        for channel in gates.trial:
            for row in connection.execute(_DUE_OF, {**due, "channel": channel, "limit": 1}).all():
                blocks.tries(connection, channel, row.id, now)
                rows.append(row)
    taken = [_take_one(connection, vault, row, sender, now) for row in rows]
    return [outgoing for outgoing in taken if outgoing is not None]


def _take_one(
    connection: Connection, vault: Vault, row: Any, sender: str, now: datetime
) -> Outgoing | None:
    if row.priority == WITHDRAWN:
        connection.execute(_THIS, {"which": row.id, "state": DROPPED, "updated_at": now})
        return None
    if row.state == UNKNOWN and row.repeats >= REPEATS:
        connection.execute(
            _THIS, {"which": row.id, "state": FAILED, "updated_at": now, "sealed_body": row.left}
        )
        return None
    try:
        outgoing = _read(vault, row)
    except Exception:
        # Nobody else waits for a bubble that cannot be read.
        log.exception("bubble cannot be read", extra={"outbox": row.id})
        connection.execute(_THIS, {"which": row.id, "next_at": now + _UNREADABLE})
        return None
    again = outgoing.repeats - row.repeats
    connection.execute(_TRIED, {"which": row.id, "by": sender, "again": again, "at": now})
    return outgoing


def _read(vault: Vault, row: Any) -> Outgoing:
    asked = vault.open(row.sealed_question) if row.sealed_question else None
    return Outgoing(
        id=row.id,
        conversation_id=row.conversation_id,
        channel=row.channel,
        to=Sender(**vault.open(row.sealed_address)),
        reply=read_reply(vault.open(row.sealed_body)),
        reply_to=str(asked["external_id"]) if asked else None,
        attempts=row.attempts + 1,
        # A row that is still unknown when it falls due again has had no news: it is repeated.
        repeats=row.repeats + (1 if row.state == UNKNOWN else 0),
        trace=trace_of(row.message_key) if asked else row.id,
    )


def sent(
    connection: Connection, vault: Vault, outgoing: Outgoing, external_id: str, now: datetime
) -> None:
    """Record that the channel accepted a bubble under its own id."""
    key = external_key(vault, outgoing.channel, external_id)
    connection.execute(_ACCEPTED, {"which": outgoing.id, "key": key, "at": now})


def postpone(
    connection: Connection,
    vault: Vault,
    outgoing: Outgoing,
    state: str,
    code: int,
    next_at: datetime,
    now: datetime,
    counted: bool = True,
) -> None:
    """Put a bubble back as queued or unknown until `next_at`; uncounted if it is not at fault."""
    connection.execute(
        outbox.update()
        .where(outbox.c.id == outgoing.id, outbox.c.state == SENDING)
        .values(
            state=state,
            attempts=outbox.c.attempts - (0 if counted else 1),
            error_code=code,
            next_at=next_at,
            updated_at=now,
        )
    )


def failed(
    connection: Connection, vault: Vault, outgoing: Outgoing, code: int, now: datetime
) -> None:
    """Record that a bubble will never be accepted; it stays visible."""
    refused = _THIS.where(outbox.c.state == SENDING)
    news = {"state": FAILED, "error_code": code, "updated_at": now, "sealed_body": LEFT}
    connection.execute(refused.values(**news), {"which": outgoing.id})


def rest(attempts: int) -> float:
    """Return the seconds that a bubble rests after a passing refusal: 4^n, as Meta advises."""
    return min(4.0 ** (attempts - 1), LONGEST_REST)


def refused(
    connection: Connection, vault: Vault, outgoing: Outgoing, code: int, now: datetime
) -> None:
    """Keep a bubble whose channel refuses our account, and block the channel until it is mended."""
    postpone(connection, vault, outgoing, QUEUED, code, now, now, counted=False)
    blocks.block(connection, outgoing.channel, code, now)


def recover(
    connection: Connection, vault: Vault, senders: list[str], now: datetime, wait: timedelta
) -> int:
    """Turn what dead senders were handing over into *unknown*; return how many there were.

    A sender of another machine tells nobody that it died: what it has had for very long counts
    as unknown too.
    """
    recovered = connection.execute(
        outbox.update()
        .where(
            UNSETTLED,
            outbox.c.state == SENDING,
            sa.or_(outbox.c.sender.in_(senders), outbox.c.updated_at <= now - STALE),
        )
        .values(state=UNKNOWN, next_at=now + wait, updated_at=now)
    )
    return int(recovered.rowcount)


def senders(connection: Connection, vault: Vault) -> list[str]:
    """Return everybody who is handing a bubble over."""
    rows = connection.execute(
        sa.select(outbox.c.sender).where(UNSETTLED, outbox.c.state == SENDING).distinct()
    )
    return [str(row.sender) for row in rows]
