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
RETRY = "lagi"
"""What the button behind a failure of the outside system brings: ask the same once more."""
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
        slots: What the form filled; forgotten afterwards, unless a button needs it again.
    """

    category: ClassVar[str]
    slots: ClassVar[tuple[str, ...]]

    def name(self) -> str:
        """Name the look-up after its category."""
        return f"action_{self.category}"

    @abstractmethod
    async def look_up(self, turn: Turn) -> bool:
        """Ask the system and say what it answered.

        Returns:
            Whether a button was offered that goes on with the same values.

        Raises:
            UpstreamError: It did not answer what was asked.
        """

    async def act(self, turn: Turn) -> Events:
        """Look up, unless this person has guessed too often."""
        kept, request = False, None
        if not await say_pause(turn, self.category):
            try:
                kept = await self.look_up(turn)
            except NotFound:
                # One sentence for every kind of miss: which half was wrong is nobody's to know.
                turn.work.misses += 1
                turn.say("utter_tidak_ditemukan", layanan=self._title(turn), category=self.category)
            except UpstreamError as error:
                kept = not isinstance(error, Refused)
                request = self.request(turn) if kept else None
                turn.say(
                    _KINDS.get(type(error), "utter_sistem_gangguan"),
                    sistem=_NAMES[error.system],
                    layanan=self._title(turn),
                    category=self.category,
                )
        return [
            *([] if kept else forget(self.slots)),
            SlotSet("permintaan", request),
            SlotSet("asal", self.category),
            listen(),
        ]

    @staticmethod
    def request(turn: Turn) -> str:
        """Return the key of a change: a second try has the first one's, so that it happens once."""
        return str(turn.slot("permintaan") or turn.work.request_id)

    def _title(self, turn: Turn) -> str:
        return turn.services.words.text(f"utter_nama_{self.category}")


async def say_pause(turn: Turn, category: str) -> bool:
    """Say until when look-ups are paused for this person, if they are; tell whether."""
    now = turn.work.now
    misses = await turn.services.ledger.run(
        recent_misses, turn.work.claim.conversation_id, now - WINDOW
    )
    if len(misses) < MISSES:
        return False
    until = turn.services.calendar.say_moment(misses[-MISSES] + WINDOW)
    turn.say("utter_jeda", sampai=until, category=category)
    return True
