"""Persons who told the channel itself, not us, that they want no more broadcasts.

The channel refuses a bubble for it, in its answer or in a status, or in both. It counts as if they
had written it to us: a consent that is taken back, with the note that said so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Delivery, Status
from bot.ledger import consents, handover, notes, receipts
from bot.ledger.handover import Outgoing
from bot.ledger.tables import audit, conversation, outbox
from bot.privacy import Vault


def refused(
    connection: Connection, vault: Vault, outgoing: Outgoing, code: int, now: datetime
) -> None:
    """Record that a bubble was refused because its person wants no more of its kind."""
    handover.failed(connection, vault, outgoing, code, now)
    _end(connection, vault, outbox.c.id == outgoing.id, now)


def refused_by(connection: Connection, vault: Vault, status: Status, now: datetime) -> None:
    """Do so for a bubble whose refusal came as a status."""
    row = receipts.refused_now(connection, vault, status)
    if row is not None:
        receipts.apply_status(connection, vault, replace(status, state=Delivery.FAILED), now)
        _end(connection, vault, outbox.c.id == row.id, now)


def _end(connection: Connection, vault: Vault, which: Any, now: datetime) -> None:
    row = connection.execute(
        sa.select(outbox.c.id, outbox.c.conversation_id, conversation.c.person_id)
        .join(conversation, conversation.c.id == outbox.c.conversation_id)
        .where(which)
    ).first()
    if row is None:
        return
    key = vault.key("opt_out", row.id)
    note = notes.keep(connection, vault, key, row.conversation_id, now, now)
    if note is not None:
        consents.write(connection, row.person_id, note, False, now)
        audit_row = {"at": now, "kind": "opted_out", "person_id": row.person_id}
        connection.execute(audit.insert().values(**audit_row))
