"""Who writes to us: finding, making and moving persons and their conversation."""

from __future__ import annotations

import uuid
from dataclasses import asdict, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import IdentityChange, Sender
from bot.ledger.tables import audit, conversation, person
from bot.privacy import Vault


def find_or_create(
    connection: Connection, vault: Vault, channel: str, sender: Sender, now: datetime
) -> str:
    """Return the conversation id of a sender, known by the channel's id, then by phone.

    A person known by one of the two gets the other filled in.
    """
    row = _find(connection, vault, channel, sender)
    if row is not None:
        _link(connection, vault, channel, row, sender)
        return str(row.conversation_id)
    person_id, conversation_id = str(uuid.uuid4()), str(uuid.uuid4())
    connection.execute(
        person.insert().values(
            id=person_id,
            channel=channel,
            sealed_address=vault.seal(asdict(sender)),
            created_at=now,
            **_keys(vault, channel, sender),
        )
    )
    connection.execute(
        conversation.insert().values(id=conversation_id, person_id=person_id, version=0)
    )
    return conversation_id


def address(connection: Connection, vault: Vault, conversation_id: str) -> tuple[str, Sender]:
    """Return the channel and the address of the person of a conversation."""
    row = connection.execute(
        sa.select(person.c.channel, person.c.sealed_address)
        .join(conversation, conversation.c.person_id == person.c.id)
        .where(conversation.c.id == conversation_id)
    ).one()
    return str(row.channel), Sender(**vault.open(row.sealed_address))


def change_identity(
    connection: Connection, vault: Vault, change: IdentityChange, now: datetime
) -> bool:
    """Move a person to a new number or id, drop what was going on, and write it down.

    Nothing verified and no form in progress is carried over: the new number may be somebody
    else's hand. Returns whether the old person was known.
    """
    row = _find(connection, vault, change.channel, change.old)
    if row is None:
        return False
    known = Sender(**vault.open(row.sealed_address))
    moved = Sender(
        user_id=change.new.user_id or known.user_id,
        phone=change.new.phone or known.phone,
        name=known.name,
    )
    taken = _find(connection, vault, change.channel, change.new)
    if taken is not None and taken.person_id != row.person_id:
        # The new address has already written to us: it stays its own person.
        moved = replace(moved, user_id=None, phone=None)
    connection.execute(
        person.update()
        .where(person.c.id == row.person_id)
        .values(sealed_address=vault.seal(asdict(moved)), **_keys(vault, change.channel, moved))
    )
    connection.execute(
        conversation.update()
        .where(conversation.c.id == row.conversation_id)
        .values(sealed_state=None, version=conversation.c.version + 1)
    )
    connection.execute(
        audit.insert().values(at=now, kind="identity_changed", person_id=row.person_id)
    )
    return True


def _keys(vault: Vault, channel: str, sender: Sender) -> dict[str, str | None]:
    return {
        "user_key": vault.key("user", channel, sender.user_id) if sender.user_id else None,
        "phone_key": vault.key("phone", channel, sender.phone) if sender.phone else None,
    }


def _find(
    connection: Connection, vault: Vault, channel: str, sender: Sender
) -> sa.engine.Row | None:
    keys = _keys(vault, channel, sender)
    for column in ("user_key", "phone_key"):
        if keys[column] is None:
            continue
        row = connection.execute(
            sa.select(
                person.c.id.label("person_id"),
                person.c.user_key,
                person.c.phone_key,
                person.c.sealed_address,
                conversation.c.id.label("conversation_id"),
            )
            .join(conversation, conversation.c.person_id == person.c.id)
            .where(person.c[column] == keys[column])
        ).first()
        if row is None:
            continue
        if column == "phone_key" and row.user_key and keys["user_key"]:
            # The number now belongs to somebody with another id: it is not the same person.
            connection.execute(
                person.update().where(person.c.id == row.person_id).values(phone_key=None)
            )
            continue
        return row
    return None


def _link(
    connection: Connection, vault: Vault, channel: str, row: sa.engine.Row, sender: Sender
) -> None:
    keys = _keys(vault, channel, sender)
    missing = {
        name: value for name, value in keys.items() if value is not None and row[name] is None
    }
    if not missing:
        return
    for name, value in missing.items():
        if connection.execute(sa.select(person.c.id).where(person.c[name] == value)).first():
            return
    known = Sender(**vault.open(row.sealed_address))
    merged = Sender(
        user_id=known.user_id or sender.user_id,
        phone=known.phone or sender.phone,
        name=known.name or sender.name,
    )
    connection.execute(
        person.update()
        .where(person.c.id == row.person_id)
        .values(sealed_address=vault.seal(asdict(merged)), **missing)
    )
