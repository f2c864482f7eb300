"""Control words outside a form: greeting, menu, cancel, a person, yes and no, and loose data."""

from __future__ import annotations

from abc import abstractmethod

from rasa_sdk.events import (
    ActionExecuted,
    ActiveLoop,
    FollowupAction,
    SessionStarted,
    SlotSet,
)

from actions import feedback, langganan, offers, titipan
from actions.base import FORM_MEMORY, Events, NindyAction, Turn, listen
from actions.categories import FIXED, start_for
from actions.tiket import FROM_PERSON
from bot.ledger.confidence import SLOT
from bot.ledger.tickets import Reason


class SessionStart(NindyAction):
    """Begins a session with empty slots: what an old form had asked must not live on."""

    action = "action_session_start"

    async def act(self, turn: Turn) -> Events:
        """Start."""
        return [SessionStarted(), ActionExecuted("action_listen")]


class Say(NindyAction):
    """Says one sentence, and forgets what was offered before it."""

    @property
    @abstractmethod
    def response(self) -> str:
        """The sentence in ``domain.yml``."""

    async def act(self, turn: Turn) -> Events:
        """Say it."""
        turn.say(self.response)
        return [*_calm(), listen()]


class Menu(Say):
    """Shows the seven categories."""

    action = "action_menu"
    response = "utter_menu"


class Cancel(Say):
    """Says that the form is left, and what now."""

    action = "action_cancel"
    response = "utter_batal"


class Done(Say):
    """Answers a "batal" or "selesai" where there is nothing to leave."""

    action = "action_done"
    response = "utter_baik"

    async def act(self, turn: Turn) -> Events:
        """Say it; who gets broadcasts may mean those by "stop", and is offered their end."""
        if turn.intent == "cancel" and await langganan.stands(turn):
            turn.say("utter_baik_langganan")
            return [*_calm(), listen()]
        return await super().act(turn)


class Thank(Say):
    """Answers thanks."""

    action = "action_thank"
    response = "utter_sama_sama"


class Fixed(NindyAction):
    """Names the right door for what is never heard here: the limits of F.1, and other topics."""

    action = "action_fixed"

    async def act(self, turn: Turn) -> Events:
        """Say it, and forget what was offered before it."""
        if asked := await titipan.ask(turn, self.action):
            return [*asked, listen()]
        turn.say(FIXED[turn.intent])
        judged = feedback.refused(turn) if turn.intent == "upset" else []
        return [*judged, *_calm(), listen()]


class Greet(NindyAction):
    """Greets, says the hours when the desk is closed, and shows the categories."""

    action = "action_greet"

    async def act(self, turn: Turn) -> Events:
        """Say it."""
        turn.say("utter_salam")
        calendar, now = turn.services.calendar, turn.work.now
        if not calendar.is_open(now):
            opening = calendar.next_opening(now)
            turn.say("utter_petugas_tutup", hari=calendar.say_day(opening.date()))
        return [*_calm(), listen()]


class StartPetugas(NindyAction):
    """Leads to a person: by a ticket that reaches the desk, with the phone number beside it."""

    action = "action_start_petugas"

    async def act(self, turn: Turn) -> Events:
        """Say how, and begin the ticket."""
        calendar, now = turn.services.calendar, turn.work.now
        if calendar.is_open(now):
            turn.say("utter_petugas")
        else:
            opening = calendar.next_opening(now)
            turn.say("utter_petugas_nanti", hari=calendar.say_day(opening.date()))
        return [
            SlotSet("asal", FROM_PERSON),
            SlotSet("pertanyaan", None),
            FollowupAction("action_start_tiket"),
        ]


class Affirm(NindyAction):
    """A yes: to a ticket, to "is this what you mean", to an answer, or to nothing in particular."""

    action = "action_affirm"

    async def act(self, turn: Turn) -> Events:
        """Take the offer."""
        offer = turn.slot("tawaran")
        if offers.is_ticket(offer):
            return [FollowupAction("action_start_tiket")]
        if offers.entry_of(offer):
            return [FollowupAction("action_jawab")]
        if offer == offers.FOR_TICKET:
            return [FollowupAction("action_untuk_tiket")]
        if offer == offers.BROADCASTS:
            return [*langganan.agree(turn), listen()]
        if offer == offers.COMPLAINT:
            return [FollowupAction("action_start_pengaduan")]
        if offer is None and (asked := await titipan.ask(turn, self.action)):
            return [*asked, listen()]
        turn.say("utter_senang" if offer == offers.ANSWER else "utter_siap")
        return [*feedback.helped(turn), SlotSet("tawaran", None), listen()]


class Deny(NindyAction):
    """A no: an answer that was not the right one leads to a ticket."""

    action = "action_deny"

    async def act(self, turn: Turn) -> Events:
        """Leave the offer."""
        offer = turn.slot("tawaran")
        if offer == offers.FOR_TICKET:
            return [FollowupAction("action_bukan_tiket")]
        if offer == offers.ANSWER or offers.entry_of(offer):
            turn.say("utter_tawarkan_tiket")
            answered = offer == offers.ANSWER
            reason = Reason.NOT_HELPED if answered else Reason.UNANSWERED
            return [*feedback.refused(turn), *offers.ticket(reason), listen()]
        turn.say("utter_baik")
        return [*_calm(), listen()]


class Inform(NindyAction):
    """Data without a question: its category if the shape tells, else a question back."""

    action = "action_inform"

    async def act(self, turn: Turn) -> Events:
        """Begin the category that the data belongs to."""
        if asked := await titipan.ask(turn, self.action):
            return [*asked, listen()]
        start = start_for(turn.text)
        if start:
            return [FollowupAction(start)]
        turn.say("utter_data_untuk_apa")
        return [listen()]


class Restart(NindyAction):
    """Rasa's own restart: nobody can type it, but it must not fall silent."""

    action = "action_restart"

    async def act(self, turn: Turn) -> Events:
        """Begin anew with the menu."""
        turn.say("utter_menu")
        return [ActiveLoop(None), *_calm(), listen()]


class DefaultFallback(NindyAction):
    """What Rasa does when no rule fits; nothing is taken back, so nothing is replayed."""

    action = "action_default_fallback"

    async def act(self, turn: Turn) -> Events:
        """Show the way."""
        turn.say("utter_tidak_paham")
        return [listen()]


def _calm() -> Events:
    forgotten = (*FORM_MEMORY, "tawaran", "asal", "pertanyaan", SLOT, "uraian")
    return [SlotSet(name, None) for name in forgotten]
