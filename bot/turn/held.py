"""What happens to a message while an agent holds the conversation: the bot says nothing."""

from __future__ import annotations

from functools import partial

from bot.channels.choice_ids import resolve
from bot.ledger import consents
from bot.ledger.unit_of_work import UnitOfWork
from bot.templates import SHOW
from bot.tickets import in_turn
from bot.tickets.changes import Changes
from bot.turn.late import Parse
from bot.turn.plain import plain


class Held:
    """Puts a message onto the ticket that the agent works on.

    Args:
        changes: What can be done to a ticket.
        choice_key: Secret that signed the ids of buttons and rows.
        parse: What the model makes of a text.
    """

    def __init__(self, changes: Changes, choice_key: bytes, parse: Parse) -> None:
        self._changes = changes
        self._choice_key = choice_key
        self._parse = parse

    async def __call__(self, work: UnitOfWork) -> None:
        """Fill the unit of work; the dialogue starts anew when it is handed back."""
        pressed = work.claim.message.choice_id or ""
        if resolve(self._choice_key, work.claim.conversation_id, pressed) == SHOW:
            return  # Who only wants to read has not answered the agent.
        in_turn.add(
            work,
            self._changes.heard,
            conversation_id=work.claim.conversation_id,
            text=work.claim.message.text,
            inbox_id=work.claim.inbox_id,
            now=work.now,
        )
        if await self._ends_broadcasts(work.claim.message.text):
            # Whoever speaks with the person, this is done at once.
            claim = work.claim
            work.writes.append(
                partial(
                    consents.say,
                    conversation_id=claim.conversation_id,
                    inbox_id=claim.inbox_id,
                    agreed=False,
                    now=work.now,
                )
            )

    async def _ends_broadcasts(self, text: str) -> bool:
        words = plain(text)
        match = (await self._parse(words))["match"] if words else {}
        return match.get("intent") == "unsubscribe" and match["probability"] == 1.0
