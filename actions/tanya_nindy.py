"""Category 1, Tanya Nindy: an answer of the FAQ, a choice of a few, or the offer of a ticket."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import feedback, fields, offers, routing, titipan
from actions.base import Events, NindyAction, Turn, listen
from actions.categories import start_for
from actions.faq import decision, entry, matched_entry, say_answer
from bot.faq import Entry
from bot.ledger.anonymous import find_code
from bot.ledger.tables import COMPLAINTS
from bot.routing import choose

_NOTHING = 0.03
"""Probability up to which the matcher knows no word of a question."""
_WORDS = 4
"""Words from which on such a question is one all the same, and a person should answer it."""
_SHOWN = 0.1
"""Probability from which on an entry is worth being offered."""


class StartTanyaNindy(NindyAction):
    """Invites to ask."""

    action = "action_start_tanya_nindy"

    async def act(self, turn: Turn) -> Events:
        """Ask for the question, unless what was typed may be for a ticket ("sebentar ya")."""
        asked = [] if turn.is_exact else await titipan.ask(turn, self.action)
        if asked:
            return [*asked, listen()]
        turn.say("utter_tanya")
        return [*(SlotSet(name, None) for name in ("asal", "pertanyaan", "tawaran")), listen()]


class Jawab(NindyAction):
    """Answers a question as sure as the matcher is."""

    action = "action_jawab"

    async def act(self, turn: Turn) -> Events:
        """Answer, ask which question is meant, or offer a ticket."""
        offered = entry(turn, offers.entry_of(turn.slot("tawaran")))
        if turn.intent == "affirm" and offered is not None:
            say_answer(turn, offered, "utter_jawaban")
            if offered.service == COMPLAINTS:
                return [*offers.of_complaint(turn), listen()]
            judged = feedback.chosen(turn, offered.id)
            return [*judged, SlotSet("tawaran", offers.ANSWER), listen()]
        if asked := await titipan.ask(turn, self.action):
            return [*asked, listen()]
        found, sure = matched_entry(turn), decision(turn)
        if found is not None and sure == "answer":
            say_answer(turn, found, "utter_jawaban")
            if found.service == COMPLAINTS:
                return [*offers.of_complaint(turn), listen()]
            offer, judged = offers.ANSWER, _answered(turn, found)
        elif start := _start_for_ticket(turn):
            return [FollowupAction(start)]
        elif found is not None and sure == "clarify":
            shown = _ask_which(turn, found)
            offer = offers.of_entry(found.id)
            judged = feedback.expect(turn, found.id, turn.match["probability"], shown)
        elif asked := await titipan.ask(turn, self.action, done=True):
            # "masih error kak" after the news that it was resolved, without replying to it.
            return [*asked, listen()]
        else:
            return _unknown(turn)
        return [*_remember(turn), *judged, SlotSet("tawaran", offer), listen()]


class Terbantu(NindyAction):
    """Hears that an answer helped."""

    action = "action_terbantu"

    async def act(self, turn: Turn) -> Events:
        """Be glad."""
        turn.say("utter_senang")
        return [*feedback.helped(turn), listen()]


class TawarkanTiket(NindyAction):
    """Offers a ticket when no answer was the right one."""

    action = "action_tawarkan_tiket"

    async def act(self, turn: Turn) -> Events:
        """Offer it."""
        offered = routing.offer_ticket(turn, routing.of_question(turn))
        return [*feedback.refused(turn), *offered, listen()]


def _answered(turn: Turn, found: Entry) -> Events:
    if turn.intent == "pilih_faq":
        return feedback.chosen(turn, found.id)
    return feedback.expect(turn, found.id, turn.match["probability"])


def _remember(turn: Turn) -> Events:
    if not turn.text:
        return [SlotSet("asal", None)]
    services = routing.keep(turn.match.get("services", []))
    # What was told before somebody was turned away belongs to another matter now.
    told = (SlotSet(name, None) for name in ("asal", "subjek", "kronologi"))
    return [*told, SlotSet("pertanyaan", turn.text.strip()), services]


def _start_for_ticket(turn: Turn) -> str | None:
    """Return the start of the ticket search when a message is a ticket number, or names one."""
    number = ("nomor_tiket",)
    meant = _is_short(turn) or fields.labelled(turn.text, number) or find_code(turn.text)
    return start_for(turn.text, number) if meant else None


def _is_sure(turn: Turn) -> bool:
    """Say whether the service at least is known, for the few words of a request."""
    services = turn.match.get("services", [])
    return choose(services, turn.services.catalogue.auto_route) is not None


def _is_short(turn: Turn) -> bool:
    return len(turn.text.split()) < _WORDS


def _unknown(turn: Turn) -> Events:
    if _is_short(turn) and turn.match.get("probability", 0.0) < _NOTHING and not _is_sure(turn):
        turn.say("utter_tidak_paham")
        return [*(SlotSet(name, None) for name in ("asal", "pertanyaan", "tawaran")), listen()]
    if turn.text:
        feedback.unanswered(turn)
    return [*_remember(turn), *routing.offer_ticket(turn, turn.match.get("services", [])), listen()]


def _ask_which(turn: Turn, best: Entry) -> dict[str, float]:
    """Ask, and return the entries that are offered with their probabilities."""
    number = feedback.number(turn)
    likely = {
        found: float(pair["probability"])
        for pair in turn.match.get("alternatives", [])
        if pair["probability"] >= _SHOWN and (found := entry(turn, pair["id"]))
    }
    if len(likely) < 2:
        turn.say("utter_maksud_ini", tanya=best.question, faq=best.id, giliran=number)
        return {best.id: float(turn.match["probability"])}
    none = turn.services.words.text("utter_bukan_semuanya")
    turn.say(
        "utter_maksud",
        buttons=[
            *(
                _button(one.question, f'/pilih_faq{{"faq":"{one.id}","giliran":"{number}"}}')
                for one in likely
            ),
            _button(none, f'/bukan_semuanya{{"giliran":"{number}"}}'),
        ],
    )
    return {one.id: probability for one, probability in likely.items()}


def _button(title: str, payload: str) -> dict[str, Any]:
    return {"title": title, "payload": payload, "description": ""}
