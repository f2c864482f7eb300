"""A form that tells a story and shows a summary: its parts change by name, the story goes on."""

from __future__ import annotations

from typing import ClassVar

from rasa_sdk.events import SlotSet

from actions import choices, fields, sayings
from actions.answers import is_short_correction
from actions.base import ASKED, FORM_MEMORY, Events, Turn
from actions.faq import is_question
from actions.form import FormGuide
from actions.parts import Part, named
from actions.questions import Confirm, Misread, Question

_CHANGE = "ubah"
_CONTINUED = 4
"""Words from which on a message can go on with a story."""


class SummaryForm(FormGuide):
    """The validation of a form that ends with a summary.

    Attributes:
        story: The slot whose words may be continued later.
        parts: The choice of its parts in ``choices.yml``.
        which: The sentence that asks which part is to be changed.
    """

    story: ClassVar[str]
    parts: ClassVar[str]
    which: ClassVar[str]

    async def hear(self, turn: Turn) -> Events:
        """Hear the answer; under the summary "ubah" asks which part, and that is asked again."""
        if turn.slot("requested_slot") != "konfirmasi":
            return await super().act(turn)
        pressed = turn.entity("nilai") if turn.intent == "pilih" else None
        if pressed and (part := choices.parse(self.parts, pressed)):
            return self._ask_again(part)
        events = await super().act(turn)
        if any(e.get("name") == "konfirmasi" and e.get("value") == _CHANGE for e in events):
            if part := choices.find(self.parts, turn.text):
                return self._ask_again(part)
            turn.say(self.which)
            return [SlotSet("konfirmasi", None), SlotSet("ulang", ASKED), SlotSet("gagal", 0.0)]
        return events

    def _amended(self, turn: Turn, asked: Question) -> Events:
        more = sayings.after(turn.text, "append") if isinstance(asked, Confirm) else None
        if more or self._continues(turn, asked):
            return self._append(turn, more or turn.text)
        part = self._part(turn, asked)
        return self._changed(turn, part) if part else []

    def _part(self, turn: Turn, asked: Question) -> Part | None:
        """Return the part that a correction names; a story may name anything."""
        text, checked = turn.text, isinstance(asked, Confirm)
        corrects = is_short_correction(text) if asked.prose else fields.is_correction(text)
        if not (checked or corrects) or text.rstrip().endswith("?"):
            return None
        part = named(self.parts, text)
        if part is None or part.slot == asked.slot or turn.slot(part.slot) is None:
            return None
        return part if self._question(part.slot).prose or not asked.prose else None

    def _changed(self, turn: Turn, part: Part) -> Events:
        """Change a part, or ask for it again where what it should be was not said."""
        try:
            value = self._question(part.slot).take(part.value)
        except Misread:
            return self._ask_again(part.slot)
        return self._accept(turn, {part.slot: value})

    def _continues(self, turn: Turn, asked: Question) -> bool:
        """Say whether a message goes on with the story: "pas mau login muncul error"."""
        if asked.prose or asked.field is None or is_question(turn) or not turn.slot(self.story):
            return False
        long = len(turn.text.split()) >= _CONTINUED
        wanted = [question.field for question in self.questions if question.field]
        begins = long and sayings.begins(turn.text, "continue")
        return begins and not fields.labelled(turn.text, wanted)

    def _append(self, turn: Turn, more: str) -> Events:
        turn.say("utter_ditambahkan")
        story = self._question(self.story).take(f"{turn.slot(self.story)}\n{more}")
        return [SlotSet(self.story, story), *self._still(turn)]

    def _question(self, slot: str) -> Question:
        return next(question for question in self.questions if question.slot == slot)

    def _to_ticket(self) -> Events:
        # This is a ticket already, or must not become an ordinary one.
        return self._again()

    @staticmethod
    def _ask_again(part: str) -> Events:
        return [SlotSet(name, None) for name in (part, "konfirmasi", *FORM_MEMORY)]
