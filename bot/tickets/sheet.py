"""One ticket as the desk sees it: what it says, what was said, and all that happened to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger import attachments
from bot.ledger.attachments import Attachment
from bot.ledger.confidence import is_ordinary, readable
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

_TRANSCRIPT = 40
"""Messages of each side from before the opening that are shown."""
TAKEN_BACK = "revoke"
"""The type of what tells that a person took a message back; of all that is silent it is shown."""


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
        type: Of theirs: the channel's word for what it is, such as ``location``.
    """

    at: datetime
    who: str
    text: str
    state: str = ""
    error: int = 0
    id: str = ""
    template: bool = False
    files: tuple[str, ...] = ()
    type: str = ""


@dataclass(frozen=True)
class Sheet:
    """Everything about one ticket.

    Attributes:
        transcript: The last messages before it was opened.
        holder_id: The agent who has taken the conversation over.
        held_for: The number of the ticket that it was taken over for.
        said: What was said since.
    """

    line: Line
    version: int
    category: str
    content: Content
    transcript: list[Said]
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
    held_for: str
    last_heard: datetime | None
    events: list[Event] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    forwards: list[dict[str, Any]] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)


def read_sheet(connection: Connection, vault: Vault, number: str) -> Sheet | None:
    """Return a ticket with its history and conversation, oldest first."""
    held = ticket.alias("held")
    row = connection.execute(
        sa.select(
            ticket,
            agent.c.name.label("owner"),
            conversation.c.holder_id,
            held.c.number.label("held_for"),
        )
        .join(conversation, conversation.c.id == ticket.c.conversation_id)
        .outerjoin(
            held,
            sa.and_(
                held.c.id == conversation.c.held_ticket_id,
                # Who works on another matter does not learn of a complaint by its holder.
                sa.or_(held.c.id == ticket.c.id, is_ordinary(held)),
            ),
        )
        .outerjoin(agent, agent.c.id == ticket.c.owner_id)
        .where(ticket.c.number == number)
    ).first()
    if row is None:
        return None
    content = vault.open(row.sealed_content)
    # Tickets of earlier versions hold a copy of what was said.
    content.pop("transcript", None)
    return Sheet(
        line=as_line(vault, row),
        version=row.version,
        category=row.category,
        content=Content(**content),
        transcript=_before(connection, vault, row),
        candidates=[(int(service), float(chance)) for service, chance in row.candidates],
        user_group=row.user_group,
        paused_minutes=row.paused_minutes,
        paused_at=row.paused_at,
        resolution=row.resolution,
        rating=row.rating,
        reopened=row.reopened,
        owner_id=row.owner_id,
        conversation_id=row.conversation_id,
        holder_id=row.holder_id if row.held_for else None,
        held_for=row.held_for or "",
        last_heard=last_heard(connection, row.conversation_id, row.id),
        events=_events(connection, vault, row.id),
        said=_since(connection, vault, row),
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


def _before(connection: Connection, vault: Vault, row: Any) -> list[Said]:
    """Return the last messages of both sides up to the opening, oldest first."""
    heard = _heard(row).where(inbox.c.state != SILENT, inbox.c.received_at <= row.created_at)
    heard = heard.order_by(inbox.c.id.desc())
    ours = _ours(row).where(outbox.c.created_at < row.created_at)
    found = (
        connection.execute(heard.limit(_TRANSCRIPT)),
        connection.execute(ours.order_by(outbox.c.position.desc()).limit(_TRANSCRIPT)),
    )
    return _talk(vault, *found)


def _since(connection: Connection, vault: Vault, row: Any) -> list[Said]:
    """Return what came later than the opening, whenever it was written, oldest first."""
    return _talk(
        vault,
        connection.execute(_heard(row).where(inbox.c.received_at > row.created_at)),
        connection.execute(_ours(row).where(outbox.c.created_at >= row.created_at)),
    )


def _heard(row: Any) -> Any:
    return sa.select(inbox.c.sent_at, inbox.c.state, inbox.c.sealed_body).where(
        inbox.c.conversation_id == row.conversation_id, readable(inbox, row.id)
    )


def _ours(row: Any) -> Any:
    return sa.select(outbox).where(
        outbox.c.conversation_id == row.conversation_id, readable(outbox, row.id)
    )


def _talk(vault: Vault, heard: Iterable[Any], ours: Iterable[Any]) -> list[Said]:
    found = []
    for row in heard:
        body = vault.open(row.sealed_body)
        type = body.get("type", "")
        if row.state != SILENT or type == TAKEN_BACK:
            found.append(Said(row.sent_at, "user", body["text"], files=_files(body), type=type))
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
