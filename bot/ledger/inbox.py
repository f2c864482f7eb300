"""Messages that came in: each is written once, and waits for its turn (``claims``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Inbound, Kind
from bot.ledger import attachments, fetches, positions
from bot.ledger.bodies import to_json
from bot.ledger.crowd import find_or_create_all
from bot.ledger.database import insert_all_once, insert_once, some_at_once
from bot.ledger.people import Moved
from bot.ledger.tables import inbox
from bot.privacy import Vault

_PENDING, _DEAD = sa.text("inbox.state = 'pending'"), sa.text("inbox.state = 'dead'")
"""Written out, so that the partial indexes serve them."""

# Statements for every message are made once, which is most of what they cost.
_KNOWN = sa.select(inbox.c.message_key).where(
    inbox.c.message_key.in_(sa.bindparam("keys", expanding=True))
)
_ID = sa.select(inbox.c.id).where(inbox.c.message_key == sa.bindparam("key"))

PENDING, DONE, DEAD, SILENT = "pending", "done", "dead", "silent"


def trace_of(message_key: str) -> str:
    """Return a message's name in the log: enough of its key to be found, and of no other use."""
    return message_key[:12]


def key_of(vault: Vault, message: Inbound) -> str:
    """Return the key under which a message is stored once."""
    return vault.key("message", message.channel, message.account, message.external_id)


def receive(
    connection: Connection,
    vault: Vault,
    messages: Sequence[Inbound],
    now: datetime,
    moved: Moved = lambda _: None,
) -> list[bool]:
    """Store messages under their unique keys; say of each whether it is new.

    For a person who writes from another number than before `moved` is called, before what they
    write is stored.

    All go in with few statements, since one for each of a thousand messages would cost a second.
    Of one of several that another transaction stores at this very moment both may say that it is
    new; it is stored once.
    """
    keys = [key_of(vault, message) for message in messages]
    new = dict[str, Inbound]()
    for key, message in zip(keys, messages, strict=True):
        new.setdefault(key, message)
    for some in some_at_once(list(new)):
        for known in connection.execute(_KNOWN, {"keys": some}).scalars():
            del new[known]
    senders = [(message.channel, message.sender) for message in new.values()]
    whose = find_or_create_all(connection, vault, senders, now, moved)
    # Before the files: it holds the conversations, so no file comes with two messages.
    places = positions.allot_all(connection, whose, now)
    rows = []
    for (key, message), conversation_id, place in zip(
        list(new.items()), whose, places, strict=True
    ):
        if message.media is None and not message.attachments:
            rows.append(_row(vault, key, message, conversation_id, place, now))
            continue
        _insert(connection, rows, new)
        rows.clear()
        files = attachments.brought(connection, message, conversation_id)
        brings = replace(message, media=None, attachments=files)
        _insert(connection, [_row(vault, key, brings, conversation_id, place, now)], new)
        if files and key in new:
            _bring(connection, vault, key, message, files, conversation_id, now)
    _insert(connection, rows, new)
    # Of a message that comes twice in here the first is new.
    return [new.pop(key, None) is not None for key in keys]


def _insert(connection: Connection, rows: list[dict[str, Any]], new: dict[str, Inbound]) -> None:
    if len(rows) > 1:
        insert_all_once(connection, inbox, rows)
    elif rows and not insert_once(connection, inbox, rows[0]):
        del new[rows[0]["message_key"]]


def _bring(
    connection: Connection,
    vault: Vault,
    key: str,
    message: Inbound,
    files: tuple[str, ...],
    conversation_id: str,
    now: datetime,
) -> None:
    inbox_id = connection.execute(_ID, {"key": key}).scalar_one()
    if message.media is None:
        attachments.bind(connection, inbox_id, files)
    else:
        fetches.expect(connection, vault, files[0], conversation_id, inbox_id, message, now)


def _row(
    vault: Vault, key: str, message: Inbound, conversation_id: str, position: int, now: datetime
) -> dict[str, Any]:
    return {
        "message_key": key,
        "conversation_id": conversation_id,
        "position": position,
        "sent_at": message.sent_at,
        "received_at": now,
        "sealed_body": vault.seal(to_json(message)),
        "state": SILENT if message.kind is Kind.SILENT else PENDING,
        "claims": 0,
        "failures": 0,
    }


def keep(
    connection: Connection, vault: Vault, message: Inbound, conversation_id: str, now: datetime
) -> int:
    """Store a message that no turn is to answer, because it belongs to a ticket; return its row."""
    key = vault.key("message", message.channel, message.account, message.external_id)
    kept = connection.execute(
        inbox.insert().values(
            message_key=key,
            conversation_id=conversation_id,
            position=positions.allot(connection, conversation_id, now),
            sent_at=message.sent_at,
            received_at=now,
            sealed_body=vault.seal(to_json(message)),
            state=DONE,
            claims=0,
            failures=0,
            finished_at=now,
        )
    )
    return int(kept.inserted_primary_key[0])


def dead_letters(connection: Connection, vault: Vault) -> int:
    """Count the messages that no turn could answer."""
    return int(
        connection.execute(sa.select(sa.func.count()).select_from(inbox).where(_DEAD)).scalar_one()
    )


def waiting(connection: Connection, vault: Vault) -> int:
    """Count the messages that wait for their turn."""
    return int(
        connection.execute(
            sa.select(sa.func.count()).select_from(inbox).where(_PENDING)
        ).scalar_one()
    )
