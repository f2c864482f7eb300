"""Control words outside a form: greeting, menu, cancel, a person, yes and no, and loose data."""

from __future__ import annotations

from rasa_sdk.events import (
    ActionExecuted,
    ActiveLoop,
    FollowupAction,
    SessionStarted,
    SlotSet,
)

from actions import fields
from actions.base import FORM_MEMORY, Events, NindyAction, Turn, listen

_GUESSES = (
    ("nomor_tiket", "action_start_lacak_tiket"),
    ("nomor_sp2d", "action_start_info_sp2d"),
)
"""Data without a word around it whose category is plain from its shape."""


class SessionStart(NindyAction):
    """Begins a session with empty slots: what an old form had asked must not live on."""

    action = "action_session_start"

    async def act(self, turn: Turn) -> Events:
        """Start."""
        return [SessionStarted(), ActionExecuted("action_listen")]


class Menu(NindyAction):
    """Shows the seven categories."""

    action = "action_menu"

    async def act(self, turn: Turn) -> Events:
        """Say the menu."""
        turn.say("utter_menu")
        return [*_calm(), listen()]


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


class Cancel(NindyAction):
    """Says that everything is left, and what now."""

    action = "action_cancel"

    async def act(self, turn: Turn) -> Events:
        """Say it."""
        turn.say("utter_batal")
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
            turn.say("utter_petugas_tutup", hari=calendar.say_day(opening.date()))
        return [
            SlotSet("asal", "petugas"),
            SlotSet("pertanyaan", None),
            FollowupAction("action_start_tiket"),
        ]


class Affirm(NindyAction):
    """A yes: to the ticket that was offered, or to nothing in particular."""

    action = "action_affirm"

    async def act(self, turn: Turn) -> Events:
        """Take the offer."""
        if turn.slot("tawaran"):
            return [FollowupAction("action_start_tiket")]
        turn.say("utter_siap")
        return [listen()]


class Deny(NindyAction):
    """A no."""

    action = "action_deny"

    async def act(self, turn: Turn) -> Events:
        """Leave the offer."""
        turn.say("utter_baik")
        return [*_calm(), listen()]


class Inform(NindyAction):
    """Data without a question: its category if the shape tells, else a question back."""

    action = "action_inform"

    async def act(self, turn: Turn) -> Events:
        """Begin the category that the data belongs to."""
        found = fields.find(turn.text, [name for name, _ in _GUESSES])
        for name, start in _GUESSES:
            if name in found:
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
    return [SlotSet(name, None) for name in (*FORM_MEMORY, "tawaran", "asal", "pertanyaan")]
