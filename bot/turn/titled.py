"""Takes words that name a choice of the last bubble for a press of it.

Whoever is asked "maksud Kakak yang mana?" types the title, "2" or "yang kedua" as readily as they
press. Numbers count only where one of several answers was asked for; else they are the menu's.
While a form asks, its own questions read what is typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.channels.choice_ids import issue
from bot.channels.message import Choice, Kind
from bot.ledger import spoken
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.nlu.matcher import Engine

Respond = Callable[[UnitOfWork], Awaitable[None]]

_LONGEST = 80
"""Characters that a title has at most; what is longer is not looked up."""
_NUMBERED = ("/pilih_faq{", "/bukan_semuanya{", "/nilai{")


class Titled:
    """Fills a unit of work.

    Args:
        ledger: Where the last bubble is.
        engine: Reads words and numbers.
        choice_key: Secret that signs the ids of buttons and rows.
        respond: The dialogue.
    """

    def __init__(self, ledger: Ledger, engine: Engine, choice_key: bytes, respond: Respond) -> None:
        self._ledger = ledger
        self._engine = engine
        self._choice_key = choice_key
        self._respond = respond

    async def __call__(self, work: UnitOfWork) -> None:
        """Answer the message, as a press where it names a choice."""
        claim = work.claim
        message, whose = claim.message, claim.conversation_id
        in_form = bool(claim.state and claim.state["loop"])
        if message.kind is Kind.TEXT and len(message.text) <= _LONGEST and not in_form:
            offered = await self._ledger.run(spoken.offer, whose, None)
            if offered and (chosen := self.named(message.text, offered[1].choices)):
                pressed = issue(self._choice_key, whose, chosen.payload)
                message = replace(message, kind=Kind.CHOICE, choice_id=pressed)
                work.claim = replace(claim, message=message)
        await self._respond(work)

    def named(self, text: str, choices: Sequence[Choice]) -> Choice | None:
        """Return the choice that a text names."""
        said = self._engine.words(text)
        by_title = (choice for choice in choices if said == self._engine.words(choice.title))
        if said and (found := next(by_title, None)):
            return found
        number = self._engine.number_in(text)
        numbered = [choice for choice in choices if choice.payload.startswith(_NUMBERED)]
        if not 1 <= number <= len(numbered):
            return None
        # A rating carries its own number, whatever its place.
        own = (choice for choice in numbered if choice.title.split()[:1] == [str(number)])
        return next(own, numbered[number - 1])
