"""Who holds a conversation: an agent who has taken it over, or Nindy again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.ledger import people
from bot.ledger.confidence import under_way
from bot.ledger.inbox import PENDING
from bot.ledger.people import ANONYMOUS
from bot.ledger.tables import conversation, inbox, ticket, ticket_event
from bot.privacy import Vault
from bot.tickets.life import ChangeRefused, Priority
from bot.tickets.record import Seen, lock, tell, write
from bot.words import Words

UNANSWERED = "unanswered"
"""The event: the person was told that their agent has been reminded."""


class Takeover:
    """Takes a conversation over and hands it back; both are changes of the ticket it is for.

    Args:
        words: What the person is told.
    """

    def __init__(self, words: Words) -> None:
        self._words = words

    def take_over(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Hold the conversation: the bot is silent from the next message on.

        Raises:
            ChangeRefused: Another agent holds it (``held``), the person has ``gone``, or nobody
                can be spoken to in it (``anonymous``).
        """
        row = lock(connection, seen)
        if row.channel == ANONYMOUS:
            raise ChangeRefused("anonymous")
        if people.is_gone(connection, row.conversation_id):
            raise ChangeRefused("gone")
        _keep_from_holder(connection, vault, row.conversation_id)
        taken = connection.execute(
            conversation.update()
            .where(
                conversation.c.id == row.conversation_id,
                sa.or_(
                    conversation.c.holder_id.is_(None), conversation.c.holder_id == seen.agent_id
                ),
            )
            .values(
                holder_id=seen.agent_id,
                held_at=seen.now,
                held_ticket_id=row.id,
                version=conversation.c.version + 1,
                # A form that was under way must not ask on when the bot speaks again.
                sealed_state=None,
            )
        )
        if taken.rowcount != 1:
            raise ChangeRefused("held")
        # Said only while it can be read at once: later it would no longer be true.
        told = self._tell(connection, vault, row, seen, "utter_kabar_petugas_masuk")
        write(connection, vault, row, seen, "taken_over", {"owner_id": seen.agent_id}, told)

    def hand_back(
        self, connection: Connection, vault: Vault, seen: Seen, overrides: bool = False
    ) -> None:
        """Let the bot speak again.

        Args:
            connection: The open transaction.
            vault: Seals what is written.
            seen: The ticket that the conversation is held for, and who hands it back.
            overrides: Whether they may end what a colleague has taken over.

        Raises:
            ChangeRefused: Nobody holds the conversation for this ticket (``free``), or a
                colleague does (``holder``).
        """
        row = lock(connection, seen)
        holder = connection.execute(
            sa.select(conversation.c.holder_id).where(conversation.c.held_ticket_id == row.id)
        ).scalar()
        if holder not in (None, seen.agent_id) and not overrides:
            raise ChangeRefused("holder")
        if not free(connection, row.id):
            raise ChangeRefused("free")
        told = self._tell(connection, vault, row, seen, "utter_kabar_petugas_keluar")
        write(connection, vault, row, seen, "handed_back", {}, told)

    def remind(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Tell the person that they are not forgotten, and the desk that they wait."""
        row = lock(connection, seen)
        told = self._tell(connection, vault, row, seen, "utter_kabar_menunggu_petugas")
        write(connection, vault, row, seen, UNANSWERED, {"priority": Priority.URGENT.value}, told)

    def _tell(
        self, connection: Connection, vault: Vault, row: Any, seen: Seen, name: str
    ) -> dict[str, str]:
        return tell(connection, vault, row, Reply(self._words.text(name)), seen.now)


def _keep_from_holder(connection: Connection, vault: Vault, conversation_id: str) -> None:
    # What was written to another matter's form, and is not answered yet, is not the holder's.
    sealed = connection.execute(
        sa.select(conversation.c.sealed_state).where(conversation.c.id == conversation_id)
    ).scalar()
    if matter := under_way(vault.open(sealed) if sealed else None):
        connection.execute(
            inbox.update()
            .where(inbox.c.conversation_id == conversation_id, inbox.c.state == PENDING)
            .values(matter=matter)
        )


def free(connection: Connection, ticket_id: str) -> bool:
    """Let nobody hold a conversation for a ticket; say whether somebody did."""
    freed = connection.execute(
        conversation.update()
        .where(conversation.c.held_ticket_id == ticket_id)
        .values(
            holder_id=None, held_at=None, held_ticket_id=None, version=conversation.c.version + 1
        )
    )
    return bool(freed.rowcount)


def held_for(connection: Connection, conversation_id: str) -> str | None:
    """Return the number of the ticket that a conversation was taken over for."""
    number: str | None = connection.execute(
        sa.select(ticket.c.number)
        .join(conversation, conversation.c.held_ticket_id == ticket.c.id)
        .where(conversation.c.id == conversation_id)
    ).scalar()
    return number


def kept_waiting(connection: Connection, since: datetime) -> list[str]:
    """Return the tickets whose person has waited for the agent who took over since a moment.

    None is named again before the agent has answered.
    """
    rows = connection.execute(
        sa.select(ticket.c.number)
        .join(conversation, conversation.c.held_ticket_id == ticket.c.id)
        .where(
            _not_answered("user_message", ticket_event.c.at <= since), ~_not_answered(UNANSWERED)
        )
    )
    return [str(row.number) for row in rows]


def _not_answered(kind: str, *more: Any) -> Any:
    answer = ticket_event.alias("answer")
    answered = sa.exists().where(
        answer.c.ticket_id == ticket.c.id,
        answer.c.id > ticket_event.c.id,
        answer.c.kind.in_(("taken_over", "reply")),
    )
    return (
        sa.exists()
        .where(
            ticket_event.c.ticket_id == ticket.c.id,
            ticket_event.c.kind == kind,
            ~answered.correlate_except(answer),
            *more,
        )
        .correlate_except(ticket_event)
    )
