"""The button of a template: what waited goes out, and that is the whole answer."""

from __future__ import annotations

from actions.base import Events, NindyAction, Turn, listen
from bot.ledger import window


class LihatBalasan(NindyAction):
    """Hears that the person wants to read what the desk has written."""

    action = "action_lihat_balasan"

    async def act(self, turn: Turn) -> Events:
        """Say nothing beside it, or that there is nothing left to read."""
        await show(turn)
        return [listen()]


async def show(turn: Turn) -> None:
    """Let what waits speak for itself; every turn sends it (`bot.ledger.unit_of_work`)."""
    conversation_id = turn.work.claim.conversation_id
    if turn.work.reopens_window and await turn.services.ledger.run(window.waits, conversation_id):
        turn.work.quiet = True
    else:
        turn.say("utter_semua_terbaca")
