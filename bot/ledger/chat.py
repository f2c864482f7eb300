"""A conversation as who reads it here sees it: its log, how it stands, what was shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Choice
from bot.ledger import attachments
from bot.ledger.attachments import Attachment
from bot.ledger.inbox import SILENT
from bot.ledger.outbox import FAILED, LEFT, SENT
from bot.ledger.tables import (
    agent,
    chat_rating,
    chat_session,
    conversation,
    inbox,
    outbox,
    ticket,
    ticket_draft,
)
from bot.privacy import Vault

_AGENT_TYPES = timedelta(seconds=6)
"""How long after an agent's last keystroke they count as writing."""
_NINDY_TYPES = timedelta(seconds=60)
"""A message that has waited longer is not about to be answered."""
_CHUNK = 500
_OFFERED = 200
"""Bubbles in which a pressed choice is looked for, newest first."""


@dataclass(frozen=True)
class Entry:
    """A message of either side.

    Attributes:
        position: Its place in the conversation, from 1.
        id: The client's id of the person's message, or our id of the bubble.
        at: When it was stored.
        who: ``user``, ``nindy`` or ``agent``.
        name: The agent's name.
        text: The words.
        choices: What can be pressed beneath.
        menu: The word on the button that opens a list of them.
        files: What came with it.
    """

    position: int
    id: str
    at: datetime
    who: str
    name: str
    text: str
    choices: tuple[Choice, ...] = ()
    menu: str = ""
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How a conversation stands for one of its sessions.

    Attributes:
        conversation_id: Which conversation.
        position: Of its last message.
        shown: How far the person has been shown our messages.
        held: Whether an agent has taken it over.
        agent: The name of that agent.
        typing: ``nindy``, ``agent`` or empty.
    """

    conversation_id: str
    position: int
    shown: int
    held: bool
    agent: str
    typing: str


def moved(connection: Connection, vault: Vault, since: datetime, now: datetime) -> set[str]:
    """Return the conversations that moved since a moment, or to which an agent is writing."""
    latest = sa.select(conversation.c.id).where(conversation.c.moved_at >= since)
    found = {row.id for row in connection.execute(latest)}
    return found | _written_to(connection, now)


def standings(
    connection: Connection, vault: Vault, session_keys: list[str], now: datetime
) -> dict[str, Standing]:
    """Return how the conversations of sessions stand, leaving out sessions that have ended."""
    writing = _written_to(connection, now)
    waits = (
        sa.exists()
        .where(
            inbox.c.conversation_id == conversation.c.id,
            sa.text("inbox.state = 'pending'"),
            inbox.c.received_at > now - _NINDY_TYPES,
        )
        .correlate(conversation)
    )
    found = {}
    for start in range(0, len(session_keys), _CHUNK):
        rows = connection.execute(
            sa.select(
                chat_session.c.session_key,
                conversation.c.id,
                conversation.c.position,
                conversation.c.shown,
                conversation.c.holder_id,
                agent.c.name,
                waits.label("waits"),
            )
            .join(conversation, conversation.c.id == chat_session.c.conversation_id)
            .outerjoin(agent, agent.c.id == conversation.c.holder_id)
            .where(chat_session.c.session_key.in_(session_keys[start : start + _CHUNK]))
        )
        for row in rows:
            held = row.holder_id is not None
            nindy = "nindy" if row.waits and not held else ""
            found[row.session_key] = Standing(
                conversation_id=row.id,
                position=row.position,
                shown=row.shown,
                held=held,
                agent=row.name or "",
                typing="agent" if row.id in writing else nindy,
            )
    return found


def log(
    connection: Connection, vault: Vault, conversation_id: str, after: int, limit: int
) -> list[Entry]:
    """Return the messages after a position, in order, at most `limit`."""
    # Read first: what is committed between the two looks below belongs to the next call, else a
    # later message of one side would hide an earlier one of the other.
    last = _position(connection, conversation_id)
    found = [
        *_heard(connection, vault, conversation_id, after, last, limit),
        *_said(connection, vault, conversation_id, after, last, limit),
    ]
    return sorted(found, key=lambda entry: entry.position)[:limit]


def title(connection: Connection, vault: Vault, conversation_id: str, payload: str) -> str:
    """Return what a choice that was offered in a conversation says; empty when it was not."""
    sealed = connection.execute(
        sa.select(outbox.c.sealed_body)
        .where(outbox.c.conversation_id == conversation_id)
        .order_by(outbox.c.position.desc())
        .limit(_OFFERED)
    )
    for row in sealed:
        for choice in vault.open(row.sealed_body)["choices"]:
            if choice["payload"] == payload:
                return str(choice["title"])
    return ""


def show(
    connection: Connection, vault: Vault, conversation_id: str, upto: int, now: datetime
) -> None:
    """Note that the person has been shown our messages up to a position."""
    upto = min(upto, _position(connection, conversation_id))
    moved = connection.execute(
        conversation.update()
        .where(conversation.c.id == conversation_id, conversation.c.shown < upto)
        .values(shown=upto, moved_at=now)
    )
    if moved.rowcount:
        connection.execute(
            outbox.update()
            .where(
                outbox.c.conversation_id == conversation_id,
                outbox.c.position <= upto,
                outbox.c.state == SENT,
            )
            .values(state="read", updated_at=now, sealed_body=LEFT)
        )


def rate(
    connection: Connection,
    vault: Vault,
    conversation_id: str,
    value: int,
    word: str,
    now: datetime,
) -> None:
    """Keep what the person thinks of the talk so far (1 to 5, and a word)."""
    position = _position(connection, conversation_id)
    connection.execute(
        chat_rating.delete().where(
            chat_rating.c.conversation_id == conversation_id, chat_rating.c.position == position
        )
    )
    connection.execute(
        chat_rating.insert().values(
            conversation_id=conversation_id,
            position=position,
            at=now,
            value=value,
            sealed_word=vault.seal({"text": word}) if word else None,
        )
    )


def _written_to(connection: Connection, now: datetime) -> set[str]:
    rows = connection.execute(
        sa.select(ticket.c.conversation_id)
        .join(ticket_draft, ticket_draft.c.ticket_id == ticket.c.id)
        .where(ticket_draft.c.updated_at > now - _AGENT_TYPES)
    )
    return {row.conversation_id for row in rows}


def _position(connection: Connection, conversation_id: str) -> int:
    return int(
        connection.execute(
            sa.select(conversation.c.position).where(conversation.c.id == conversation_id)
        ).scalar_one()
    )


def _heard(
    connection: Connection, vault: Vault, conversation_id: str, after: int, last: int, limit: int
) -> list[Entry]:
    rows = connection.execute(
        sa.select(inbox.c.position, inbox.c.received_at, inbox.c.sealed_body)
        .where(*_between(inbox, conversation_id, after, last), inbox.c.state != SILENT)
        .order_by(inbox.c.position)
        .limit(limit)
    )
    found = []
    for row in rows:
        body = vault.open(row.sealed_body)
        id = body["external_id"].rpartition(":")[2]
        files = _files(connection, vault, body)
        entry = Entry(row.position, id, row.received_at, "user", "", body["text"], files=files)
        found.append(entry)
    return found


def _said(
    connection: Connection, vault: Vault, conversation_id: str, after: int, last: int, limit: int
) -> list[Entry]:
    rows = connection.execute(
        sa.select(
            outbox.c.position,
            outbox.c.id,
            outbox.c.created_at,
            outbox.c.sealed_body,
            outbox.c.agent_id,
            agent.c.name,
        )
        .outerjoin(agent, agent.c.id == outbox.c.agent_id)
        .where(*_between(outbox, conversation_id, after, last), outbox.c.state != FAILED)
        .order_by(outbox.c.position)
        .limit(limit)
    )
    found = []
    for row in rows:
        body = vault.open(row.sealed_body)
        found.append(
            Entry(
                position=row.position,
                id=row.id,
                at=row.created_at,
                who="agent" if row.agent_id else "nindy",
                name=row.name or "",
                text=body["text"],
                choices=tuple(Choice(**choice) for choice in body["choices"]),
                menu=body["menu"],
                files=_files(connection, vault, body),
            )
        )
    return found


def _files(connection: Connection, vault: Vault, body: dict[str, Any]) -> tuple[Attachment, ...]:
    ids = body.get("attachments", ())
    return tuple(attachments.of(connection, vault, ids)) if ids else ()


def _between(table: sa.Table, conversation_id: str, after: int, last: int) -> list[Any]:
    return [
        table.c.conversation_id == conversation_id,
        table.c.position > after,
        table.c.position <= last,
    ]
