"""Hears an answer inside a form: control words, corrections, questions in between, failures.

Rasa's form asks for the first empty slot. The guide (``validate_<form>``) decides what a message
is before it may fill one, and always answers with events, so that the form itself never rejects
a turn. The order matters:

1. a way out (menu, cancel, a person, "ga usah deh") leaves the form; a button under the news of a
   ticket or a word about broadcasts is heard beside it, and "sebentar ya" is waited for;
2. a part that is named, and values that carry a label, correct or complete what was asked;
3. what goes on with the story is added to it; what somebody does not have is not asked again;
4. the answer to the question that is open;
5. another category begins that category's form;
6. a question in between is answered, and the form goes on;
7. the rest is a failed answer: said kindly, explained the second time, and from the third time on
   menu, cancel and a person are offered.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk.events import FollowupAction, SlotSet

from actions import choices, fields, lacking, offers, sayings, secret
from actions.answers import answered, corrected
from actions.base import (
    ASKED,
    FORM_MEMORY,
    INTERRUPTED,
    Events,
    NindyAction,
    Turn,
    leave_form,
)
from actions.categories import FIXED, STARTS
from actions.faq import is_question, say_entry
from actions.kiriman import say_other
from actions.langganan import INTENTS, agree, subscribe, unsubscribe
from actions.leaving import left_for
from actions.lihat_balasan import show
from actions.nilai import rate
from actions.questions import Confirm, Misread, Question
from actions.titipan import give

EXITS = {"menu": "action_menu", "cancel": "action_cancel", "agent": "action_start_petugas"}
_STAY = ("greet", "thank", "terbantu", "bukan_semuanya")
_TICKET = ("buat_tiket", "belum_terbantu")
_TO_A_TICKET = ("nilai", "untuk_tiket", "bukan_tiket", "belum_selesai", "lihat_balasan")
_SENTENCE = 3
"""Words from which on a message can be a complaint or another topic rather than an answer."""
_FEW = 6
"""Words up to which "nanti saya kirim" only asks to wait."""
OFFER_HELP = 3
"""The failure at which menu, cancel and a person are offered."""


class FormGuide(NindyAction):
    """The validation of one form.

    Attributes:
        form: The form's name in ``domain.yml``.
        questions: Its questions in order.
    """

    form: ClassVar[str] = ""
    questions: ClassVar[tuple[Question, ...]] = ()

    @property
    @abstractmethod
    def category(self) -> str:
        """The category the form belongs to."""

    def name(self) -> str:
        """Name the validation as Rasa looks for it."""
        return f"validate_{self.form}"

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots that the form fills."""
        return tuple(question.slot for question in self.questions)

    async def act(self, turn: Turn) -> Events:
        """Decide what the message means for the form."""
        self._warn(turn)
        events = await self._decide(turn)
        # A mere yes counts only right after what was offered beside the form's question.
        return [SlotSet("tawaran", None), *events] if _offered(turn) else events

    async def _decide(self, turn: Turn) -> Events:
        asked = self._asked(turn)
        if asked is None:
            return [SlotSet("gagal", 0.0), SlotSet("ulang", None)]
        if turn.intent in EXITS and turn.is_certain:
            return [*leave_form(self.slots), FollowupAction(EXITS[turn.intent])]
        # "Gak usah" to an offer beside the question leaves the offer, not the form.
        declines = _offered(turn) and turn.intent == "deny"
        if not declines and (instead := left_for(turn.text, asked)):
            return [*leave_form(self.slots), FollowupAction(instead)]
        if turn.intent == "non_text":
            say_other(turn)
            return self._again()
        if turn.intent == "media":
            return self._again()
        if turn.intent in _TO_A_TICKET:
            return await self._beside(turn)
        if turn.intent in INTENTS and turn.is_exact:
            hear = subscribe if turn.intent == "subscribe" else unsubscribe
            return [*await hear(turn), *self._again()]
        if self._waits(turn, asked):
            turn.say("utter_tunggu")
            return self._waited()
        if amended := self._amended(turn, asked):
            return amended
        if values := self._corrections(turn, asked):
            return self._accept(turn, values)
        if asked.names_several(turn.text):
            turn.say("utter_satu_dulu")
            return self._again()
        if slot := lacking.lacked(turn, asked, self.questions):
            return self._lacks(turn, slot)
        if not self._is_something_else(turn, asked):
            found = answered(turn, asked, self.questions)
            if found:
                return self._accept(turn, found)
        return self._not_an_answer(turn, asked)

    def _warn(self, turn: Turn) -> None:
        """Ask once not to send passwords; what was sent stays, for the ticket is sealed."""
        before = (str(turn.slot(slot) or "") for slot in self.slots)
        if secret.told(turn.text) and not any(map(secret.told, before)):
            turn.say("utter_jaga_sandi")

    @staticmethod
    def _waits(turn: Turn, asked: Question) -> bool:
        begun = not asked.prose and len(sayings.words(turn.text)) <= _FEW
        begun = begun and sayings.begins(turn.text, "begin_wait")
        return begun or sayings.is_saying(turn.text, "wait")

    def _amended(self, turn: Turn, asked: Question) -> Events:
        """Change or continue what was told before, where the form has a summary."""
        return []

    def _lacks(self, turn: Turn, slot: str) -> Events:
        """Say what can be done without it, and offer a ticket; the form still waits."""
        turn.say(f"utter_tanpa_{slot}")
        failures = int(turn.slot("gagal") or 0) + 1
        ticket = [SlotSet("tawaran", offers.TICKET)]
        return [SlotSet("gagal", float(failures)), SlotSet("ulang", ASKED), *ticket]

    async def _beside(self, turn: Turn) -> Events:
        """Hear a button under the news of a ticket: the form goes on, unless it opens it again."""
        if turn.intent == "belum_selesai":
            return [*leave_form(self.slots), FollowupAction("action_belum_selesai")]
        if turn.intent == "nilai":
            await rate(turn)
        if turn.intent == "lihat_balasan":
            await show(turn)
        given = await give(turn) if turn.intent == "untuk_tiket" else []
        return [*given, *self._again()]

    def _asked(self, turn: Turn) -> Question | None:
        requested = turn.slot("requested_slot")
        return next((q for q in self.questions if q.slot == requested), None)

    def _corrections(self, turn: Turn, asked: Question) -> dict[str, str]:
        elsewhere = not fields.is_correction(turn.text) and self._other_category(turn, asked)
        return {} if elsewhere else corrected(turn, asked, self.questions)

    def _not_an_answer(self, turn: Turn, asked: Question) -> Events:
        if _offered(turn) == offers.TICKET and turn.intent == "affirm":
            return self._to_ticket()
        if _offered(turn) and turn.intent == "affirm":
            return [*agree(turn), *self._again()]
        if _offered(turn) and turn.intent == "deny":
            turn.say("utter_baik")
            return self._again()
        if self._is_fixed(turn):
            turn.say(FIXED[turn.intent])
            if turn.intent == "complaint":
                turn.confide()
            return self._again()
        if turn.intent == "buat_pengaduan":
            return [*leave_form(self.slots), FollowupAction("action_start_pengaduan")]
        if turn.intent in _TICKET and turn.is_certain:
            return self._to_ticket()
        start = self._start(turn)
        if start and self._other_category(turn, asked):
            return [*leave_form(self.slots), FollowupAction(start)]
        if start and turn.is_certain:
            return self._named_again(turn)
        if turn.intent in _STAY and turn.is_certain:
            return self._again()
        if not asked.prose and say_entry(turn):
            return self._again()
        return self._failed(turn, asked)

    def _named_again(self, turn: Turn) -> Events:
        """Take the question up again for who repeats the category; help is offered in the end."""
        failures = int(turn.slot("gagal") or 0) + 1
        if failures >= OFFER_HELP:
            turn.say("utter_tawaran_bantuan")
        return [SlotSet("gagal", float(failures)), *self._again()]

    def _to_ticket(self) -> Events:
        return [
            *leave_form(self.slots),
            SlotSet("asal", self.category),
            FollowupAction("action_start_tiket"),
        ]

    @staticmethod
    def _start(turn: Turn) -> str | None:
        # A bare number is a number of the menu only where no form has asked for anything.
        return None if turn.text.strip(" .)").isdecimal() else STARTS.get(turn.intent)

    def _is_something_else(self, turn: Turn, asked: Question) -> bool:
        if asked.is_plain_answer(turn):
            return False
        wish = self._is_fixed(turn) or self._other_category(turn, asked)
        if asked.prose:
            return wish and asked.is_too_short(turn.text)
        return wish or (asked.open and is_question(turn))

    @staticmethod
    def _is_fixed(turn: Turn) -> bool:
        return turn.intent in FIXED and turn.is_certain and len(turn.text.split()) >= _SENTENCE

    def _other_category(self, turn: Turn, asked: Question) -> bool:
        """Say whether another category is surely meant: a guess must not lose what was told."""
        if self._start(turn) is None or turn.intent == self.category:
            return False
        if choices.find("layanan", turn.text) == turn.intent:
            return True
        # Numbers sound like any category that asks for some: what was asked for is an answer.
        fits = bool(asked.field and not asked.open and fields.find(turn.text, [asked.field]))
        return turn.is_certain and not fits

    def _failed(self, turn: Turn, asked: Question) -> Events:
        failures = int(turn.slot("gagal") or 0) + 1
        try:
            asked.read(turn)
        except Misread as error:
            asked.explain(turn, failures, error)
        if failures >= OFFER_HELP:
            turn.say("utter_tawaran_bantuan")
        return [
            SlotSet("gagal", float(failures)),
            SlotSet("ulang", ASKED),
            SlotSet("kandidat", turn.text.strip() or None),
        ]

    @staticmethod
    def _again() -> Events:
        return [SlotSet("ulang", INTERRUPTED)]

    @staticmethod
    def _waited() -> Events:
        return [SlotSet("ulang", ASKED)]

    def _accept(self, turn: Turn, values: dict[str, str]) -> Events:
        changed = [slot for slot, value in values.items() if turn.slot(slot) not in (None, value)]
        for slot in changed:
            turn.say("utter_diganti", isian=turn.services.words.text(f"utter_nama_{slot}"))
        open_slots = [slot for slot in self.slots if turn.slot(slot) is None and slot not in values]
        still_asked = bool(open_slots) and turn.slot("requested_slot") in open_slots
        return [
            *(SlotSet(slot, value) for slot, value in values.items()),
            *(SlotSet(name, None) for name in FORM_MEMORY),
            *(self._still(turn) if still_asked else []),
        ]

    def _still(self, turn: Turn) -> Events:
        """Take the question up again; a summary that has changed is shown anew."""
        requested = self._asked(turn)
        return [] if isinstance(requested, Confirm) else self._again()


def _offered(turn: Turn) -> str | None:
    """Return what was offered beside the form's question."""
    offer = turn.slot("tawaran")
    return offer if offer in (offers.BROADCASTS, offers.TICKET) else None
