"""What is known of every file: who sent it, with which message, on which ticket, and its state.

    expected ──> kept          fetched from the channel, or uploaded
        │  └───> waiting ──> kept, rejected      the scanner must look once more
        ├──────> rejected      not taken; `reason` says why
        └──────> lost          the channel has it no more

The bytes are in `bot.attachments.files`, under the row's id.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.attachments.files import Kept
from bot.channels.message import Inbound
from bot.ledger.tables import attachment, inbox
from bot.privacy import Vault

EXPECTED, WAITING, KEPT, REJECTED, LOST = "expected", "waiting", "kept", "rejected", "lost"

USER = "user"
"""The sender who is the person of the conversation."""
RECENT = timedelta(hours=4)
"""So long a file waits for a ticket to be opened: as long as a conversation is remembered."""


@dataclass(frozen=True)
class Attachment:
    """A file.

    Attributes:
        id: Its id, here and in the store.
        conversation_id: In which conversation it was sent.
        sender: ``user`` or ``agent:<id>``.
        name: A harmless name; empty until it is known.
        type: Its media type by its content; empty until it is known.
        size: Bytes, 0 until known.
        state: See above; only what is ``kept`` may be handed out.
        reason: Why it was rejected (`bot.errors.FileRefused`).
        created_at: When it was sent.
    """

    id: str
    conversation_id: str
    sender: str
    name: str
    type: str
    size: int
    state: str
    reason: str
    created_at: datetime

    @property
    def is_there(self) -> bool:
        """Whether it is in the store, or may still come there."""
        return self.state in (EXPECTED, WAITING, KEPT)


def add(
    connection: Connection,
    vault: Vault,
    kept: Kept,
    conversation_id: str,
    sender: str,
    now: datetime,
    ticket_id: str | None = None,
) -> None:
    """Write down a file that was uploaded and is in the store."""
    connection.execute(
        attachment.insert().values(
            id=kept.id,
            conversation_id=conversation_id,
            ticket_id=ticket_id,
            sender=sender,
            sealed_name=vault.seal({"name": kept.name}),
            type=kept.type,
            size=kept.size,
            state=KEPT if kept.clean else WAITING,
            reason="",
            promised=False,
            attempts=0,
            next_at=now,
            created_at=now,
        )
    )


def find(connection: Connection, vault: Vault, id: str) -> Attachment | None:
    """Find a file by its id; whether the asker may have it is the asker's door to decide."""
    return next(iter(of(connection, vault, [id])), None)


def of(connection: Connection, vault: Vault, ids: Iterable[str]) -> list[Attachment]:
    """Return the files of these ids, in their order; unknown ones are left out."""
    wanted = list(ids)
    rows = connection.execute(sa.select(attachment).where(attachment.c.id.in_(wanted)))
    found = {row.id: read(vault, row) for row in rows}
    return [found[id] for id in wanted if id in found]


def of_person(
    connection: Connection, vault: Vault, conversation_id: str, id: str
) -> Attachment | None:
    """Find a file that the person of a conversation may have: their own, or one sent to them."""
    row = connection.execute(
        sa.select(attachment).where(
            attachment.c.id == id,
            attachment.c.conversation_id == conversation_id,
            # What an agent has uploaded and not sent is on no ticket yet.
            sa.or_(attachment.c.sender == USER, attachment.c.ticket_id.is_not(None)),
        )
    ).first()
    return None if row is None else read(vault, row)


def sent_since(connection: Connection, vault: Vault, conversation_id: str, since: datetime) -> int:
    """Count the files that the person of a conversation has sent since a moment."""
    counted = (
        sa.select(sa.func.count())
        .select_from(attachment)
        .where(
            attachment.c.conversation_id == conversation_id,
            attachment.c.sender == USER,
            attachment.c.created_at > since,
        )
    )
    return int(connection.execute(counted).scalar_one())


def of_ticket(connection: Connection, vault: Vault, ticket_id: str) -> list[Attachment]:
    """Return the files on a ticket, the oldest first."""
    rows = connection.execute(
        sa.select(attachment)
        .where(attachment.c.ticket_id == ticket_id)
        .order_by(attachment.c.created_at, attachment.c.id)
    )
    return [read(vault, row) for row in rows]


