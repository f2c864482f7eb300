"""Files that are still to come from a channel, or to be scanned once more: taken, and settled.

Who takes one has it for `LEASE`; when that ends without an outcome, because the process died, it
is due again. A message that brings a file waits for it a little, so that its answer can say what
became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.attachments.files import Kept
from bot.attachments.names import label
from bot.channels.message import Inbound, Media
from bot.errors import TurnLost
from bot.ledger import attachments
from bot.ledger.attachments import EXPECTED, KEPT, USER, WAITING
from bot.ledger.tables import attachment, conversation
from bot.privacy import Vault

LEASE = timedelta(seconds=60)
"""Longer than fetching and scanning may take."""
PATIENCE = timedelta(seconds=4)
"""So long a conversation waits for a file before its message is answered without it."""

_DUE = sa.text("attachment.state IN ('expected', 'waiting')")
"""Written out, so that the partial index serves it."""


@dataclass(frozen=True)
class Fetch:
    """A file to be fetched, or scanned again.

    Attributes:
        id: The file.
        conversation_id: Who sent it.
        channel: The channel that has it.
        media: Where it is there; None for one that is in the store and waits for the scanner.
        attempts: How often it has been tried, this time included.
        created_at: When it was sent.
    """

    id: str
    conversation_id: str
    channel: str
    media: Media | None
    attempts: int
    created_at: datetime


def expect(
    connection: Connection,
    vault: Vault,
    id: str,
    conversation_id: str,
    inbox_id: int,
    message: Inbound,
    now: datetime,
) -> None:
    """Write down that a message's file is to be fetched, and let the conversation wait for it."""
    media = message.media or Media("")
    connection.execute(
        attachment.insert().values(
            id=id,
            conversation_id=conversation_id,
            inbox_id=inbox_id,
            sender=USER,
            sealed_name=vault.seal({"name": label(media.name)}),
            type="",
            size=0,
            state=EXPECTED,
            reason="",
            promised=False,
            sealed_source=vault.seal(
                {"channel": message.channel, "id": media.id, "sha256": media.sha256}
            ),
            attempts=0,
            next_at=now,
            created_at=now,
        )
    )
    connection.execute(
        conversation.update()
        .where(
            conversation.c.id == conversation_id,
            sa.or_(conversation.c.not_before.is_(None), conversation.c.not_before < now + PATIENCE),
        )
        .values(not_before=now + PATIENCE)
    )


def take(connection: Connection, vault: Vault, now: datetime, limit: int) -> list[Fetch]:
    """Take files that are due, those first that have waited longest."""
    rows = connection.execute(
        sa.select(attachment)
        .where(_DUE, attachment.c.next_at <= now)
        .order_by(attachment.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    connection.execute(
        attachment.update()
        .where(attachment.c.id.in_([row.id for row in rows]))
        .values(attempts=attachment.c.attempts + 1, next_at=now + LEASE)
    )
    return [_read(vault, row) for row in rows]


def _read(vault: Vault, row: Any) -> Fetch:
    media, channel = None, ""
    if row.state == EXPECTED:
        source, name = vault.open(row.sealed_source), vault.open(row.sealed_name)["name"]
        media, channel = Media(source["id"], name, source["sha256"]), source["channel"]
    return Fetch(row.id, row.conversation_id, channel, media, row.attempts + 1, row.created_at)


def kept(connection: Connection, vault: Vault, fetch: Fetch, file: Kept, now: datetime) -> None:
    """Record that a file is in the store, clean or still to be scanned."""
    _settle(
        connection,
        fetch,
        state=KEPT if file.clean else WAITING,
        sealed_name=vault.seal({"name": file.name}),
        type=file.type,
        size=file.size,
        sealed_source=None,
        attempts=0,
        next_at=now,
    )


def clean(connection: Connection, vault: Vault, fetch: Fetch) -> None:
    """Record that the scanner has nothing against a file that waited for it."""
    _settle(connection, fetch, state=KEPT)


def gone(connection: Connection, vault: Vault, fetch: Fetch, state: str, reason: str = "") -> bool:
    """Record that a file is rejected or lost.

    Returns:
        Whether its sender believes that it was received, and no agent holds the conversation.
    """
    _settle(connection, fetch, state=state, reason=reason, sealed_source=None)
    believed = (
        sa.select(attachment.c.promised)
        .join(conversation, conversation.c.id == attachment.c.conversation_id)
        .where(attachment.c.id == fetch.id, conversation.c.holder_id.is_(None))
    )
    return bool(connection.execute(believed).scalar())


def promise(connection: Connection, vault: Vault, ids: tuple[str, ...]) -> None:
    """Record, with the turn that says so, that files which are not kept yet were received.

    Raises:
        TurnLost: One of them turned out not to come while the turn ran; it is to be done again.
    """
    connection.execute(
        attachment.update().where(attachment.c.id.in_(ids)).values(promised=sa.true())
    )
    if not all(one.is_there for one in attachments.of(connection, vault, ids)):
        raise TurnLost("a file turned out not to come during the turn")


def waiting(connection: Connection, vault: Vault) -> int:
    """Count the files that are to be fetched or scanned again."""
    return int(
        connection.execute(
            sa.select(sa.func.count()).select_from(attachment).where(_DUE)
        ).scalar_one()
    )


def postpone(connection: Connection, vault: Vault, fetch: Fetch, next_at: datetime) -> None:
    """Try again later."""
    connection.execute(
        attachment.update().where(attachment.c.id == fetch.id, _DUE).values(next_at=next_at)
    )


def _settle(connection: Connection, fetch: Fetch, **values: Any) -> None:
    connection.execute(
        attachment.update().where(attachment.c.id == fetch.id, _DUE).values(**values)
    )
    # Nobody else's pause is ended: only the one that this very file began.
    connection.execute(
        conversation.update()
        .where(
            conversation.c.id == fetch.conversation_id,
            conversation.c.not_before == fetch.created_at + PATIENCE,
        )
        .values(not_before=None)
    )
