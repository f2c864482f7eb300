"""Under which id a channel knows a file of ours, so that sending it twice uploads it once."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import attachment
from bot.privacy import Vault

LIVES = timedelta(days=29)
"""So long an upload is used; WhatsApp keeps it for 30 days."""


def known(connection: Connection, vault: Vault, id: str, now: datetime) -> str | None:
    """Return the channel's id of a file, if it was uploaded and is still good."""
    sealed = connection.execute(
        sa.select(attachment.c.sealed_source).where(
            attachment.c.id == id, attachment.c.uploaded_at > now - LIVES
        )
    ).scalar()
    return str(vault.open(sealed)["upload"]) if sealed else None


def keep(connection: Connection, vault: Vault, id: str, upload: str, now: datetime) -> None:
    """Record the channel's id of a file."""
    connection.execute(
        attachment.update()
        .where(attachment.c.id == id)
        .values(sealed_source=vault.seal({"upload": upload}), uploaded_at=now)
    )
