"""What was under way when a person's number changed: it must not reach the new number.

The new number may be another hand. An answer that nobody has seen yet may hold what a look-up
found, and a message that waits may ask for one; both stay with the old number. News of tickets and
what an agent wrote go on, and while an agent holds the conversation so do the messages.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.ledger import outbox as bubbles
from bot.ledger.inbox import SILENT
from bot.ledger.tables import conversation, inbox, outbox
from bot.ledger.window import PARKED
from bot.privacy import Vault


def leave_behind(
    connection: Connection, vault: Vault, conversation_id: str, told: Reply | None, now: datetime
) -> None:
    """Withdraw answers and messages of before.

    Args:
        connection: The open transaction, in which the number was changed.
        vault: Seals the sentence.
        conversation_id: Whose.
        told: What to say when anything was withdrawn, so that nobody waits in vain.
        now: The moment.
    """
    answers = sa.and_(
        outbox.c.conversation_id == conversation_id,
        outbox.c.inbox_id.is_not(None),
        outbox.c.agent_id.is_(None),
    )
    open_states = (bubbles.QUEUED, bubbles.SENDING, bubbles.UNKNOWN, PARKED)
    waiting = sa.select(outbox.c.id).where(answers, outbox.c.state.in_(open_states)).limit(1)
    withdrawn = connection.execute(waiting).first() is not None
    bubbles.withdraw(connection, answers, now)
    parked = outbox.update().where(answers, outbox.c.state == PARKED)
    connection.execute(parked.values(state=bubbles.DROPPED, updated_at=now))
    held = sa.select(conversation.c.id).where(
        conversation.c.id == conversation_id, conversation.c.holder_id.is_not(None)
    )
    unread = inbox.update().where(
        inbox.c.conversation_id == conversation_id,
        sa.text("inbox.state = 'pending'"),
        ~sa.exists(held),
    )
    silenced = connection.execute(unread.values(state=SILENT)).rowcount
    if told is not None and (withdrawn or silenced):
        bubbles.enqueue(connection, vault, conversation_id, None, told, now)
