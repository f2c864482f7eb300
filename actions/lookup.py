"""What all look-ups share: a pause after many misses, and a sentence for every failure."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar

from rasa_sdk.events import SlotSet

from actions.base import Events, NindyAction, Turn, forget, listen
from bot.errors import BadAnswer, NotFound, Refused, UpstreamError, UpstreamTimeout
from bot.ledger.unit_of_work import recent_misses

MISSES = 5
WINDOW = timedelta(minutes=15)
_KINDS: dict[type[UpstreamError], str] = {
    UpstreamTimeout: "utter_sistem_lambat",
    BadAnswer: "utter_sistem_janggal",
    Refused: "utter_sistem_menolak",
}
_NAMES = {"span": "SPAN", "sakti": "SAKTI", "digit": "Digit"}


class Lookup(NindyAction):
    """Asks an outside system once the form is complete.

    Attributes:
        category: The category, for the words and the ticket.
        slots: What the form filled; forgotten afterwards.
    """

    category: ClassVar[str]
    slots: ClassVar[tuple[str, ...]]

    def name(self) -> str:
        """Name the look-up after its category."""
        return f"action_{self.category}"

    @abstractmethod
    async def look_up(self, turn: Turn) -> None:
        """Ask the system and say what it answered.

        Raises:
            UpstreamError: It did not answer what was asked.
        """

    async def act(self, turn: Turn) -> Events:
        """Look up, unless this person has guessed too often."""
        paused = await self._paused(turn)
        if paused is not None:
            turn.say("utter_jeda", sampai=paused, category=self.category)
        else:
            try:
                await self.look_up(turn)
            except NotFound:
                # One sentence for every kind of miss: which half was wrong is nobody's to know.
                turn.work.misses += 1
                turn.say("utter_tidak_ditemukan", layanan=self._title(turn), category=self.category)
            except UpstreamError as error:
                turn.say(
                    _KINDS.get(type(error), "utter_sistem_gangguan"),
                    sistem=_NAMES[error.system],
                    layanan=self._title(turn),
                    category=self.category,
                )
        return [*forget(self.slots), SlotSet("asal", self.category), listen()]

    async def _paused(self, turn: Turn) -> str | None:
        now = turn.work.now
        misses = await turn.services.ledger.run(
            recent_misses, turn.work.claim.conversation_id, now - WINDOW
        )
        if len(misses) < MISSES:
            return None
        return turn.services.calendar.say_moment(misses[-MISSES] + WINDOW)

    def _title(self, turn: Turn) -> str:
        return turn.services.words.text(f"utter_nama_{self.category}")
