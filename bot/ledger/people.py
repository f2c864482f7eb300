"""Who writes to us: finding, making and moving persons and their conversation."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import IdentityChange, Sender
from bot.ledger import consents, notes
from bot.ledger.tables import audit, conversation, person
from bot.privacy import Vault

ANONYMOUS = "anonim"
"""The channel of complaints without a name; nothing can be sent through it."""

Moved = Callable[[str], None]
"""Told the conversation of a person whose number is another than before."""
Keys = dict[str, "str | None"]
"""The look-up keys of an address, by column."""
SESSION = timedelta(hours=4)
"""So long a dialogue remembers what was said (``session_config`` of ``domain.yml``)."""


def find_or_create(
    connection: Connection,
    vault: Vault,
    channel: str,
    sender: Sender,
    now: datetime,
    moved: Moved = lambda _: None,
) -> str:
    """Return the conversation id of a sender, known by the channel's id, then by phone.

    A person known by one of the two gets the other filled in. For one who writes from another
    number than before, `moved` is called.
    """
    row = _find(connection, vault, channel, sender)
    if row is not None:
        link(connection, vault, channel, row, sender, now, moved)
        return str(row.conversation_id)
    _free_phone(connection, vault, channel, sender, None)
    return make(connection, vault, [(channel, sender)], now)[0]


def make(
    connection: Connection, vault: Vault, who: Sequence[tuple[str, Sender]], now: datetime
) -> list[str]:
    """Make persons of whom neither id nor number is known; return their conversation ids."""
    ids = [(str(uuid.uuid4()), str(uuid.uuid4())) for _ in who]
    people = [
        {
            "id": person_id,
            "channel": channel,
            "sealed_address": vault.seal(asdict(sender)),
            "created_at": now,
            **keys(vault, channel, sender),
        }
        for (person_id, _), (channel, sender) in zip(ids, who, strict=True)
    ]
    if people:
        connection.execute(person.insert(), people)
        talks = [{"id": talk, "person_id": of, "version": 0} for of, talk in ids]
        connection.execute(conversation.insert(), talks)
    return [conversation_id for _, conversation_id in ids]


def address(connection: Connection, vault: Vault, conversation_id: str) -> tuple[str, Sender]:
    """Return the channel and the address of the person of a conversation."""
    row = connection.execute(
        sa.select(person.c.channel, person.c.sealed_address)
        .join(conversation, conversation.c.person_id == person.c.id)
        .where(conversation.c.id == conversation_id)
    ).one()
    return str(row.channel), Sender(**vault.open(row.sealed_address))


def forget_dialogues(connection: Connection, vault: Vault, before: datetime) -> int:
    """Drop what dialogues remember that have rested since a moment; return how many there were.

    Their next message begins anew, so nothing of a form that was left is kept beside its person.
    """
    dropped = connection.execute(
        conversation.update()
        .where(conversation.c.last_turn_at < before, conversation.c.sealed_state.is_not(None))
        .values(sealed_state=None)
    )
    return int(dropped.rowcount)


def is_gone(connection: Connection, conversation_id: str) -> bool:
    """Say whether the person of a conversation has had themselves forgotten: nobody reads it."""
    row = connection.execute(
        sa.select(person.c.channel, person.c.user_key, person.c.phone_key)
        .join(conversation, conversation.c.person_id == person.c.id)
        .where(conversation.c.id == conversation_id)
    ).one()
    # Who complains without a name never had an address.
    known = row.user_key is not None or row.phone_key is not None
    return row.channel != ANONYMOUS and not known


def change_identity(
    connection: Connection, vault: Vault, change: IdentityChange, now: datetime
) -> str | None:
    """Move a person to a new number or id, drop what was going on, and write it down.

    Nothing verified, nothing agreed to and no form in progress is carried over: the new number
    may be somebody else's hand. The same note told twice changes nothing the second time, when the
    old number may already be another person's.

    Returns:
        The person's conversation, or None when the old person is unknown or the note is not new.
    """
    row = _find(connection, vault, change.channel, change.old)
    if row is None:
        return None
    key = vault.key("identity", change.channel, change.account, change.external_id)
    note = notes.keep(connection, vault, key, row.conversation_id, change.at, now)
    if note is None:
        return None
    _drop(connection, row, note, now)
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
    elif not _free_phone(connection, vault, change.channel, moved, row):
        moved = replace(moved, phone=None)
    _write(connection, vault, change.channel, row, moved)
    return str(row.conversation_id)


def _drop(connection: Connection, row: sa.engine.Row, note: int, now: datetime) -> None:
    """Drop what a person agreed to and what was going on, and write down that they moved."""
    consents.write(connection, row.person_id, note, False, now)
    connection.execute(
        conversation.update()
        .where(conversation.c.id == row.conversation_id)
        .values(sealed_state=None, version=conversation.c.version + 1)
    )
    connection.execute(
        audit.insert().values(at=now, kind="identity_changed", person_id=row.person_id)
    )


def keys(vault: Vault, channel: str, sender: Sender) -> Keys:
    """Return the look-up keys of an address, by column."""
    return {
        "user_key": vault.key("user", channel, sender.user_id) if sender.user_id else None,
        "phone_key": vault.key("phone", channel, sender.phone) if sender.phone else None,
    }


def _find(
    connection: Connection, vault: Vault, channel: str, sender: Sender
) -> sa.engine.Row | None:
    ours = keys(vault, channel, sender)
    row = _by(connection, "user_key", ours["user_key"])
    if row is not None:
        return row
    row = _by(connection, "phone_key", ours["phone_key"])
    return row if row is not None and is_same(row, ours) else None


def is_same(row: sa.engine.Row, ours: Keys) -> bool:
    """Say whether the person of a number is the sender with these keys."""
    # A number that somebody with another id had: it is not the same person.
    return not (row.user_key and ours["user_key"])


KNOWN = sa.select(
    person.c.id.label("person_id"),
    person.c.user_key,
    person.c.phone_key,
    person.c.sealed_address,
    conversation.c.id.label("conversation_id"),
).join(conversation, conversation.c.person_id == person.c.id)
"""What is looked up of a person."""
# Made once: they are executed for every message.
_BY = {
    column: KNOWN.where(person.c[column] == sa.bindparam("key"))
    for column in ("user_key", "phone_key")
}


def _by(connection: Connection, column: str, key: str | None) -> sa.engine.Row | None:
    if key is None:
        return None
    return connection.execute(_BY[column], {"key": key}).first()


def _free_phone(
    connection: Connection,
    vault: Vault,
    channel: str,
    sender: Sender,
    claimant: sa.engine.Row | None,
) -> bool:
    """Take the sender's number away from another id that had it; say whether it is free now.

    Nothing may be sent to a number whose holder has changed. A person known by that number alone
    keeps it.
    """
    holder = _by(connection, "phone_key", keys(vault, channel, sender)["phone_key"])
    if holder is None or (claimant is not None and holder.person_id == claimant.person_id):
        return True
    if holder.user_key is None:
        return False
    known = Sender(**vault.open(holder.sealed_address))
    _write(connection, vault, channel, holder, replace(known, phone=None))
    return True


def link(
    connection: Connection,
    vault: Vault,
    channel: str,
    row: sa.engine.Row,
    sender: Sender,
    now: datetime,
    moved: Moved,
) -> None:
    """Fill in what a sender tells of a known person.

    Another number under the same id is a change that the channel has not told, or not yet: what
    was going on is dropped, as in `change_identity`, and `moved` is called.
    """
    known = Sender(**vault.open(row.sealed_address))
    merged = Sender(
        user_id=known.user_id or sender.user_id,
        # The number follows the id: replies must not go to one that was left.
        phone=sender.phone or known.phone,
        name=known.name or sender.name,
    )
    if merged == known:
        return
    if not _free_phone(connection, vault, channel, merged, row):
        merged = replace(merged, phone=None)
    _write(connection, vault, channel, row, merged)
    if known.phone and sender.phone and known.phone != sender.phone:
        key = vault.key("moved", str(uuid.uuid4()))
        note = notes.keep(connection, vault, key, row.conversation_id, now, now)
        if note is not None:
            _drop(connection, row, note, now)
        moved(str(row.conversation_id))


def _write(
    connection: Connection, vault: Vault, channel: str, row: sa.engine.Row, address: Sender
) -> None:
    connection.execute(
        person.update()
        .where(person.c.id == row.person_id)
        .values(sealed_address=vault.seal(asdict(address)), **keys(vault, channel, address))
    )
