"""Questions that are answered in a few words or sentences, such as what happened."""

from __future__ import annotations

from dataclasses import dataclass

from actions import fields, sayings
from actions.base import Turn
from actions.questions import NO_ANSWER, Misread, Question, shorten


@dataclass(frozen=True)
class Tell(Question):
    """Asks for a few words or sentences.

    Attributes:
        shortest: Characters it needs at least.
        longest: Characters it is cut to.
        optional: Whether "lewati" is an answer.
        story: Whether it asks for sentences, not for a name.
        label: A field in `actions.fields` whose labelled value is an answer too.
        words: Words below which the name of a category is a wish and not a story; with it, the
            story keeps its lines.
    """

    shortest: int = 1
    longest: int = 4096
    optional: bool = False
    story: bool = True
    label: str = ""
    words: int = 0

    @property
    def open(self) -> bool:
        """A name may look like anything."""
        return not self.story

    @property
    def prose(self) -> bool:
        """A story may say anything."""
        return self.story

    @property
    def field(self) -> str | None:
        """The field whose value is taken where it carries a label: "satker 029018"."""
        return self.label or None

    @property
    def may_be_left(self) -> bool:
        """What is optional may be left out."""
        return self.optional

    def is_too_short(self, text: str) -> bool:
        """Count the words."""
        return len(text.split()) < self.words

    def read(self, turn: Turn) -> str:
        """Take the words as they are."""
        if self.optional and turn.intent in ("skip", "deny") and turn.is_certain:
            return NO_ANSWER
        controls = turn.match.get("decision") == "control" and turn.is_exact
        if controls or (self.open and fields.is_correction(turn.text)):
            raise Misread
        if self.label:
            return self._labelled(turn.text)
        return self.take(turn.text)

    def _labelled(self, text: str) -> str:
        """Take the words without "ini kak", a labelled value alone, or that there is none."""
        if self.optional and sayings.is_saying(text, "no_code"):
            return NO_ANSWER
        code = fields.labelled(text, [self.label]).get(self.label)
        if code and not sayings.words(fields.bare(fields.rest(text))):
            return self.take(code)
        return self.take(fields.bare(text))

    def take(self, text: str) -> str:
        """Take the words, if they are enough and no word for the form itself."""
        text = text.strip() if self.words else " ".join(text.split())
        if len(text) < self.shortest or (self.open and sayings.is_saying(text, "no_value")):
            raise Misread
        return shorten(text, self.longest)

    def explain(self, turn: Turn, failures: int, error: Misread) -> None:
        """Say what is wanted."""
        turn.say(f"utter_salah_{self.slot}")
