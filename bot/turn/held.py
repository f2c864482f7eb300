"""What happens to a message while an agent holds the conversation: it goes onto the ticket.

Four things are not for the agent: a rating that is pressed, the next page of a list, the code of a
complaint without a name, and the word that ends broadcasts. Nindy hears those as at any time. And
what was written for a complaint is nobody's.
"""

from __future__ import annotations

import uuid

from bot.channels import pages
from bot.channels.choice_ids import resolve
from bot.channels.message import Kind
from bot.ledger.anonymous import find_code
from bot.ledger.unit_of_work import UnitOfWork
from bot.templates import SHOW
from bot.tickets import in_turn
from bot.tickets.changes import Changes
from bot.turn.late import Parse, Respond
from bot.turn.plain import plain
from bot.words import Words

_ABOUT_COMPLAINTS = ("/buat_pengaduan", "/tambah_pesan")


class Held:
    """Puts a message onto the ticket that the agent works on.

    Args:
        changes: What can be done to a ticket.
        words: What the person is told.
        respond: The dialogue, for what it hears all the same.
        parse: What the model makes of a text.
        choice_key: Secret that signed the ids of buttons and rows.
    """

    def __init__(
        self,
        changes: Changes,
        words: Words,
        respond: Respond,
        parse: Parse,
        choice_key: bytes,
    ) -> None:
        self._changes = changes
        self._words = words
        self._respond = respond
        self._parse = parse
        self._choice_key = choice_key

    async def __call__(self, work: UnitOfWork) -> None:
        """Fill the unit of work; the dialogue starts anew when it is handed back."""
        claim = work.claim
        pressed = (
            resolve(self._choice_key, claim.conversation_id, claim.message.choice_id or "") or ""
        )
        if pressed == SHOW:
            return  # Who only wants to read has not answered the agent.
        # What was shared holds words, but nobody has said them.
        text = "" if claim.message.kind is Kind.OTHER else claim.message.text
        own_answer = pressed.startswith("/nilai{") or pages.wanted(pressed) or find_code(text)
        if own_answer or await self._ends_broadcasts(text):
            await self._respond(work)
            work.state = None
            return
        if claim.matter is not None or pressed.startswith(_ABOUT_COMPLAINTS):
            work.matter = claim.matter or str(uuid.uuid4())
            work.replies.append(self._words.reply("utter_pengaduan_disela"))
            return
        in_turn.add(
            work,
            self._changes.heard,
            conversation_id=work.claim.conversation_id,
            text=work.claim.message.text,
            inbox_id=work.claim.inbox_id,
            now=work.now,
        )

    async def _ends_broadcasts(self, text: str) -> bool:
        words = plain(text)
        match = (await self._parse(words))["match"] if words else {}
        return match.get("intent") == "unsubscribe" and match["probability"] == 1.0
