"""What an agent has begun to write on a ticket, kept until it is sent or emptied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import ticket, ticket_draft
from bot.privacy import Vault


def keep(
    connection: Connection, vault: Vault, number: str, agent_id: str, text: str, now: datetime
) -> None:
    """Keep the text in place of the one before; an empty one is forgotten."""
    drop(connection, vault, number, agent_id)
    found = connection.execute(sa.select(ticket.c.id).where(ticket.c.number == number)).scalar()
    if found is not None and text.strip():
        connection.execute(
            ticket_draft.insert().values(
                ticket_id=found,
                agent_id=agent_id,
                sealed_text=vault.seal({"text": text}),
                updated_at=now,
            )
        )


def read(connection: Connection, vault: Vault, number: str, agent_id: str) -> str:
    """Return what the agent has begun, or nothing."""
    sealed = connection.execute(
        sa.select(ticket_draft.c.sealed_text).where(*_of(number, agent_id))
    ).scalar()
    return str(vault.open(sealed)["text"]) if sealed is not None else ""


def drop(connection: Connection, vault: Vault, number: str, agent_id: str) -> None:
    """Forget it."""
    connection.execute(ticket_draft.delete().where(*_of(number, agent_id)))


def _of(number: str, agent_id: str) -> tuple[Any, Any]:
    ids = sa.select(ticket.c.id).where(ticket.c.number == number).scalar_subquery()
    return ticket_draft.c.ticket_id == ids, ticket_draft.c.agent_id == agent_id
