"""Begins a form with what the first message brings."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk.events import FollowupAction, SlotSet

from actions import choices, fields
from actions.base import FORM_MEMORY, Events, NindyAction, Turn, forget, listen
from actions.form import FormGuide
from actions.lookup import RETRY, offer_ticket, say_pause
from actions.questions import Ask, Choose, Question


class StartForm(NindyAction):
    """Begins a form: forgets old values and takes those that came with the first message.

    Attributes:
        guide: The form's guide.
    """

    guide: ClassVar[type[FormGuide]]

    def name(self) -> str:
        """Name the start after the category."""
        return f"action_start_{self.guide.form.removesuffix('_form')}"

    @abstractmethod
    def inline(self, turn: Turn) -> dict[str, str]:
        """Return slots that the first message fills."""

    async def act(self, turn: Turn) -> Events:
        """Clear the form's slots, fill what is known, and let the form ask for the rest.

        A button that was offered with a look-up's answer goes on with what was asked before.
        """
        category = self.name().removeprefix("action_start_")
        if await say_pause(turn, category):
            return [*forget(self._slots()), *offer_ticket(category), listen()]
        slots, pressed = self._slots(), turn.entity("nilai")
        kept = {name: turn.slot(name) for name in slots} if pressed else {}
        values = {**kept, **self.inline(turn)}
        again = pressed == RETRY and all(values.values())
        return [
            *(SlotSet(name, values.get(name)) for name in slots),
            *(SlotSet(name, None) for name in FORM_MEMORY),
            *(SlotSet(name, None) for name in ("tawaran", "asal", "pertanyaan")),
            SlotSet("permintaan", turn.slot("permintaan") if again else None),
            FollowupAction(self.guide.form),
        ]

    def _slots(self) -> tuple[str, ...]:
        return tuple(question.slot for question in self.guide.questions)


def inline_choice(turn: Turn, questions: tuple[Question, ...]) -> dict[str, str]:
    """Return the choice that the message makes; of two, the person says which comes first."""
    found = {}
    for question in questions:
        if not isinstance(question, Choose):
            continue
        if question.names_several(turn.text):
            turn.say("utter_satu_dulu")
        elif value := choices.find(question.slot, turn.text):
            found[question.slot] = value
    return found


def inline_fields(turn: Turn, questions: tuple[Question, ...]) -> dict[str, str]:
    """Return the values of a form's fields that stand in the message."""
    if not turn.text:
        return {}
    asked = [q for q in questions if isinstance(q, Ask)]
    found = fields.find(turn.text, [q.name for q in asked])
    return {q.slot: found[q.name] for q in asked if q.name in found}
