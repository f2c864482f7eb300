"""What comes hours late goes to a person: the bot's answer might be out of date or beside it.

Meta delivers for up to seven days what our edge could not take, with the time at which it was
written. A control word, or something pressed, still means what it meant and is answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Kind
from bot.ledger.anonymous import find_code
from bot.ledger.confidence import under_way
from bot.ledger.database import Ledger
from bot.ledger.tables import ticket
from bot.ledger.unit_of_work import UnitOfWork
from bot.privacy import Vault
from bot.tickets import in_turn, own
from bot.tickets.changes import Changes
from bot.turn.apology import LATE, Apology
from bot.turn.plain import plain

AFTER = timedelta(hours=6)
"""From when on a message is late."""
_AT_ONCE = timedelta(hours=1)
"""Late messages of one person come together; what they go onto is said once."""

_CERTAIN = 0.95
"""From when on a word means nothing else than the control that it is."""

Parse = Callable[[str], Awaitable[dict[str, Any]]]
Respond = Callable[[UnitOfWork], Awaitable[None]]


class Late:
    """Fills a unit of work.

    Args:
        ledger: Where open tickets are looked up.
        changes: What can be done to a ticket.
        apology: Opens a ticket and says so.
        parse: What the model makes of a text.
        respond: What answers everything else.
    """

    def __init__(
        self, ledger: Ledger, changes: Changes, apology: Apology, parse: Parse, respond: Respond
    ) -> None:
        self._ledger = ledger
        self._changes = changes
        self._apology = apology
        self._parse = parse
        self._respond = respond

    async def __call__(self, work: UnitOfWork) -> None:
        """Put a late message onto a ticket, or answer what is not late."""
        if not await self._is_late(work):
            return await self._respond(work)
        found = await self._ledger.run(_open_ticket, work.claim.conversation_id)
        if found is None or under_way(work.claim.state):
            return self._apology.open(work, LATE)
        work.matter = found.id
        in_turn.add(
            work,
            self._changes.answered,
            seen=in_turn.by_person(work, found.number),
            text=work.claim.message.text,
            inbox_id=work.claim.inbox_id,
        )
        if found.category != LATE.category or found.created_at < work.now - _AT_ONCE:
            self._apology.add(work, found.number)

    async def _is_late(self, work: UnitOfWork) -> bool:
        message = work.claim.message
        text = plain(message.text)
        says_nothing = message.kind in {Kind.CHOICE, Kind.OTHER} or not text
        if work.now - message.sent_at < AFTER or says_nothing:
            return False
        if find_code(text):
            return False  # Nobody but Nindy may see it, however late.
        match = (await self._parse(text))["match"]
        return bool(match["decision"] != "control" or match["probability"] < _CERTAIN)


def _open_ticket(connection: Connection, vault: Vault, conversation_id: str) -> Any:
    meant = own.newest_open(connection, vault, conversation_id)
    number = None if meant is None else meant.number
    return connection.execute(sa.select(ticket).where(ticket.c.number == number)).first()
