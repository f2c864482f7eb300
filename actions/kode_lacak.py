"""What a tracking code opens: how a complaint without a name stands, and a message to it.

Every turn here is its own matter whose words are taken out of the conversation once they are sent
(`Turn.erase`). The slot ``kode_lacak`` holds the code while a message is asked for.
"""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import FORM_MEMORY, Events, NindyAction, Turn, forget, listen
from actions.form import FormGuide
from actions.tell import Tell
from bot.ledger import anonymous
from bot.tickets import in_turn
from bot.tickets.record import USER, Seen

CODE = "kode_lacak"


class StartTambahan(NindyAction):
    """Asks for a message to the complaint that was looked at."""

    action = "action_start_tambahan"

    async def act(self, turn: Turn) -> Events:
        """Keep the code of the button until the message is there."""
        turn.erase()
        forgotten = (*FORM_MEMORY, "tambahan", "tawaran")
        return [
            *(SlotSet(name, None) for name in forgotten),
            SlotSet(CODE, turn.entity("nilai")),
            FollowupAction("tambahan_form"),
        ]


class ValidateTambahan(FormGuide):
    """Hears the message."""

    form = "tambahan_form"
    category = "tambah_pesan"
    questions = (Tell("tambahan", shortest=5, words=2),)

    async def act(self, turn: Turn) -> Events:
        """Hear it; nothing of it stays in the conversation."""
        turn.erase()
        return await super().act(turn)

    @staticmethod
    def _is_fixed(turn: Turn) -> bool:
        return False

    def _to_ticket(self) -> Events:
        return self._again()


class TambahPesan(NindyAction):
    """Puts the message onto the complaint."""

    action = "action_tambah_pesan"

    async def act(self, turn: Turn) -> Events:
        """Say that it is there."""
        found = await turn.services.ledger.run(anonymous.tracked, turn.slot(CODE) or "")
        if found is None:
            turn.say("utter_kode_lagi")
        else:
            in_turn.add(
                turn.work,
                turn.services.changes.answered,
                seen=Seen(found.number, None, USER, anonymous.whole_hour(turn.work.now)),
                text=turn.slot("tambahan"),
                inbox_id=None,
            )
            turn.say("utter_pesan_ditambahkan", nomor=found.number)
        return [*forget(("tambahan", CODE)), listen()]
