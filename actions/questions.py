"""The questions that forms ask, and how an answer to each is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actions import choices, fields
from actions.base import Turn
from bot.errors import NindyError

NO_ANSWER = "-"
"""What an optional slot holds when the person had nothing to give."""


def shorten(text: str, length: int) -> str:
    """Cut a text on a word bound."""
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"


class Misread(NindyError):
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

    def is_too_short(self, text: str) -> bool:
        """Say whether a text has too few words for a story, so that it may be a wish instead."""
        return False

    @property
    def may_be_left(self) -> bool:
        """Whether "tidak usah" answers it, rather than ends the form."""
        return False

    def is_plain_answer(self, turn: Turn) -> bool:
        """Say whether a message can mean nothing but an answer to this, whatever else it names."""
        return False

    def names_several(self, text: str) -> bool:
        """Say whether a text wants two things where one is done after the other."""
        return False

    def read(self, turn: Turn) -> str:
        """Return the value of an answer.

        Raises:
            Misread: It is none.
        """
        raise Misread

    def take(self, text: str) -> str:
        """Return the value of words that are said to be one: "namanya harusnya Siti".

        Raises:
            Misread: They are none.
        """
        raise Misread

    def read_beside(self, turn: Turn) -> str:
        """Return the value of an answer that stands beside values of other fields.

        Raises:
            Misread: It is none, or nobody could tell it from the rest.
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
        """Names, contract numbers and supplier types may look like anything."""
        return self.name in ("nama", "nomor_kontrak", "tipe_supplier")

    def read(self, turn: Turn) -> str:
        """Parse the field; a value of unusual length is taken when it is said twice."""
        chosen = turn.entity("nilai")
        text = chosen if turn.intent == "pilih" and chosen else turn.text
        if self.open and turn.match.get("decision") == "control" and turn.is_certain:
            text = ""
        return self._insisted(turn) or self.take(text)

    def take(self, text: str) -> str:
        """Parse the field."""
        try:
            return fields.parse(self.name, text)
        except fields.FieldError as error:
            raise Misread(error.reason) from error

    def _insisted(self, turn: Turn) -> str | None:
        before = turn.slot("kandidat")
        if not before:
            return None
        try:
            value = fields.parse(self.name, before, insist=True)
            again = turn.intent == "affirm" or fields.parse(self.name, turn.text, insist=True)
        except fields.FieldError:
            return None
        return value if again in (True, value) else None

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Say the field's own sentence; its explanation the second time only, or to a question."""
        asks = turn.text.rstrip().endswith("?")
        if failures != 2 and not asks and isinstance(error.__cause__, fields.FieldError):
            turn.say_data(str(error.__cause__))
        else:
            turn.say_data(fields.describe(self.name).explain)


@dataclass(frozen=True)
class Choose(Question):
    """Asks to choose one of a few things, by button, by number or in words.

    Attributes:
        in_turn: Whether who wants two of them can have one after the other.
    """

    in_turn: bool = False

    def names_several(self, text: str) -> bool:
        """Say whether two are wanted."""
        return self.in_turn and choices.several(self.slot, text)

    @property
    def open(self) -> bool:
        """The words for the choices stand in questions and in other categories too."""
        return True

    def is_plain_answer(self, turn: Turn) -> bool:
        """Say whether the words are those of one choice only: "reset" under the Digit menu."""
        value = choices.parse(self.slot, turn.text)
        return value is not None and choices.is_only(self.slot, value, turn.text)

    def read(self, turn: Turn) -> str:
        """Find the choice."""
        pressed = turn.entity("nilai") if turn.intent == "pilih" else None
        value = choices.parse(self.slot, pressed or turn.text)
        asks = turn.text.rstrip().endswith("?")
        if value is None or (asks and not choices.is_only(self.slot, value, turn.text)):
            raise Misread
        return value

    def take(self, text: str) -> str:
        """Find the choice."""
        value = choices.find(self.slot, text)
        if value is None:
            raise Misread
        return value

    def read_beside(self, turn: Turn) -> str:
        """Find the choice outside labels and values: in "email siti@..." none is made."""
        return self.take(fields.rest(turn.text))

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Ask to choose, the second time with the numbers."""
        turn.say("utter_salah_pilihan" if failures < 2 else f"utter_jelas_{self.slot}")


@dataclass(frozen=True)
class Confirm(Choose):
    """Asks for a yes before something is sent; nothing but a plain yes is one.

    Attributes:
        YES: The choice that sends.
        NO: The choice that does not.
    """

    YES: ClassVar[str] = "kirim"
    NO: ClassVar[str] = "ubah"

    @property
    def open(self) -> bool:
        """The words that send and change are heard first."""
        return False

    def read(self, turn: Turn) -> str:
        """Find the choice; "gimana ya" and "sudah benar kan?" are no yes."""
        asks = turn.text.rstrip().endswith("?")
        if turn.intent in ("affirm", "deny") and turn.is_certain and not asks:
            return self.YES if turn.intent == "affirm" else self.NO
        value = super().read(turn)
        if value == self.YES and turn.text and not choices.is_only(self.slot, value, turn.text):
            raise Misread
        return value

    def read_beside(self, turn: Turn) -> str:
        """Read nothing: who still changes something has not said yes."""
        raise Misread

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Say which words do what."""
        turn.say(f"utter_salah_{self.slot}")
