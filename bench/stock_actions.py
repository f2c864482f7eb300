"""The actions that stock Rasa runs in its action server: the dialogue's work and no ledger.

They say what Nindy's actions say, from dictionaries, so that what is measured is Rasa's own cost.
"""

from __future__ import annotations

from typing import Any

import yaml
from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import fields
from bench.mix import asked
from bench.paths import PROJECT
from bot.faq import Bank

Events = list[dict[str, Any]]
_DOMAIN = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
_FORMS: dict[str, list[str]] = {
    name: form["required_slots"] for name, form in _DOMAIN["forms"].items()
}
_ANSWERS = {
    asked(text): (entry.answer, entry.source_label)
    for entry in Bank.load(PROJECT / "data" / "faq").entries
    for text in entry.phrasings
}
_EXITS = {"menu": "action_menu", "cancel": "action_cancel", "agent": "action_start_petugas"}
_SAYS = {
    "action_menu": "utter_menu",
    "action_greet": "utter_salam",
    "action_cancel": "utter_batal",
    "action_affirm": "utter_siap",
    "action_thank": "utter_sama_sama",
    "action_done": "utter_baik",
    "action_fixed": "utter_di_luar_topik",
    "action_deny": "utter_baik",
    "action_inform": "utter_data_untuk_apa",
    "action_tawarkan_tiket": "utter_belum_tahu",
    "action_start_tanya_nindy": "utter_tanya",
    **{f"action_{form.removesuffix('_form')}": "utter_senang" for form in _FORMS},
    "action_kirim_tiket": "utter_senang",
}


class _Named(Action):  # type: ignore[misc]
    """An action whose name is given by its class."""

    action = ""

    def name(self) -> str:
        """Name the action as ``domain.yml`` does."""
        return self.action or type(self).__name__


class Say(_Named):
    """Says one response."""

    response = "utter_baik"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Say it; a form that was left would otherwise make the policies guess what is next."""
        dispatcher.utter_message(response=self.response)
        left = self.name() == "action_cancel"
        return [FollowupAction("action_listen")] if left else []


class Jawab(_Named):
    """Answers a question of the FAQ."""

    action = "action_jawab"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Look the answer up and say it."""
        text = str(tracker.latest_message.get("text") or "")
        answer, source = _ANSWERS.get(text, ("", ""))
        if answer:
            dispatcher.utter_message(response="utter_jawaban", jawaban=answer, catatan=source)
        else:
            dispatcher.utter_message(response="utter_belum_tahu")
        return [SlotSet("asal", None), SlotSet("pertanyaan", text)]


class Begin(_Named):
    """Begins a form with empty slots."""

    form = "info_sp2d_form"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Empty the slots and go to the form."""
        return [*(SlotSet(slot, None) for slot in _FORMS[self.form]), FollowupAction(self.form)]


class Validate(_Named):
    """Hears an answer of a form."""

    form = "info_sp2d_form"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Leave the form, fill the slot, or ask again."""
        slot = tracker.get_slot("requested_slot")
        intent = (tracker.latest_message.get("intent") or {}).get("name")
        if not slot:
            return [SlotSet("ulang", None)]
        if intent in _EXITS:
            emptied = [SlotSet(name, None) for name in _FORMS[self.form]]
            left = [SlotSet("requested_slot", None), ActiveLoop(None)]
            return [*emptied, *left, FollowupAction(_EXITS[intent])]
        text = str(tracker.latest_message.get("text") or "")
        if slot not in fields.NAMES:
            return [SlotSet(slot, text)]
        try:
            return [SlotSet(slot, fields.parse(slot, text))]
        except fields.FieldError as error:
            dispatcher.utter_message(text=str(error))
            return [SlotSet("ulang", True)]


def _make(base: type[_Named], action: str, **attributes: str) -> type[_Named]:
    return type(action, (base,), {"action": action, **attributes})


MADE = [
    *(_make(Say, name, response=response) for name, response in _SAYS.items()),
    *(_make(Begin, f"action_start_{f.removesuffix('_form')}", form=f) for f in _FORMS),
    _make(Begin, "action_start_petugas", form="tiket_form"),
    *(_make(Validate, f"validate_{form}", form=form) for form in _FORMS),
]
"""Held, because `rasa run actions` looks for subclasses, and those that nobody holds vanish."""
