"""Web chat's sessions: made, found, and ended with all that was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Inbound, Sender
from bot.ledger import inbox as messages
from bot.ledger import notices, people
from bot.ledger.tables import (
    attachment,
    audit,
    chat_rating,
    chat_session,
    conversation,
    feedback,
    inbox,
    outbox,
    person,
    ticket,
    turn,
)
from bot.privacy import Vault

CHANNEL = "webchat"


@dataclass(frozen=True)
class Session:
    """A session that has not ended.

    Attributes:
        key: The look-up key of its id.
        conversation_id: What it reads and writes.
        sender: Whose it is.
        known: Whether the host site vouched for them.
    """

    key: str
    conversation_id: str
    sender: Sender
    known: bool


def session_key(vault: Vault, session_id: str) -> str:
    """Return the look-up key of a session's id."""
    return vault.key("chat-session", session_id)


def make(
    connection: Connection,
    vault: Vault,
    session_id: str,
    user: Sender | None,
    now: datetime,
) -> None:
    """Begin a session.

    Args:
        connection: The open transaction.
        vault: Seals and makes keys.
        session_id: Its id, fresh and random.
        user: Whom the host site vouched for: every session of theirs reads the same
            conversation. None makes a stranger.
        now: The moment.
    """
    sender = user or Sender(user_id=session_id)
    connection.execute(
        chat_session.insert().values(
            session_key=session_key(vault, session_id),
            conversation_id=people.find_or_create(connection, vault, CHANNEL, sender, now),
            known=user is not None,
            created_at=now,
        )
    )


def find(connection: Connection, vault: Vault, session_id: str) -> Session | None:
    """Return a session; None when it has ended."""
    key = session_key(vault, session_id)
    row = connection.execute(
        sa.select(chat_session.c.conversation_id, chat_session.c.known).where(
            chat_session.c.session_key == key
        )
    ).first()
    if row is None:
        return None
    _, sender = people.address(connection, vault, row.conversation_id)
    return Session(key, row.conversation_id, sender, row.known)


def accept_notice(
    connection: Connection, vault: Vault, session_id: str, version: str, now: datetime
) -> None:
    """Write down that the privacy notice was accepted in a session."""
    key = session_key(vault, session_id)
    row = connection.execute(
        sa.select(chat_session.c.notice, conversation.c.person_id)
        .join(conversation, conversation.c.id == chat_session.c.conversation_id)
        .where(chat_session.c.session_key == key)
    ).one()
    if row.notice != version:
        connection.execute(
            chat_session.update().where(chat_session.c.session_key == key).values(notice=version)
        )
        notices.write(connection, row.person_id, version, now)


def position(
    connection: Connection, vault: Vault, session_id: str, message: Inbound, now: datetime
) -> int | None:
    """Return the position of a stored message of a session; None when the session has ended.

    A message that was stored while the session ended is erased with the rest.
    """
    row = connection.execute(
        sa.select(inbox.c.position, inbox.c.conversation_id).where(
            inbox.c.message_key == messages.key_of(vault, message)
        )
    ).one()
    if find(connection, vault, session_id) is None:
        forget(connection, vault, row.conversation_id, now)
        return None
    return int(row.position)


def forget(connection: Connection, vault: Vault, conversation_id: str, now: datetime) -> list[str]:
    """End all sessions of a conversation and erase who it was with and what was said.

    Tickets stay, with what they hold themselves: their content, their transcript, their events.
    The person cannot be found again: who comes back is somebody new.

    Returns:
        The ids of files on no ticket, whose bytes are to be dropped from the store.
    """
    this = conversation.c.id == conversation_id
    # Ends a turn that is under way: it no longer finds the version it began with.
    connection.execute(
        conversation.update()
        .where(this)
        .values(version=conversation.c.version + 1, sealed_state=None, moved_at=now)
    )
    person_id = connection.execute(sa.select(conversation.c.person_id).where(this)).scalar_one()
    connection.execute(
        person.update()
        .where(person.c.id == person_id)
        .values(user_key=None, phone_key=None, sealed_address=vault.seal({}))
    )
    left = _forget_files(connection, conversation_id)
    for table in (chat_session, chat_rating, feedback, turn, outbox):
        connection.execute(table.delete().where(table.c.conversation_id == conversation_id))
    of_ticket = sa.select(ticket.c.inbox_id).where(ticket.c.inbox_id.is_not(None))
    connection.execute(
        inbox.delete().where(
            inbox.c.conversation_id == conversation_id, inbox.c.id.not_in(of_ticket)
        )
    )
    # The messages with which tickets were opened are pointed to; their words are in the tickets.
    connection.execute(
        inbox.update()
        .where(inbox.c.conversation_id == conversation_id)
        .values(sealed_body=vault.seal({"text": ""}), state=messages.SILENT)
    )
    connection.execute(audit.insert().values(at=now, kind="forgotten", person_id=person_id))
    return left


def _forget_files(connection: Connection, conversation_id: str) -> list[str]:
    of_this = attachment.c.conversation_id == conversation_id
    on_none = sa.and_(of_this, attachment.c.ticket_id.is_(None))
    ids = [row.id for row in connection.execute(sa.select(attachment.c.id).where(on_none))]
    connection.execute(attachment.delete().where(on_none))
    connection.execute(attachment.update().where(of_this).values(inbox_id=None))
    return ids
