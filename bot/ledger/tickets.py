"""Tickets: opened with their turn, found by number, every change an event."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.clock import JAKARTA
from bot.ledger import announcements, attachments
from bot.ledger.confidence import claim
from bot.ledger.tables import ticket, ticket_event
from bot.privacy import Vault

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 and O, 1, I and L: read aloud and copied by hand nothing is mistaken."""

LENGTHS = {"subject": (5, 150), "chronology": (10, 4096), "satker": (3, 100)}
"""The fewest and the most characters of what a ticket says."""


class Reason(str, Enum):
    """Why a person had to be asked."""

    UNANSWERED = "unanswered"
    """Nindy knew no answer, or none of those offered was meant."""
    NOT_HELPED = "not_helped"
    """An answer was given and did not help."""
    ELSEWHERE = "elsewhere"
    """The service is in none of the channel's categories, or does not serve who asked."""
    LOOKUP = "lookup"
    """A category's form or look-up did not give what was wanted."""
    WISHED = "wished"
    """Somebody asked for a person or a ticket outright."""
    FAILURE = "failure"
    """Nindy herself failed."""
    LATE = "late"
    """The message came hours after it was written."""


@dataclass(frozen=True)
class Content:
    """What a ticket says; sealed in the ledger.

    `reference` and `person` are what a program that opened it calls the ticket and its person.
    """

    subject: str
    chronology: str
    name: str = ""
    email: str = ""
    satker: str = ""
    reference: str = ""
    person: str = ""


@dataclass(frozen=True)
class NewTicket:
    """A ticket to be opened with the turn.

    Attributes:
        number: ``YYYYMMDD-XXXXXX``.
        category: WhatsApp category it came from (catalogue B.2).
        service: Catalogue service 1..20, or None until an agent sorts it.
        content: What it says.
        created_at: Aware moment.
        due_at: Aware moment, counted in working hours.
        unit: Who is responsible; without a service, who sorts tickets.
        candidates: Services with the matcher's probabilities, the best first.
        user_group: The sender's group in the catalogue, 1..13, where known.
        reason: Why a person had to be asked.
        matter: Of a complaint: what the talk about it belongs to already, which becomes its id;
            None lets all talk since the last ticket belong to it.
        client_id: The program that opens it over the API.
    """

    number: str
    category: str
    service: int | None
    content: Content
    created_at: datetime
    due_at: datetime
    unit: str = ""
    candidates: tuple[tuple[int, float], ...] = ()
    user_group: int | None = None
    reason: Reason = Reason.UNANSWERED
    matter: str | None = None
    client_id: str | None = None


@dataclass(frozen=True)
class Ticket:
    """A ticket as it stands."""

    id: str
    number: str
    conversation_id: str
    category: str
    service: int | None
    state: str
    content: Content
    created_at: datetime
    resolved_at: datetime | None
    updated_at: datetime
    due_at: datetime
    unit: str
    candidates: tuple[tuple[int, float], ...]
    user_group: int | None


def new_number(now: datetime) -> str:
    """Make a ticket number: the Jakarta date and six characters nobody mistakes."""
    tail = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return f"{now.astimezone(JAKARTA):%Y%m%d}-{tail}"


def open_ticket(
    connection: Connection,
    vault: Vault,
    new: NewTicket,
    conversation_id: str,
    inbox_id: int | None,
    channel: str,
) -> str:
    """Write a ticket and its first event, let what led to it belong to it, and announce it.

    Returns:
        Its id.
    """
    ticket_id = new.matter or str(uuid.uuid4())
    connection.execute(
        ticket.insert().values(
            id=ticket_id,
            number=new.number,
            conversation_id=conversation_id,
            inbox_id=inbox_id,
            channel=channel,
            category=new.category,
            service=new.service,
            state="new",
            sealed_content=vault.seal(asdict(new.content)),
            created_at=new.created_at,
            updated_at=new.created_at,
            due_at=new.due_at,
            unit=new.unit,
            candidates=[list(pair) for pair in new.candidates],
            user_group=new.user_group,
            reason=new.reason.value,
            client_id=new.client_id,
        )
    )
    connection.execute(
        ticket_event.insert().values(
            ticket_id=ticket_id, at=new.created_at, actor="nindy", kind="opened"
        )
    )
    if new.matter is None:
        claim(connection, vault, conversation_id, ticket_id)
    attachments.put_onto_new(connection, ticket_id, new.created_at)
    row = connection.execute(sa.select(ticket).where(ticket.c.id == ticket_id)).one()
    announcements.announce(connection, vault, row._mapping, announcements.OPENED, new.created_at)
    return ticket_id


def find(connection: Connection, vault: Vault, number: str) -> Ticket | None:
    """Find a ticket by its number."""
    return one(connection, vault, ticket.c.number == number)


def latest(connection: Connection, vault: Vault, conversation_id: str) -> Ticket | None:
    """Find the newest ticket of a conversation."""
    mine = sa.select(ticket.c.id).where(ticket.c.conversation_id == conversation_id)
    newest = mine.order_by(ticket.c.created_at.desc()).limit(1).scalar_subquery()
    return one(connection, vault, ticket.c.id == newest)


def one(connection: Connection, vault: Vault, which: Any) -> Ticket | None:
    """Return the ticket for which a condition holds, if there is one."""
    row = connection.execute(sa.select(ticket).where(which)).first()
    if row is None:
        return None
    content = vault.open(row.sealed_content)
    # Tickets of earlier versions hold a copy of what was said.
    content.pop("transcript", None)
    return Ticket(
        id=row.id,
        number=row.number,
        conversation_id=row.conversation_id,
        category=row.category,
        service=row.service,
        state=row.state,
        content=Content(**content),
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        updated_at=row.updated_at,
        due_at=row.due_at,
        unit=row.unit,
        candidates=tuple((service, probability) for service, probability in row.candidates),
        user_group=row.user_group,
    )
