"""Several quick messages of a person are answered in one bubble.

Each message keeps a turn of its own, so nothing is read otherwise than if it had come alone. Only
the bubbles are put together: an answer behind which more is waiting rests for `HOLD` at most, and
the next answer takes it up. Who sends one message waits for nothing.

Web chat needs none of it: what is committed there has been read already.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Reply
from bot.ledger import outbox as bubbles
from bot.ledger import spoken
from bot.ledger.claims import Claim
from bot.ledger.outbox import ANSWER, QUEUED, READ_HERE
from bot.ledger.tables import inbox, outbox
from bot.privacy import Vault

HOLD = timedelta(seconds=1)
"""How long the first answer of a burst waits for the others."""
LONGEST = 1_000
"""Characters of a joined bubble: beneath more than this no channel has room for buttons."""

# Made once: they are executed with many a turn.
_MORE = (
    sa.select(inbox.c.id)
    .where(
        inbox.c.conversation_id == sa.bindparam("whose"),
        inbox.c.id != sa.bindparam("this"),
        sa.text("inbox.state = 'pending'"),
    )
    .limit(1)
)
_LAST = (
    sa.select(outbox)
    .where(outbox.c.conversation_id == sa.bindparam("whose"))
    .order_by(outbox.c.position.desc())
    .limit(1)
)
# A sender may have it by now; then it goes out alone.
_TAKE_BACK = outbox.delete().where(
    outbox.c.id == sa.bindparam("which"), outbox.c.state == QUEUED, outbox.c.attempts == 0
)


def enqueue(
    connection: Connection,
    vault: Vault,
    claim: Claim,
    reply: Reply,
    now: datetime,
    matter: str | None,
) -> None:
    """Queue the answer to a message, together with the one before it if that still rests.

    Args:
        connection: The open transaction, which holds the conversation.
        vault: Seals the bubble.
        claim: The message.
        reply: Its answer.
        now: The moment.
        matter: What it is about; what is confidential is left alone.
    """
    next_at = now
    if claim.message.channel not in READ_HERE and matter is None and _is_plain(reply):
        until, earlier = now + HOLD, _resting(connection, claim, now)
        if earlier is not None:
            joined = join(spoken.read_reply(vault.open(earlier.sealed_body)), reply)
            if joined is not None and _take_back(connection, earlier.id):
                reply, until = joined, earlier.next_at
        if _more_waits(connection, claim):
            next_at = until
    to = (claim.conversation_id, claim.inbox_id)
    bubbles.enqueue(connection, vault, *to, reply, now, matter=matter, next_at=next_at)


def join(first: Reply, second: Reply) -> Reply | None:
    """Return two answers as one, with what the later one offers to press, or None if they are
    better apart."""
    earlier, later = _own(first), _own(second)
    beneath = second.beneath or first.beneath
    said = earlier if earlier == later else f"{earlier}\n\n{later}"
    text = f"{said}\n\n{beneath}" if beneath else said
    if not (_is_plain(first) and _is_plain(second)) or len(text) > LONGEST:
        return None
    if earlier == later:
        return replace(second, text=text, beneath=beneath)
    offers = second if second.choices else first
    return replace(second, text=text, choices=offers.choices, menu=offers.menu, beneath=beneath)


def _own(reply: Reply) -> str:
    return reply.text.removesuffix(reply.beneath).rstrip() if reply.beneath else reply.text


def _is_plain(reply: Reply) -> bool:
    return not reply.attachments and reply.template is None and reply.otherwise is None


def _resting(connection: Connection, claim: Claim, now: datetime) -> Any:
    """Return the last bubble of a conversation if it is an answer that is not due yet."""
    if claim.last_turn_at is None or claim.last_turn_at <= now - HOLD:
        return None  # Whatever rested has gone: no need to look.
    last = connection.execute(_LAST, {"whose": claim.conversation_id}).first()
    if last is None or last.state != QUEUED or last.attempts:
        return None
    rests = last.next_at > max(now, last.created_at)
    is_answer = last.inbox_id is not None and last.agent_id is None and last.priority == ANSWER
    return last if rests and is_answer and last.matter is None else None


def _take_back(connection: Connection, outbox_id: str) -> bool:
    return bool(connection.execute(_TAKE_BACK, {"which": outbox_id}).rowcount)


def _more_waits(connection: Connection, claim: Claim) -> bool:
    values = {"whose": claim.conversation_id, "this": claim.inbox_id}
    return connection.execute(_MORE, values).first() is not None
