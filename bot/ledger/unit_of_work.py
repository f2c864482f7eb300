"""What one turn wants to change, gathered in memory and written in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.errors import TurnLost
from bot.ledger import bursts, misses, window
from bot.ledger import feedback as judgements
from bot.ledger import inbox as inbox_rows
from bot.ledger.claims import Claim
from bot.ledger.confidence import erase, is_confidential
from bot.ledger.feedback import Feedback
from bot.ledger.tables import conversation, inbox, turn
from bot.ledger.tickets import NewTicket, open_ticket
from bot.privacy import Vault

Write = Callable[[Connection, Vault], None]


@dataclass
class UnitOfWork:
    """The changes of one turn.

    Attributes:
        claim: The message being answered.
        now: When the turn began.
        state: The dialogue's short state after the turn.
        events: What Rasa recorded during the turn.
        replies: Bubbles to send, in order.
        tickets: Tickets to open (at most one a turn).
        misses: What look-ups of this turn did not find (`bot.ledger.misses`).
        feedback: What the person said about an answer (at most one of a kind).
        model: The model that answers.
        matter: What the turn is about, where that is known before it is written
            (`bot.ledger.confidence`).
        left: What takes the place of both sides' words once they are sent; empty keeps them.
        writes: What else is written with the turn, such as a change of a ticket.
        quiet: Whether the turn itself says nothing, because what waited answers it.
        failure: The exception of an action that Rasa would have swallowed.
    """

    claim: Claim
    now: datetime
    state: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    tickets: list[NewTicket] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    model: str = ""
    matter: str | None = None
    left: str = ""
    writes: list[Write] = field(default_factory=list)
    quiet: bool = False
    failure: BaseException | None = None

    @property
    def request_id(self) -> str:
        """The idempotency key that calls to other systems carry."""
        return f"{self.claim.conversation_id}:{self.claim.inbox_id}"

    @property
    def reopens_window(self) -> bool:
        """Whether the message is young enough to let the channel take free text again."""
        return self.claim.message.sent_at > self.now - window.OPEN_FOR


# Made once: every turn executes them.
_HAND_BACK = (
    conversation.update()
    .where(
        conversation.c.id == sa.bindparam("whose"),
        conversation.c.version == sa.bindparam("as_of"),
        conversation.c.lease_owner == sa.bindparam("by"),
    )
    .values(
        version=conversation.c.version + 1,
        sealed_state=sa.bindparam("state"),
        last_turn_at=sa.bindparam("now"),
        lease_owner=None,
        lease_until=None,
        not_before=None,
    )
)
_FINISH = inbox.update().where(
    inbox.c.id == sa.bindparam("which"), inbox.c.state == inbox_rows.PENDING
)
_ADD_TURN = turn.insert()

current: ContextVar[UnitOfWork] = ContextVar("unit_of_work")
"""The unit of work of the turn that is running in this task."""


def commit(
    connection: Connection,
    vault: Vault,
    work: UnitOfWork,
    owner: str,
    now: datetime,
    final_state: str = inbox_rows.DONE,
) -> None:
    """Write a turn: message, state, history, tickets, misses, feedback and replies, or nothing.

    Raises:
        TurnLost: The lease or the conversation's version changed meanwhile.
    """
    claimed = work.claim
    state = vault.seal(work.state) if work.state is not None else None
    as_claimed = {"whose": claimed.conversation_id, "as_of": claimed.version, "by": owner}
    held = connection.execute(_HAND_BACK, {**as_claimed, "state": state, "now": now})
    if held.rowcount != 1:
        raise TurnLost("the conversation changed hands during the turn")
    done = {"state": final_state, "finished_at": now, "matter": work.matter}
    finished = connection.execute(_FINISH, {"which": claimed.inbox_id, **done})
    if finished.rowcount != 1:
        raise TurnLost("the message was answered by somebody else")
    matter = work.matter
    told_in_confidence = matter is not None and is_confidential(connection, matter)
    connection.execute(
        _ADD_TURN,
        {
            "inbox_id": claimed.inbox_id,
            "conversation_id": claimed.conversation_id,
            "sealed_events": vault.seal([] if told_in_confidence else work.events),
            "created_at": now,
        },
    )
    for new in work.tickets:
        matter = open_ticket(
            connection,
            vault,
            new,
            claimed.conversation_id,
            claimed.inbox_id,
            claimed.message.channel,
        )
    misses.record(connection, vault, claimed.conversation_id, work.misses, work.now)
    for said in [] if told_in_confidence else work.feedback:
        judgements.write(
            connection, vault, said, claimed.conversation_id, claimed.inbox_id, work.now
        )
    for write in work.writes:
        write(connection, vault)
    if work.reopens_window:
        window.release(connection, vault, claimed.conversation_id, now)
    for reply in work.replies:
        bursts.enqueue(connection, vault, claimed, reply, now, matter)
    if work.left and matter is not None:
        erase(connection, vault, matter, work.left)
