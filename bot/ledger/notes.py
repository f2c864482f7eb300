"""What a channel tells about a person; kept among their messages, but never answered."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import insert_once
from bot.ledger.tables import inbox
from bot.privacy import Vault


def keep(
    connection: Connection,
    vault: Vault,
    key: str,
    conversation_id: str,
    at: datetime,
    now: datetime,
) -> int | None:
    """Keep a note and return its id; None when it was told before.

    Args:
        connection: The open transaction.
        vault: Seals it.
        key: What it is known by, keyed.
        conversation_id: Whose it is.
        at: The channel's time.
        now: The moment.
    """
    new = insert_once(
        connection,
        inbox,
        {
            "message_key": key,
            "conversation_id": conversation_id,
            "sent_at": at,
            "received_at": now,
            "sealed_body": vault.seal({"text": ""}),
            "state": "silent",
            "claims": 0,
            "failures": 0,
        },
    )
    this = sa.select(inbox.c.id).where(inbox.c.message_key == key)
    return int(connection.execute(this).scalar_one()) if new else None
