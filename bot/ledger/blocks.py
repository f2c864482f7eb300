"""A channel that refuses our account: one bubble a minute tries it, everything else waits.

A refusal may come as the answer to a call or, after the call was accepted, as a status. So that a
bubble was accepted proves little: the block is lifted when the one that tried it still stands a
minute later. It is in the ledger, so all senders heed it and nobody has to be told.

    free ──(refused)──> blocked ──(a minute)──> one bubble tries
                           ^                        │
                           ├──(refused again)───────┤
                           └─                       └──(a minute, not refused)──> free
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import insert_once
from bot.ledger.outbox import SENDING, SENT, UNKNOWN
from bot.ledger.tables import channel_block, outbox
from bot.privacy import Vault

REST = timedelta(seconds=60)
"""Between two tries."""
_ACCEPTED = (SENT, "delivered", "read")


@dataclass(frozen=True)
class Gates:
    """The channels that are not free.

    Attributes:
        closed: Through these nothing may go.
        trial: Through these one bubble may go, to try them.
    """

    closed: tuple[str, ...] = ()
    trial: tuple[str, ...] = ()


def block(connection: Connection, channel: str, code: int, now: datetime) -> None:
    """Block a channel whose provider refuses our account; code 0 if it gave none."""
    news = {"code": code, "until": now + REST, "probe": None}
    if not insert_once(connection, channel_block, {"channel": channel, "since": now, **news}):
        this = channel_block.c.channel == channel
        connection.execute(channel_block.update().where(this).values(**news))


def gates(connection: Connection, vault: Vault, now: datetime) -> Gates:
    """Return which channels are not free now; lift the blocks that have proved to be over."""
    blocked = connection.execute(_ALL).all()
    if not blocked:
        return Gates()
    closed, trial = [], []
    for row in blocked:
        if row.until > now:
            closed.append(row.channel)
            continue
        state = connection.execute(_STATE, {"which": row.probe}).scalar() if row.probe else None
        if state in _ACCEPTED:
            connection.execute(_LIFT, {"which": row.channel})
        elif state in (SENDING, UNKNOWN):
            closed.append(row.channel)
        else:
            trial.append(row.channel)
    return Gates(tuple(closed), tuple(trial))


def tries(connection: Connection, channel: str, outbox_id: str, now: datetime) -> None:
    """Note that a bubble tries a blocked channel; a minute later its state tells."""
    probing = {"which": channel, "probe": outbox_id, "until": now + REST}
    connection.execute(_TRY, probing)


_ALL = sa.select(channel_block)
_STATE = sa.select(outbox.c.state).where(outbox.c.id == sa.bindparam("which"))
_THIS = channel_block.c.channel == sa.bindparam("which")
_LIFT = channel_block.delete().where(_THIS)
_TRY = channel_block.update().where(_THIS)
