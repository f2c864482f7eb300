"""What all look-ups share: a pause after many misses, and a sentence for every failure."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk.events import SlotSet

from actions import offers
from actions.base import Events, NindyAction, Turn, forget, listen
from bot.errors import BadAnswer, NotFound, Refused, UpstreamError, UpstreamTimeout
from bot.ledger import misses
from bot.ledger.tickets import Reason

RETRY = "lagi"
"""What the button behind a failure of the outside system brings: ask the same once more."""
_AGAIN = f'{{"nilai":"{RETRY}"}}'
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
        number: The slot of what is asked for, whose misses are counted whoever asks; empty when
            no number stands for it.
        slots: What the form filled; forgotten afterwards, unless a button needs it again.
    """

    category: ClassVar[str]
    number: ClassVar[str]
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
        """Look up, unless there was too much guessing."""
        if await say_pause(turn, self.category, self.asked(turn)):
            return [*forget(self.slots), *offer_ticket(self.category), listen()]
        try:
            kept = await self.look_up(turn)
        except NotFound:
            # One sentence for every kind of miss: which half was wrong is nobody's to know.
            turn.work.misses.append(self.asked(turn))
            turn.say("utter_tidak_ditemukan", layanan=self._title(turn), category=self.category)
            return [*forget(self.slots), *offer_ticket(self.category), listen()]
        except UpstreamError as error:
            self._say_failure(turn, error)
            request = None if isinstance(error, Refused) else self.request(turn)
            return [SlotSet("permintaan", request), *offer_ticket(self.category), listen()]
        return [
            *([] if kept else forget(self.slots)),
            SlotSet("permintaan", None),
            SlotSet("asal", self.category),
            listen(),
        ]

    def asked(self, turn: Turn) -> str:
        """Return the number that is asked for; empty when none stands for it."""
        return str(turn.slot(self.number) or "") if self.number else ""

    @staticmethod
    def request(turn: Turn) -> str:
        """Return the key of a change: a second try has the first one's, so that it happens once."""
        return str(turn.slot("permintaan") or turn.work.request_id)

    def refusal(self, turn: Turn, reason: str) -> str | None:
        """Return the sentence for a refusal whose reason the system's contract names."""
        return None

    def _say_failure(self, turn: Turn, error: UpstreamError) -> None:
        known = self.refusal(turn, error.detail) if isinstance(error, Refused) else None
        turn.say(
            known or _KINDS.get(type(error), "utter_sistem_gangguan"),
            sistem=_NAMES[error.system],
            layanan=self._title(turn),
            category=self.category,
            lagi=_AGAIN,
        )

    def _title(self, turn: Turn) -> str:
        return turn.services.words.text(f"utter_nama_{self.category}")


def offer_ticket(category: str) -> Events:
    """Remember that a ticket was offered, and what it would be about."""
    return [SlotSet("asal", category), *offers.ticket(Reason.LOOKUP)]


async def say_pause(turn: Turn, category: str, number: str = "") -> bool:
    """Say until when look-ups by this person, or of this number, are paused; tell whether."""
    pause = await turn.services.ledger.run(
        misses.pause, turn.work.claim.conversation_id, number, turn.work.now
    )
    if pause is None:
        return False
    until = turn.services.calendar.say_moment(pause.until)
    sentence = "utter_jeda_nomor" if pause.of_number else "utter_jeda"
    turn.say(sentence, sampai=until, category=category)
    return True
