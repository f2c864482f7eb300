"""What other programs are told of a ticket: written with the change itself, delivered later.

An event shows the ticket as it is then. It is announced when something has changed that shows
outside; what is the desk's own business (notes, who works on it, warnings) is not.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import insert_once
from bot.ledger.subscribers import CRM
from bot.ledger.tables import COMPLAINTS, delivery, subscriber
from bot.privacy import Vault

OPENED, CHANGED, MESSAGE = "ticket.opened", "ticket.changed", "ticket.message"
OPEN = "open"
_SHOWN = ("state", "service", "unit", "due_at", "resolution", "rating")
_OF_CLIENT = ("reference", "person")
_OF_CRM = ("subject", "chronology", "name", "email", "satker")


def facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the outside sees of a ticket's row, ready for JSON; nothing that is personal."""
    return {
        "number": row["number"],
        "version": row["version"],
        "state": row["state"],
        "service": row["service"],
        "unit": row["unit"],
        "group": row["user_group"],
        "channel": row["channel"],
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["updated_at"]),
        "due_at": moment(row["due_at"]),
        "paused": row["paused_at"] is not None,
        "resolution": row["resolution"],
        "rating": row["rating"],
    }


def moment(value: datetime) -> str:
    """Write a moment as everything outside reads it: ISO 8601 in UTC."""
    return value.astimezone(timezone.utc).isoformat()


def shows(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Say whether a change of these columns shows outside."""
    return any(name in values and values[name] != row[name] for name in _SHOWN)


def announce(
    connection: Connection, vault: Vault, row: Mapping[str, Any], kind: str, now: datetime
) -> None:
    """Write an event for everybody who hears of this ticket.

    Args:
        connection: The transaction of the change.
        vault: Seals the event.
        row: The ticket's row as the change leaves it.
        kind: `OPENED` or `CHANGED`.
        now: The moment.
    """
    hearers = [one for one in _subscribers(connection) if _hears(one, row)]
    event = {"id": str(uuid.uuid4()), "type": kind, "at": moment(now), **facts(row)}
    for one in hearers:
        named = _OF_CRM if one.id == CRM else _OF_CLIENT if one.id == row["client_id"] else ()
        _write(connection, vault, one.id, row, event, named, now)


def tell(
    connection: Connection,
    vault: Vault,
    row: Mapping[str, Any],
    id: str,
    text: str,
    files: list[dict[str, Any]],
    now: datetime,
) -> None:
    """Write what is said to the person, for the program that opened their ticket if it listens.

    Args:
        connection: The open transaction.
        vault: Seals the event.
        row: The ticket's row.
        id: The event's id; a second call with it writes nothing.
        text: The words.
        files: What lies beneath, ready for JSON.
        now: The moment.
    """
    for one in _subscribers(connection):
        if one.id == row["client_id"] and _hears(one, row):
            said = {"text": text, "files": files}
            event = {"id": id, "type": MESSAGE, "at": moment(now), **facts(row), **said}
            _write(connection, vault, one.id, row, event, _OF_CLIENT, now)


def _subscribers(connection: Connection) -> list[Any]:
    return list(connection.execute(sa.select(subscriber).where(subscriber.c.disabled_at.is_(None))))


def _hears(one: Any, row: Mapping[str, Any]) -> bool:
    if row["service"] == COMPLAINTS and not one.hears_complaints:
        return False
    own = one.id == row["client_id"]
    return own or (bool(one.hears_all) and row["service"] != COMPLAINTS)


def _write(
    connection: Connection,
    vault: Vault,
    subscriber_id: str,
    row: Mapping[str, Any],
    event: dict[str, Any],
    named: tuple[str, ...],
    now: datetime,
) -> None:
    content = vault.open(row["sealed_content"]) if named else {}
    body = {**event, **{name: content.get(name, "") for name in named}}
    insert_once(
        connection,
        delivery,
        {
            "event_id": event["id"],
            "subscriber_id": subscriber_id,
            "ticket_id": row["id"],
            "kind": event["type"],
            "sealed_body": vault.seal(body),
            "state": OPEN,
            "attempts": 0,
            "next_at": now,
            "error": "",
            "created_at": now,
            "updated_at": now,
        },
    )
