"""A person about whom something is held: how they are found, and which rows are theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.database import Ledger
from bot.ledger.tables import (
    attachment,
    audit,
    broadcast_recipient,
    chat_rating,
    chat_session,
    consent,
    conversation,
    delivery,
    feedback,
    inbox,
    lookup_miss,
    outbox,
    person,
    ticket,
    ticket_draft,
    ticket_event,
    ticket_forward,
    turn,
)
from bot.personal.walk import Key, after
from bot.privacy import Vault

_AT_ONCE = 200

BY_PERSON = (conversation, consent, lookup_miss, broadcast_recipient, audit)
BY_TALK = (chat_session, chat_rating, inbox, turn, outbox, feedback, attachment, ticket)
BY_TICKET = (ticket_event, ticket_forward, ticket_draft, delivery)
"""Tables with rows of a person, by what leads to them."""

OF_NOBODY = {
    "agent": "staff",
    "desk_session": "staff",
    "api_client": "programs",
    "subscriber": "programs",
    "api_answer": "copies of tickets, by a program's key, for two days; erased with the ticket",
    "account_alarm": "our own account",
    "channel_block": "our own account",
    "broadcast": "what the ministry publishes",
    "broadcast_event": "who approved it",
    "faq_revision": "knowledge; drafts that began with a ticket's words are emptied with it",
    "faq_event": "who reviewed it",
    "duty": "processes",
}
"""Tables without rows of a person, and what they are about."""


class By(str, Enum):
    """What somebody is known by."""

    PHONE = "phone"
    EMAIL = "email"
    TICKET = "ticket"
    PERSON = "person"


@dataclass(frozen=True)
class Found:
    """A person who was found, told without a name.

    Attributes:
        id: The person's row.
        channel: Through which channel they write.
        tickets: Numbers of their tickets.
    """

    id: str
    channel: str
    tickets: tuple[str, ...]


def rows_of(person_id: str) -> dict[str, Any]:
    """Return for each table the condition that a row is a person's."""
    talk = sa.select(conversation.c.id).where(conversation.c.person_id == person_id)
    theirs = sa.select(ticket.c.id).where(ticket.c.conversation_id.in_(talk))
    found: dict[str, Any] = {person.name: person.c.id == person_id}
    found |= {table.name: table.c.person_id == person_id for table in BY_PERSON}
    found |= {table.name: table.c.conversation_id.in_(talk) for table in BY_TALK}
    found |= {table.name: table.c.ticket_id.in_(theirs) for table in BY_TICKET}
    return found


def find(ledger: Ledger, by: By, value: str) -> list[Found]:
    """Find the persons of a phone number, an e-mail address, a ticket or a row's id.

    An address is what somebody wrote on a ticket; nobody has verified it. To find one, every
    ticket is opened, a few in each transaction.
    """
    if by is By.EMAIL:
        ids = _by_email(ledger, value.strip().lower())
    else:
        ids = ledger.transact(_by_key, by, value.strip())
    return ledger.transact(_told, ids)


def _by_key(connection: Connection, vault: Vault, by: By, value: str) -> list[str]:
    if by is By.TICKET:
        found = (
            sa.select(conversation.c.person_id)
            .join(ticket, ticket.c.conversation_id == conversation.c.id)
            .where(ticket.c.number == value.upper())
        )
    elif by is By.PERSON:
        found = sa.select(person.c.id).where(person.c.id == value)
    else:
        channels = connection.execute(sa.select(person.c.channel).distinct()).scalars()
        keys = [vault.key("phone", channel, digits_of(value)) for channel in channels]
        found = sa.select(person.c.id).where(person.c.phone_key.in_(keys))
    return [str(id) for id in connection.execute(found).scalars()]


def digits_of(value: str) -> str:
    """Return a phone number as WhatsApp writes it: ``0812…`` is ``62812…``."""
    digits = re.sub(r"\D", "", value)
    return f"62{digits[1:]}" if digits.startswith("0") else digits


def _by_email(ledger: Ledger, email: str) -> list[str]:
    found: dict[str, None] = {}
    last: Key | None = None
    while True:
        ids, last = ledger.transact(_some_by_email, email, last)
        found.update(dict.fromkeys(ids))
        if last is None:
            return list(found)


def _some_by_email(
    connection: Connection, vault: Vault, email: str, last: Key | None
) -> tuple[list[str], Key | None]:
    columns = (ticket.c.sealed_content, ticket.c.conversation_id)
    rows, following = after(connection, ticket, columns, last, _AT_ONCE)
    talks = [
        row["conversation_id"]
        for _, row in rows
        if vault.open(row["sealed_content"]).get("email", "").lower() == email
    ]
    whose = sa.select(conversation.c.person_id).where(conversation.c.id.in_(talks))
    return [str(id) for id in connection.execute(whose).scalars()], following


def _told(connection: Connection, vault: Vault, ids: list[str]) -> list[Found]:
    found = []
    for row in connection.execute(sa.select(person).where(person.c.id.in_(ids))).all():
        numbers = connection.execute(
            sa.select(ticket.c.number)
            .where(rows_of(row.id)[ticket.name])
            .order_by(ticket.c.created_at)
        ).scalars()
        found.append(Found(row.id, row.channel, tuple(numbers)))
    return found
