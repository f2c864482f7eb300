"""The questions that forms ask, and how an answer to each is read."""

from __future__ import annotations

from dataclasses import dataclass

from actions import choices, fields
from actions.base import Turn

NO_ANSWER = "-"
"""What an optional slot holds when the person had nothing to give."""


class Misread(Exception):
    """An answer could not be read.

    Args:
        reason: A word for the form (``panjang``: only the length is unusual).
    """

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Question:
    """A question about one slot.

    Attributes:
        slot: The slot to fill.
    """

    slot: str

    @property
    def field(self) -> str | None:
        """The field of `actions.fields` it asks for, if it is one."""
        return None

    @property
    def open(self) -> bool:
        """Whether nearly any words could be an answer, so that intents are looked at first."""
        return False

    @property
    def prose(self) -> bool:
        """Whether it asks for sentences, so that only control words are looked at first."""
        return False

    def read(self, turn: Turn) -> str:
        """Return the value of an answer.

        Raises:
            Misread: It is none.
        """
        raise Misread

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Say what is expected, with an example from the second failure on."""


@dataclass(frozen=True)
class Ask(Question):
    """Asks for a field with a form of its own, such as a number or an address.

    Attributes:
        name: The field in `actions.fields`.
    """

    name: str = ""

    @property
    def field(self) -> str | None:
        """The field's name."""
        return self.name

    @property
    def open(self) -> bool:
        """Names and contract numbers may look like anything."""
        return self.name in ("nama", "nomor_kontrak")

    def read(self, turn: Turn) -> str:
        """Parse the field; a value of unusual length is taken when it is said twice."""
        chosen = turn.entity("nilai")
        text = chosen if turn.intent == "pilih" and chosen else turn.text
        insists = bool(text) and turn.slot("kandidat") == text.strip()
        try:
            return fields.parse(self.name, text, insist=insists)
        except fields.FieldError as error:
            raise Misread(error.reason) from error

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Say the field's own sentence, then its explanation."""
        if failures < 2 and isinstance(error.__cause__, fields.FieldError):
            turn.say_data(str(error.__cause__))
        else:
            turn.say_data(fields.describe(self.name).explain)


@dataclass(frozen=True)
class Choose(Question):
    """Asks to choose one of a few things, by button, by number or in words."""

    def read(self, turn: Turn) -> str:
        """Find the choice."""
        pressed = turn.entity("nilai") if turn.intent == "pilih" else None
        value = choices.parse(self.slot, pressed or turn.text)
        if value is None:
            raise Misread
        return value

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Ask to press or to type the number."""
        turn.say("utter_salah_pilihan" if failures < 2 else "utter_jelas_pilihan")


@dataclass(frozen=True)
class Tell(Question):
    """Asks for a few words or sentences.

    Attributes:
        shortest: Characters it needs at least.
        longest: Characters it is cut to.
        optional: Whether "lewati" is an answer.
    """

    shortest: int = 1
    longest: int = 2000
    optional: bool = False

    @property
    def prose(self) -> bool:
        """Anything may be said."""
        return True

    def read(self, turn: Turn) -> str:
        """Take the words as they are."""
        if self.optional and turn.intent in ("skip", "deny"):
            return NO_ANSWER
        text = " ".join(turn.text.split())
        if len(text) < self.shortest or turn.intent in ("affirm", "deny", "skip", "greet"):
            raise Misread
        return text[: self.longest]

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Say what is wanted."""
        turn.say(f"utter_salah_{self.slot}")
