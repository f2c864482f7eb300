"""A message that failed is queued anew, as a change of its ticket."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.confidence import readable
from bot.ledger.outbox import ANSWER, FAILED, enqueue
from bot.ledger.spoken import read_reply
from bot.ledger.tables import outbox
from bot.ledger.window import waits
from bot.privacy import Vault
from bot.templates import Occasion, Templates
from bot.tickets.life import ChangeRefused
from bot.tickets.record import Seen, lock, tell, write


def resend(
    connection: Connection,
    vault: Vault,
    seen: Seen,
    templates: Templates,
    outbox_id: str,
) -> None:
    """Queue the same bubble once more; the failed one stays where it is.

    While the channel takes no free text its template goes out, and the bubble waits behind it.

    Raises:
        ChangeRefused: It did not fail, is not of this conversation, announces what the person has
            read by now, or is a broadcast, which needs its own approval (``unknown``).
    """
    row = lock(connection, seen)
    bubble = connection.execute(
        sa.select(outbox.c.sealed_body).where(
            outbox.c.id == outbox_id,
            outbox.c.conversation_id == row.conversation_id,
            outbox.c.state == FAILED,
            outbox.c.priority == ANSWER,
            readable(outbox, row.id),
        )
    ).scalar()
    if bubble is None:
        raise ChangeRefused("unknown")
    reply, told = read_reply(vault.open(bubble)), {}
    if reply.template is not None:
        if reply.choices and not waits(connection, vault, row.conversation_id):
            raise ChangeRefused("unknown")
        enqueue(connection, vault, row.conversation_id, None, reply, seen.now, matter=row.id)
    else:
        otherwise = reply.otherwise or templates.reply(Occasion.MESSAGE)
        told = tell(connection, vault, row, replace(reply, otherwise=otherwise), seen.now)
    write(connection, vault, row, seen, "resent", {}, told)
