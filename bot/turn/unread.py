"""What cannot be read is answered once, however often it is sent in a row.

Each sentence is a bubble of its own, which costs money, and who sends ten stickers has understood
the first.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Kind
from bot.ledger.claims import Claim
from bot.ledger.database import Ledger
from bot.ledger.inbox import SILENT
from bot.ledger.tables import inbox
from bot.ledger.unit_of_work import UnitOfWork
from bot.privacy import Vault
from bot.turn.late import Respond

AGAIN = timedelta(minutes=5)
"""After how long without such a message it is answered anew."""


class Unread:
    """Lets a message pass unless it repeats one that cannot be read.

    Args:
        ledger: Where the message before is.
        respond: The dialogue.
    """

    def __init__(self, ledger: Ledger, respond: Respond) -> None:
        self._ledger = ledger
        self._respond = respond

    async def __call__(self, work: UnitOfWork) -> None:
        """Respond, or leave the conversation as it is."""
        claim = work.claim
        if claim.message.kind is Kind.OTHER and await self._ledger.run(_repeats, claim):
            work.state = claim.state
        else:
            await self._respond(work)


def _repeats(connection: Connection, vault: Vault, claim: Claim) -> bool:
    """Say whether the message before was of the same kind and type, and not long ago."""
    this = sa.select(inbox.c.position).where(inbox.c.id == claim.inbox_id).scalar_subquery()
    before = connection.execute(
        sa.select(inbox.c.received_at, inbox.c.sealed_body)
        .where(
            inbox.c.conversation_id == claim.conversation_id,
            inbox.c.position < this,
            inbox.c.state != SILENT,
        )
        .order_by(inbox.c.position.desc())
        .limit(1)
    ).first()
    if before is None or claim.received_at - before.received_at >= AGAIN:
        return False
    body, message = vault.open(before.sealed_body), claim.message
    return bool((body["kind"], body["type"]) == (message.kind.value, message.type))
