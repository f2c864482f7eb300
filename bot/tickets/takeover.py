"""Who holds a conversation: an agent who has taken it over, or Nindy again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.ledger import people
from bot.ledger.tables import conversation, ticket
from bot.privacy import Vault
from bot.tickets.life import OPEN, ChangeRefused
from bot.tickets.record import Seen, lock, tell, write
from bot.words import Words


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
            ChangeRefused: Another agent holds it, the person has gone, or the ticket has no
                conversation.
        """
        row = lock(connection, seen)
        if people.is_gone(connection, row.conversation_id):
            raise ChangeRefused("gone")
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
                version=conversation.c.version + 1,
                # A form that was under way must not ask on when the bot speaks again.
                sealed_state=None,
            )
        )
        if taken.rowcount != 1:
            raise ChangeRefused("held")
        # Said only while it can be read at once: later it would no longer be true.
        news = Reply(self._words.text("utter_kabar_petugas_masuk"))
        told = tell(connection, vault, row, news, seen.now)
        write(connection, vault, row, seen, "taken_over", {"owner_id": seen.agent_id}, told)

    def hand_back(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Let the bot speak again.

        Raises:
            ChangeRefused: Nobody holds the conversation.
        """
        row = lock(connection, seen)
        if not free(connection, row.conversation_id):
            raise ChangeRefused("free")
        news = Reply(self._words.text("utter_kabar_petugas_keluar"))
        told = tell(connection, vault, row, news, seen.now)
        write(connection, vault, row, seen, "handed_back", {}, told)


def free(connection: Connection, conversation_id: str) -> bool:
    """Let nobody hold a conversation; say whether somebody did."""
    freed = connection.execute(
        conversation.update()
        .where(conversation.c.id == conversation_id, conversation.c.holder_id.is_not(None))
        .values(holder_id=None, held_at=None, version=conversation.c.version + 1)
    )
    return bool(freed.rowcount)


def meant(connection: Connection, conversation_id: str) -> str | None:
    """Return the number of the unfinished ticket that a message is meant for, if there is one.

    Of several it is one of the agent who holds the conversation, and then the newest.
    """
    of_holder = sa.case((ticket.c.owner_id == conversation.c.holder_id, 0), else_=1)
    number: str | None = connection.execute(
        sa.select(ticket.c.number)
        .join(conversation, conversation.c.id == ticket.c.conversation_id)
        .where(
            ticket.c.conversation_id == conversation_id,
            ticket.c.state.in_([state.value for state in OPEN]),
        )
        .order_by(of_holder, ticket.c.created_at.desc())
        .limit(1)
    ).scalar()
    return number
