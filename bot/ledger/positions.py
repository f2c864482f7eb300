"""The order of a conversation: each message of either side has a position of its own in it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import conversation


def allot(connection: Connection, conversation_id: str, now: datetime) -> int:
    """Return the next position of a conversation, whose row is held until the transaction ends.

    Whoever gets a higher position has waited for that end, so a reader who has seen 10 has seen
    all there will ever be up to 10.
    """
    this = conversation.c.id == conversation_id
    connection.execute(
        conversation.update().where(this).values(position=conversation.c.position + 1, moved_at=now)
    )
    return int(connection.execute(sa.select(conversation.c.position).where(this)).scalar_one())
