"""One ticket as the desk sees it: what it says, what was said, and all that happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger import attachments
from bot.ledger.attachments import Attachment
from bot.ledger.inbox import SILENT
from bot.ledger.outbox import FAILED
from bot.ledger.tables import (
    agent,
    conversation,
    inbox,
    outbox,
    ticket,
    ticket_event,
    ticket_forward,
)
from bot.ledger.tickets import Content
from bot.ledger.window import last_heard
from bot.privacy import Vault
from bot.tickets.queue import Line, as_line


@dataclass(frozen=True)
class Event:
    """Something that happened to a ticket.

    Attributes:
        at: When.
        actor: The agent's name, ``user`` or ``nindy``.
        kind: Which change.
        detail: What it held.
    """

    at: datetime
    actor: str
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A message of the conversation.

    Attributes:
        at: When it was written.
        who: ``user`` or ``nindy`` (who speaks for agents, too).
        text: The words.
        state: Of ours: how far it got.
        error: Of ours: the channel's error code, 0 for none.
        id: Of ours: its id in the outbox.
        template: Of ours: whether it is a template.
        files: Ids of files that it brought.
    """

    at: datetime
    who: str
    text: str
    state: str = ""
    error: int = 0
    id: str = ""
    template: bool = False
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """Everything about one ticket."""

    line: Line
    version: int
    category: str
    content: Content
    transcript: list[dict[str, Any]]
    candidates: list[tuple[int, float]]
    user_group: int | None
    paused_minutes: int
    paused_at: datetime | None
    resolution: str | None
    rating: int | None
    reopened: int
    owner_id: str | None
    conversation_id: str
    holder_id: str | None
    last_heard: datetime | None
    events: list[Event] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    forwards: list[dict[str, Any]] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)


def read_sheet(connection: Connection, vault: Vault, number: str) -> Sheet | None:
    """Return a ticket with its history and conversation, oldest first."""
    row = connection.execute(
        sa.select(ticket, agent.c.name.label("owner"), conversation.c.holder_id)
        .join(conversation, conversation.c.id == ticket.c.conversation_id)
        .outerjoin(agent, agent.c.id == ticket.c.owner_id)
        .where(ticket.c.number == number)
    ).first()
    if row is None:
        return None
    content = vault.open(row.sealed_content)
    transcript = content.pop("transcript", [])
    return Sheet(
        line=as_line(vault, row),
        version=row.version,
        category=row.category,
        content=Content(**content),
        transcript=transcript,
        candidates=[(int(service), float(chance)) for service, chance in row.candidates],
        user_group=row.user_group,
        paused_minutes=row.paused_minutes,
        paused_at=row.paused_at,
        resolution=row.resolution,
        rating=row.rating,
        reopened=row.reopened,
        owner_id=row.owner_id,
        conversation_id=row.conversation_id,
        holder_id=row.holder_id,
        last_heard=last_heard(connection, row.conversation_id),
        events=_events(connection, vault, row.id),
        said=_said(connection, vault, row.conversation_id, row.created_at),
        forwards=_forwards(connection, vault, row.id),
        files=attachments.of_ticket(connection, vault, row.id),
    )


def _events(connection: Connection, vault: Vault, ticket_id: str) -> list[Event]:
    names: dict[str, str] = {
        f"agent:{row.id}": row.name
        for row in connection.execute(sa.select(agent.c.id, agent.c.name))
    }
    rows = connection.execute(
        sa.select(ticket_event)
        .where(ticket_event.c.ticket_id == ticket_id)
        .order_by(ticket_event.c.id)
    )
    return [
        Event(
            at=row.at,
            actor=names.get(row.actor, row.actor),
            kind=row.kind,
            detail=vault.open(row.sealed_detail) if row.sealed_detail else {},
        )
        for row in rows
    ]


def _said(
    connection: Connection, vault: Vault, conversation_id: str, since: datetime
) -> list[Said]:
    heard = connection.execute(
        sa.select(inbox.c.sent_at, inbox.c.sealed_body).where(
            # What came later than the ticket, whenever it was written, is not in its transcript.
            inbox.c.conversation_id == conversation_id,
            inbox.c.received_at > since,
            inbox.c.state != SILENT,
        )
    )
    ours = connection.execute(
        sa.select(outbox).where(
            outbox.c.conversation_id == conversation_id, outbox.c.created_at >= since
        )
    )
    found = []
    for row in heard:
        body = vault.open(row.sealed_body)
        found.append(Said(row.sent_at, "user", body["text"], files=_files(body)))
    for row in ours:
        body = vault.open(row.sealed_body)
        found.append(
            Said(
                at=row.created_at,
                who="nindy",
                text=body["text"],
                state=row.state,
                error=row.error_code if row.state == FAILED else 0,
                id=row.id,
                files=_files(body),
                template=bool(body.get("template")),
            )
        )
    return sorted(found, key=lambda one: one.at)


def _files(body: dict[str, Any]) -> tuple[str, ...]:
    return tuple(body.get("attachments", ()))


def _forwards(connection: Connection, vault: Vault, ticket_id: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(ticket_forward)
        .where(ticket_forward.c.ticket_id == ticket_id)
        .order_by(ticket_forward.c.id)
    )
    return [
        {
            "to": row.to_unit,
            "outside": row.outside,
            "at": row.sent_at,
            "accepted_at": row.accepted_at,
            "receipt": vault.open(row.sealed_receipt)["text"] if row.sealed_receipt else "",
        }
        for row in rows
    ]
