"""The order of a conversation: each message of either side has a position of its own in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import some_at_once
from bot.ledger.tables import conversation

# Made once: they are executed for every message.
_THIS = conversation.c.id == sa.bindparam("whose")
_THESE = conversation.c.id.in_(sa.bindparam("whose", expanding=True))
_MOVED = {
    "position": conversation.c.position + sa.bindparam("count"),
    "moved_at": sa.bindparam("now"),
}
_MOVE, _MOVE_ALL = (conversation.update().where(which).values(_MOVED) for which in (_THIS, _THESE))
_READ = sa.select(conversation.c.position).where(_THIS)
_HOLD_ALL = (
    sa.select(conversation.c.id, conversation.c.position)
    .where(_THESE)
    .order_by(conversation.c.id)
    .with_for_update()
)


def allot(connection: Connection, conversation_id: str, now: datetime) -> int:
    """Return the next position of a conversation, whose row is held until the transaction ends.

    Whoever gets a higher position has waited for that end, so a reader who has seen 10 has seen
    all there will ever be up to 10.
    """
    values = {"whose": conversation_id, "count": 1, "now": now}
    connection.execute(_MOVE, values)
    return int(connection.execute(_READ, {"whose": conversation_id}).scalar_one())


def allot_all(connection: Connection, whose: Sequence[str], now: datetime) -> list[int]:
    """Return the next position of each of these conversations, one of which may come repeatedly."""
    counts = Counter(whose)
    last: dict[str, int] = {}
    # In one order, so that two who hold the same conversations do not wait for each other.
    for some in some_at_once(sorted(counts)):
        for row in connection.execute(_HOLD_ALL, {"whose": some}):
            last[row.id] = row.position
    alike = defaultdict[int, list[str]](list)
    for conversation_id, count in counts.items():
        alike[count].append(conversation_id)
    for count, ids in alike.items():
        for some in some_at_once(ids):
            connection.execute(_MOVE_ALL, {"whose": some, "count": count, "now": now})
    allotted = []
    for conversation_id in whose:
        last[conversation_id] += 1
        allotted.append(last[conversation_id])
    return allotted
