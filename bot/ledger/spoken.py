"""What was said to a person, read again: by who hands it over, and by a later turn."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Choice, Inbound, Reply, Template
from bot.ledger.tables import conversation, outbox, person
from bot.privacy import Vault


def read_reply(body: dict[str, Any]) -> Reply:
    """Read a bubble as it was sealed."""
    # Bubbles of earlier versions know neither files nor templates nor notices.
    template, otherwise = body.get("template"), body.get("otherwise")
    return Reply(
        body["text"],
        tuple(Choice(**one) for one in body["choices"]),
        body["menu"],
        tuple(body.get("attachments", ())),
        Template(**template) if template else None,
        read_reply(otherwise) if otherwise else None,
        body.get("beneath", ""),
    )


def quoted(connection: Connection, vault: Vault, conversation_id: str, message: Inbound) -> str:
    """Return the words of our bubble that a message replies to; empty when it replies to none."""
    if message.reply_to is None:
        return ""
    sealed = connection.execute(
        sa.select(outbox.c.sealed_body).where(
            outbox.c.conversation_id == conversation_id,
            outbox.c.external_key == external_key(vault, message.channel, message.reply_to),
        )
    ).scalar()
    return str(vault.open(sealed)["text"]) if sealed else ""


def offer(
    connection: Connection, vault: Vault, conversation_id: str, outbox_id: str | None
) -> tuple[str, Reply] | None:
    """Return the channel and what a bubble of a conversation offered; without an id, the last."""
    this = outbox.c.conversation_id == conversation_id
    which = this if outbox_id is None else sa.and_(this, outbox.c.id == outbox_id)
    row = connection.execute(
        sa.select(outbox.c.sealed_body, person.c.channel)
        .join(conversation, conversation.c.id == outbox.c.conversation_id)
        .join(person, person.c.id == conversation.c.person_id)
        .where(which)
        .order_by(outbox.c.position.desc())
        .limit(1)
    ).first()
    return None if row is None else (str(row.channel), read_reply(vault.open(row.sealed_body)))


def external_key(vault: Vault, channel: str, external_id: str) -> str:
    """Return the key under which the provider's id of a bubble is kept."""
    return vault.key("external", channel, external_id)
