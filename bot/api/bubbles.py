"""Hands one bubble of the outbox to the program that opened the ticket.

A bubble is queued in the outbox as on every channel, so the desk shows it and how far it got. Here
it becomes an event of its ticket, in order with the others; when that has arrived, or is given up,
the bubble is marked delivered or failed. A program without a webhook reads it with GET.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.api.files import facts
from bot.clock import Clock
from bot.errors import Permanent
from bot.ledger import announcements, api_clients, attachments
from bot.ledger.api_clients import Scope
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from bot.ledger.tables import COMPLAINTS, ticket
from bot.live.wake import Wake
from bot.privacy import Vault


class ApiOut:
    """Turns bubbles into events.

    Args:
        ledger: Where both are.
        wake: Rung when there is an event.
        clock: The time.
    """

    def __init__(self, ledger: Ledger, wake: Wake, clock: Clock) -> None:
        self._ledger = ledger
        self._wake = wake
        self._clock = clock

    async def __call__(self, outgoing: Outgoing) -> str:
        """Hand it over and return its id.

        Raises:
            Permanent: The program is disabled, or may not read what has become a complaint.
        """
        if not await self._ledger.run(_hand_over, outgoing, self._clock()):
            raise Permanent(0, "nobody may read it")
        self._wake.ring("deliveries")
        return outgoing.id


def _hand_over(connection: Connection, vault: Vault, outgoing: Outgoing, now: datetime) -> bool:
    # Locked, so that this event comes behind those of changes that were made before.
    row = connection.execute(
        sa.select(ticket)
        .where(ticket.c.conversation_id == outgoing.conversation_id)
        .with_for_update()
    ).one()
    client = api_clients.find(connection, vault, row.client_id)
    if client is None or client.disabled:
        return False
    if row.service == COMPLAINTS and Scope.COMPLAINTS not in client.scopes:
        return False
    sent = attachments.of(connection, vault, outgoing.reply.attachments)
    beneath = [facts(file) for file in sent]
    announcements.tell(
        connection, vault, row._mapping, outgoing.id, outgoing.reply.text, beneath, now
    )
    return True
