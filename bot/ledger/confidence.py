"""What a message is about, and on which tickets it may be read.

Rows of inbox and outbox carry in ``matter`` the id of the ticket that they are about, or of a
complaint that has no ticket: one that was begun, given up, or sent without a name. None is talk
that no ticket has claimed yet. Nothing is copied: what may be read is asked of the tickets as they
stand, so a ticket that becomes a complaint takes its talk along at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.inbox import PENDING
from bot.ledger.tables import COMPLAINTS, attachment, conversation, inbox, outbox, person, ticket
from bot.privacy import Vault

NO_NEWS = timedelta(hours=1)
"""So long words that were erased wait for the news that they were shown, or were refused."""
_STILL_WORDED = sa.text("outbox.state = 'sent' AND outbox.sealed_remains IS NOT NULL")
"""Written out, so that the partial index serves it."""

SLOT = "perkara"
"""Where the dialogue remembers the matter that it is about."""
FORMS = ("pengaduan_form", "ulasan_form", "lanjut_form")
"""Forms in which every message belongs to that matter, if one is remembered."""


def is_ordinary(tickets: Any = ticket) -> Any:
    """Return the condition that a ticket is no complaint."""
    return sa.or_(tickets.c.service.is_(None), tickets.c.service != COMPLAINTS)


def readable(rows: sa.Table, ticket_id: Any) -> Any:
    """Return the condition that a message may be read on a ticket.

    Args:
        rows: `inbox` or `outbox`.
        ticket_id: The ticket, or the column that has it.
    """
    about = ticket.alias("about")
    ordinary = sa.exists().where(about.c.id == rows.c.matter, is_ordinary(about))
    ordinary = ordinary.correlate_except(about)
    known = sa.or_(rows.c.matter.is_(None), rows.c.matter == ticket_id, ordinary)
    # Before its turn is done nobody knows what a message is about.
    return sa.and_(known, rows.c.state != PENDING) if rows is inbox else known


def under_way(state: dict[str, Any] | None) -> str | None:
    """Return the matter of the form that a dialogue's short state is in."""
    matter: str | None = state["slots"].get(SLOT) if state and state["loop"] in FORMS else None
    return matter


def is_confidential(connection: Connection, matter: str) -> bool:
    """Say whether a matter is not an ordinary ticket."""
    found = sa.select(ticket.c.id).where(ticket.c.id == matter, is_ordinary())
    return connection.execute(found).first() is None


def of_file(connection: Connection, file_id: str) -> str | None:
    """Return the matter of the message that brought a file."""
    brought = attachment.c.inbox_id == inbox.c.id
    found = sa.select(inbox.c.matter).join(attachment, brought).where(attachment.c.id == file_id)
    matter: str | None = connection.execute(found).scalar()
    return matter


def claim(
    connection: Connection,
    vault: Vault,
    conversation_id: str,
    matter: str,
    since: datetime | None = None,
) -> None:
    """Let the talk that belongs to nothing yet belong to a matter, all of it or since a moment."""
    for rows, at in ((inbox, inbox.c.received_at), (outbox, outbox.c.created_at)):
        where = [rows.c.conversation_id == conversation_id, rows.c.matter.is_(None)]
        if since is not None:
            where.append(at >= since)
        if rows is inbox:
            where.append(rows.c.state != PENDING)
        connection.execute(rows.update().where(*where).values(matter=matter))


def erase(connection: Connection, vault: Vault, matter: str, left: str) -> None:
    """Take the words out of all messages of a matter, and its files out of the ledger.

    The sweep drops the files from the store, which no row knows then.

    Args:
        connection: The open transaction.
        vault: Seals what is left.
        matter: Which.
        left: What a bubble says instead, once it has been shown.
    """
    heard = sa.select(inbox.c.id, inbox.c.sealed_body).where(inbox.c.matter == matter)
    for row in connection.execute(heard).all():
        connection.execute(
            inbox.update()
            .where(inbox.c.id == row.id)
            .values(sealed_body=wordless(vault, row.sealed_body))
        )
    talk = sa.select(inbox.c.id).where(inbox.c.matter == matter)
    connection.execute(attachment.delete().where(attachment.c.inbox_id.in_(talk)))
    ours = outbox.c.matter == matter
    # What was sent has not been shown yet, and may still be refused and said again.
    waits = outbox.c.state.in_(("queued", "sending", "unknown", "parked", "sent"))
    sealed = remains(vault, left)
    connection.execute(outbox.update().where(ours, waits).values(sealed_remains=sealed))
    connection.execute(outbox.update().where(ours, ~waits).values(sealed_body=sealed))


def finish_erasing(connection: Connection, vault: Vault, before: datetime) -> int:
    """Take the words out of bubbles that were accepted long ago and of which no news has come.

    Where somebody reads them here, they stay until they are read.
    """
    here = sa.exists().where(
        conversation.c.id == outbox.c.conversation_id,
        person.c.id == conversation.c.person_id,
        person.c.channel == "webchat",
    )
    erased = connection.execute(
        outbox.update()
        .where(_STILL_WORDED, outbox.c.updated_at < before, ~here)
        .values(sealed_body=outbox.c.sealed_remains, sealed_remains=None)
    )
    return int(erased.rowcount)


def wordless(vault: Vault, sealed_body: bytes) -> bytes:
    """Return an incoming message without its words, its files and what was pressed."""
    told: dict[str, Any] = {"text": "", "choice_id": None, "media": None, "attachments": []}
    return vault.seal({**vault.open(sealed_body), **told})


def remains(vault: Vault, left: str) -> bytes:
    """Return the bubble that takes the place of one whose words are taken out."""
    return vault.seal({"text": left, "choices": [], "menu": ""})
