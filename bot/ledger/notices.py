"""Which privacy notice somebody was shown, and when: the audit trail is the proof."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import audit, conversation
from bot.privacy import Vault


def shown(
    connection: Connection, vault: Vault, conversation_id: str, version: str, now: datetime
) -> None:
    """Write down that the person of a conversation is shown a version with this very turn."""
    this = conversation.c.id == conversation_id
    connection.execute(conversation.update().where(this).values(notice=version))
    person_id = connection.execute(sa.select(conversation.c.person_id).where(this)).scalar_one()
    write(connection, person_id, version, now)


def write(connection: Connection, person_id: str, version: str, now: datetime) -> None:
    """Add a line to the audit trail."""
    connection.execute(audit.insert().values(at=now, kind=f"notice {version}", person_id=person_id))
