"""Turns the page where a list of choices goes on; what the dialogue was doing stays as it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.engine import Connection

from bot.channels import pages
from bot.channels.choice_ids import resolve
from bot.channels.message import Inbound, Reply
from bot.ledger import spoken
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.privacy import Vault
from bot.turn.plain import plain
from bot.words import Words

Respond = Callable[[UnitOfWork], Awaitable[None]]


class Paged:
    """Fills a unit of work.

    Args:
        ledger: Where the bubble is that offered the choices.
        words: What stands above the next page.
        choice_key: Secret that signed the ids of buttons and rows.
        respond: Answers everything else.
    """

    def __init__(self, ledger: Ledger, words: Words, choice_key: bytes, respond: Respond) -> None:
        self._ledger = ledger
        self._words = words
        self._choice_key = choice_key
        self._respond = respond

    async def __call__(self, work: UnitOfWork) -> None:
        """Show the next page to whoever pressed or wrote the word for it."""
        claim = work.claim
        pressed = claim.message.choice_id or ""
        payload = resolve(self._choice_key, claim.conversation_id, pressed) if pressed else None
        if wanted := pages.wanted(payload or ""):
            bubble, shown = wanted
        elif self._writes_it(claim.message):
            bubble, shown = None, 0
        else:
            return await self._respond(work)
        rest = await self._ledger.run(_rest, claim.conversation_id, bubble, shown)
        if rest is None and bubble is None:
            return await self._respond(work)
        work.state, work.matter = claim.state, claim.matter
        if rest is None:
            work.replies.append(self._words.reply("utter_pilihan_lama"))
        else:
            work.replies.append(Reply(self._words.text("utter_lainnya"), rest.choices, rest.menu))

    def _writes_it(self, message: Inbound) -> bool:
        said = plain(message.text).strip(" .!?*").casefold()
        return message.channel in pages.ROOM and said == self._word.casefold()

    @property
    def _word(self) -> str:
        return self._words.text("utter_lainnya_button")


def _rest(
    connection: Connection, vault: Vault, conversation_id: str, bubble: str | None, shown: int
) -> Reply | None:
    """Return what a bubble offers from a choice on; without one, what the last has not shown."""
    found = spoken.offer(connection, vault, conversation_id, bubble)
    if found is None:
        return None
    channel, reply = found
    choices = pages.each_once(reply.choices)
    rest = choices[shown or pages.first(choices, channel) :]
    return Reply(reply.text, rest, reply.menu) if rest else None
