"""A message that failed is queued anew, as a change of its ticket."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.confidence import readable
from bot.ledger.outbox import FAILED, enqueue, read_reply
from bot.ledger.tables import outbox
from bot.privacy import Vault
from bot.tickets.life import ChangeRefused
from bot.tickets.record import Seen, lock, window_is_open, write


def resend(connection: Connection, vault: Vault, seen: Seen, outbox_id: str) -> None:
    """Queue the same bubble once more; the failed one stays where it is.

    Raises:
        ChangeRefused: It did not fail or is not of this conversation (``unknown``), or the
            channel takes no free text now (``window``).
    """
    row = lock(connection, seen)
    bubble = connection.execute(
        sa.select(outbox.c.sealed_body).where(
            outbox.c.id == outbox_id,
            outbox.c.conversation_id == row.conversation_id,
            outbox.c.state == FAILED,
            readable(outbox, row.id),
        )
    ).scalar()
    if bubble is None:
        raise ChangeRefused("unknown")
    if not window_is_open(connection, row, seen.now):
        raise ChangeRefused("window")
    reply = read_reply(vault.open(bubble))
    enqueue(connection, vault, row.conversation_id, None, reply, seen.now, row.id)
    write(connection, vault, row, seen, "resent", {})