def brought(connection: Connection, message: Inbound, conversation_id: str) -> tuple[str, ...]:
    """Return the ids of the files that a new message brings.

    A file to be fetched gets its id here. Of those that the message names, only files count that
    its own conversation uploaded and that came with no message before.
    """
    if message.media is not None:
        return (str(uuid.uuid4()),)
    if not message.attachments:
        return ()
    rows = connection.execute(
        sa.select(attachment.c.id).where(
            attachment.c.id.in_(message.attachments),
            attachment.c.conversation_id == conversation_id,
            attachment.c.sender == USER,
            attachment.c.inbox_id.is_(None),
        )
    )
    own = {row.id for row in rows}
    return tuple(id for id in dict.fromkeys(message.attachments) if id in own)


def bind(connection: Connection, inbox_id: int, ids: tuple[str, ...]) -> None:
    """Say with which message uploaded files came."""
    connection.execute(
        attachment.update().where(attachment.c.id.in_(ids)).values(inbox_id=inbox_id)
    )


def unsent(
    connection: Connection, vault: Vault, conversation_id: str, sender: str
) -> list[Attachment]:
    """Return what an agent has uploaded for a conversation and not sent yet, the oldest first."""
    rows = connection.execute(
        sa.select(attachment)
        .where(
            attachment.c.conversation_id == conversation_id,
            attachment.c.sender == sender,
            attachment.c.ticket_id.is_(None),
        )
        .order_by(attachment.c.created_at, attachment.c.id)
    )
    return [read(vault, row) for row in rows]


def send(
    connection: Connection,
    vault: Vault,
    ticket_id: str,
    conversation_id: str,
    sender: str,
    ids: tuple[str, ...],
) -> list[Attachment]:
    """Put files that an agent has uploaded onto the ticket with whose reply they go out.

    Returns:
        Those of the ids that are the agent's own, not sent yet and kept, in the ids' order.
    """
    own = {one.id: one for one in unsent(connection, vault, conversation_id, sender)}
    sent = [own[id] for id in ids if id in own and own[id].state == KEPT]
    connection.execute(
        attachment.update()
        .where(attachment.c.id.in_([one.id for one in sent]))
        .values(ticket_id=ticket_id)
    )
    return sent


def forget_unsent(
    connection: Connection, vault: Vault, conversation_id: str, sender: str, id: str
) -> bool:
    """Forget a file that an agent has uploaded and not sent; say whether there was one."""
    forgotten = connection.execute(
        attachment.delete().where(
            attachment.c.id == id,
            attachment.c.conversation_id == conversation_id,
            attachment.c.sender == sender,
            attachment.c.ticket_id.is_(None),
        )
    )
    return bool(forgotten.rowcount)


def put_onto(connection: Connection, ticket_id: str, inbox_id: int) -> None:
    """Put the files of a message onto a ticket."""
    connection.execute(
        attachment.update()
        .where(attachment.c.inbox_id == inbox_id, attachment.c.ticket_id.is_(None))
        .values(ticket_id=ticket_id)
    )


def put_onto_new(connection: Connection, ticket_id: str, now: datetime) -> None:
    """Put what came lately with the talk that led to a ticket onto it, if it is on none yet."""
    talk = sa.select(inbox.c.id).where(inbox.c.matter == ticket_id)
    connection.execute(
        attachment.update()
        .where(
            attachment.c.ticket_id.is_(None),
            attachment.c.sender == USER,
            attachment.c.inbox_id.in_(talk),
            attachment.c.created_at > now - RECENT,
        )
        .values(ticket_id=ticket_id)
    )


def unknown(connection: Connection, vault: Vault, ids: list[str]) -> list[str]:
    """Return those of the ids that no row has: files whose upload was never finished."""
    rows = connection.execute(sa.select(attachment.c.id).where(attachment.c.id.in_(ids)))
    known = {row.id for row in rows}
    return [id for id in ids if id not in known]


def read(vault: Vault, row: Any) -> Attachment:
    """Read a row of the table."""
    return Attachment(
        id=row.id,
        conversation_id=row.conversation_id,
        sender=row.sender,
        name=str(vault.open(row.sealed_name)["name"]),
        type=row.type,
        size=row.size,
        state=row.state,
        reason=row.reason,
        created_at=row.created_at,
    )
