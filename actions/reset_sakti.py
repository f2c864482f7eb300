"""Category 7, Reset SAKTI: password or MFA of satker users; others become a TIK.2 ticket.

Category 7 asks a satker code (catalogue B.2), while users outside satker belong to TIK.2
(section E.9): so the person is asked first, and the second kind gets a ticket.
"""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Events, Turn, leave_form
from actions.form import FormGuide
from actions.lookup import Lookup
from actions.questions import Ask, Choose
from actions.start import StartForm, inline_choice, inline_fields

_LOCKED = "locked"
NOT_SATKER = "non_satker"
TIK_2 = 9


class ValidateResetSakti(FormGuide):
    """Hears what to reset, the NIK and the satker code."""

    form = "reset_sakti_form"
    category = "reset_sakti"
    questions = (
        Choose("sakti_layanan", in_turn=True),
        Ask("nik", "nik"),
        Ask("kode_satker", "kode_satker"),
    )

    async def act(self, turn: Turn) -> Events:
        """Hear the answer; a user outside satker goes on to a ticket."""
        events = await super().act(turn)
        chosen = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        known = chosen.get("sakti_layanan") or turn.slot("sakti_layanan")
        if known != NOT_SATKER:
            return events
        return [
            *leave_form(self.slots),
            SlotSet("asal", "reset_sakti_non_satker"),
            FollowupAction("action_start_tiket"),
        ]


class StartResetSakti(StartForm):
    """Begins the category."""

    guide = ValidateResetSakti

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take wish, NIK and satker of the first message."""
        return {
            **inline_choice(turn, self.guide.questions),
            **inline_fields(turn, self.guide.questions),
        }


class ResetSakti(Lookup):
    """Asks SAKTI for the reset."""

    category = "reset_sakti"
    number = "nik"
    slots = ("sakti_layanan", "nik", "kode_satker")

    async def look_up(self, turn: Turn) -> bool:
        """Request the reset under the message's own key, so that it happens once."""
        wish = turn.slot("sakti_layanan")
        await turn.services.clients.sakti.reset(
            turn.slot("nik"),
            turn.slot("kode_satker"),
            wish,
            request_id=turn.work.request_id,
            idempotency_key=self.request(turn),
        )
        turn.say(f"utter_sakti_{wish}")
        return False

    def refusal(self, turn: Turn, reason: str) -> str | None:
        """Say that the account is locked."""
        return "utter_sakti_terkunci" if reason == _LOCKED else None
