"""The order of a conversation: each message of either side has a position of its own in it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import conversation

# Made once: they are executed for every message.
_THIS = conversation.c.id == sa.bindparam("whose")
_MOVE = (
    conversation.update()
    .where(_THIS)
    .values(position=conversation.c.position + sa.bindparam("count"), moved_at=sa.bindparam("now"))
)
_READ = sa.select(conversation.c.position).where(_THIS)


def allot(connection: Connection, conversation_id: str, now: datetime, count: int = 1) -> int:
    """Return the next position of a conversation, whose row is held until the transaction ends.

    Of several it is the last; the others come before it.

    Whoever gets a higher position has waited for that end, so a reader who has seen 10 has seen
    all there will ever be up to 10.
    """
    values = {"whose": conversation_id, "count": count, "now": now}
    connection.execute(_MOVE, values)
    return int(connection.execute(_READ, {"whose": conversation_id}).scalar_one())
