"""Who gets a broadcast: all who have agreed, or those of a list of phone numbers who have."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.broadcast.life import BroadcastRefused, Reach, Skip
from bot.channels.message import Sender
from bot.ledger.consents import STANDING
from bot.ledger.tables import broadcast_recipient, person
from bot.privacy import Vault

CHANNEL = "whatsapp"
MOST = 10_000
"""Numbers in one list."""
_CELLS = re.compile(r"[;,\t]")
# Spreadsheet programs eat the 0 of 0812…; other countries' numbers come with their code.
_NUMBER = re.compile(r"(?:\+?62|0)?(8\d{7,11})|\+?([1-9]\d{7,14})")
_ORNAMENT = re.compile(r"[ .()\"'-]")


def read_list(text: str) -> list[str]:
    """Return the phone numbers in the first column of a CSV, each once, as WhatsApp writes them.

    A first line without a digit is a heading.

    Raises:
        BroadcastRefused: ``list`` with the line, or ``many``.
    """
    found: dict[str, None] = {}
    for place, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        cell = _ORNAMENT.sub("", _CELLS.split(line.strip())[0])
        if not cell or (place == 1 and not any(map(str.isdecimal, cell))):
            continue
        number = _NUMBER.fullmatch(cell) if cell.isascii() else None
        if number is None:
            raise BroadcastRefused("list", place)
        found[f"62{number[1]}" if number[1] else number[2]] = None
        if len(found) > MOST:
            raise BroadcastRefused("many")
    return list(found)


def choose(
    connection: Connection, vault: Vault, broadcast_id: int, phones: list[str] | None
) -> None:
    """Put down who gets a draft, in place of those before.

    Args:
        connection: The open transaction.
        vault: Finds and seals numbers.
        broadcast_id: The draft.
        phones: The list; None for all who have agreed.
    """
    this = broadcast_recipient.c.broadcast_id == broadcast_id
    connection.execute(broadcast_recipient.delete().where(this))
    agreed = sa.select(person.c.id, person.c.phone_key, person.c.sealed_address).where(
        person.c.channel == CHANNEL, person.c.id.in_(STANDING)
    )
    rows = connection.execute(agreed.order_by(person.c.created_at, person.c.id)).all()
    if phones is None:
        made = [_row(vault, _phone(vault, row), row.id) for row in rows]
    else:
        willing = {row.phone_key: row.id for row in rows if row.phone_key}
        made = [_listed(connection, vault, willing, phone) for phone in phones]
    if made:
        values = [{"broadcast_id": broadcast_id, **one} for one in made]
        connection.execute(broadcast_recipient.insert(), values)


def _listed(
    connection: Connection, vault: Vault, willing: dict[str, str], phone: str
) -> dict[str, Any]:
    key = vault.key("phone", CHANNEL, phone)
    if key in willing:
        return _row(vault, phone, willing[key])
    known = sa.select(person.c.id).where(person.c.phone_key == key)
    person_id = connection.execute(known).scalar()
    return _row(vault, phone, person_id, Skip.NO_CONSENT if person_id else Skip.UNKNOWN)


def _row(
    vault: Vault, phone: str, person_id: str | None, skip: Skip | None = None
) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "sealed_phone": vault.seal(phone),
        "state": (Reach.SKIPPED if skip else Reach.WAITING).value,
        "reason": skip.value if skip else "",
    }


def _phone(vault: Vault, row: Any) -> str:
    # Who hides the number is reached by WhatsApp's own id.
    return Sender(**vault.open(row.sealed_address)).phone or ""
