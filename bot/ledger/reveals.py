"""Who looked at a person's data in the clear, or took a file of theirs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import audit, conversation, ticket
from bot.privacy import Vault

KIND, DOWNLOAD = "reveal", "download"
"""The audit trail's words for it."""


def write(
    connection: Connection,
    vault: Vault,
    number: str,
    agent_id: str,
    now: datetime,
    file: str | None = None,
) -> None:
    """Write down that an agent saw the data of a ticket's person unmasked, or took a file."""
    row = connection.execute(
        sa.select(ticket.c.id, conversation.c.person_id)
        .join(conversation, conversation.c.id == ticket.c.conversation_id)
        .where(ticket.c.number == number)
    ).one()
    connection.execute(
        audit.insert().values(
            at=now,
            kind=KIND if file is None else DOWNLOAD,
            person_id=row.person_id,
            agent_id=agent_id,
            ticket_id=row.id,
            attachment_id=file,
        )
    )
