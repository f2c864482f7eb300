"""Category 1, Tanya Nindy: an answer of the FAQ, a choice of a few, or the offer of a ticket."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet

from actions.base import Events, NindyAction, Turn, listen
from actions.faq import matched_entry, say_answer

_TICKET = "tiket"


class StartTanyaNindy(NindyAction):
    """Invites to ask."""

    action = "action_start_tanya_nindy"

    async def act(self, turn: Turn) -> Events:
        """Ask for the question."""
        turn.say("utter_tanya")
        return [SlotSet("asal", None), SlotSet("pertanyaan", None), listen()]


class Jawab(NindyAction):
    """Answers a question as sure as the matcher is."""

    action = "action_jawab"

    async def act(self, turn: Turn) -> Events:
        """Answer, ask which question is meant, or offer a ticket."""
        asked = [SlotSet("asal", None)]
        if turn.text:
            asked.append(SlotSet("pertanyaan", turn.text.strip()))
        entry = matched_entry(turn)
        decision = "answer" if turn.intent == "pilih_faq" else turn.match.get("decision")
        if entry is not None and decision == "answer":
            say_answer(turn, entry, "utter_jawaban")
            return [*asked, SlotSet("tawaran", None), listen()]
        if entry is not None and decision == "clarify":
            turn.say("utter_maksud", buttons=_buttons(turn))
        else:
            turn.say("utter_belum_tahu")
        return [*asked, SlotSet("tawaran", _TICKET), listen()]


class TawarkanTiket(NindyAction):
    """Offers a ticket when no answer was the right one."""

    action = "action_tawarkan_tiket"

    async def act(self, turn: Turn) -> Events:
        """Offer it."""
        turn.say("utter_belum_tahu")
        return [SlotSet("tawaran", _TICKET), listen()]


def _buttons(turn: Turn) -> list[dict[str, Any]]:
    bank = turn.services.bank
    ids = [
        str(pair[0]) if isinstance(pair, (list, tuple)) else str(pair["id"])
        for pair in turn.match.get("alternatives", [])
    ][:3]
    titles = [(entry.question, entry_id) for entry_id in ids if (entry := bank.get(entry_id))]
    choices = [
        {"title": title, "payload": f'/pilih_faq{{"faq":"{entry_id}"}}', "description": ""}
        for title, entry_id in titles
    ]
    none = turn.services.words.text("utter_bukan_semuanya")
    return [*choices, {"title": none, "payload": "/bukan_semuanya", "description": ""}]
