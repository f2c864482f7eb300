"""A message that may be the answer which the desk waits for: asked about, then put onto the ticket.

The slot ``titipan`` holds the messages that wait for a yes or no. Several that were written one
after the other go onto the ticket together.
"""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions import offers
from actions.base import Events, NindyAction, Turn, listen
from actions.categories import start_for
from actions.nilai import pressed_ticket
from bot.tickets import in_turn, own

_SLOT = "titipan"


class UntukTiket(NindyAction):
    """Hears that a message belongs to a ticket."""

    action = "action_untuk_tiket"

    async def act(self, turn: Turn) -> Events:
        """Put it there."""
        return [*await give(turn), listen()]


class BukanTiket(NindyAction):
    """Hears that a message does not belong to a ticket."""

    action = "action_bukan_tiket"

    async def act(self, turn: Turn) -> Events:
        """Treat the message as usual."""
        held = turn.slot(_SLOT)
        if held is None:
            turn.say("utter_pesan_lewat")
            return [listen()]
        return [*_over(), held["event"], FollowupAction(held["action"])]


async def ask(turn: Turn, action: str, done: bool = False) -> Events:
    """Ask whether what was typed is the answer to a ticket; nothing when no ticket waits for one.

    Args:
        turn: The turn.
        action: The action that takes the message up if it belongs to no ticket.
        done: Whether it may belong to a ticket that was resolved lately, too.
    """
    if not turn.typed or start_for(turn.typed, ("nomor_tiket",)):
        return []
    claim, ledger = turn.work.claim, turn.services.ledger
    now = turn.work.now
    found = await ledger.run(own.awaiting, claim.conversation_id, claim.message, now, done)
    if found is None:
        return []
    number = found.number
    turn.about(found.id)
    over = done and not found.is_open
    turn.say("utter_tentang_tiket_ini" if over else "utter_untuk_tiket_ini", nomor=number)
    held = turn.slot(_SLOT) if turn.slot("tawaran") == offers.FOR_TICKET else None
    before = held["texts"] if held and held["number"] == number else []
    message = {
        "number": number,
        "id": found.id,
        "texts": [*before, turn.typed],
        "event": turn.as_event(),
        "action": action,
    }
    return [SlotSet(_SLOT, message), SlotSet("tawaran", offers.FOR_TICKET)]


async def give(turn: Turn) -> Events:
    """Put the messages that wait onto their ticket, and say so."""
    held = turn.slot(_SLOT)
    pressed = await pressed_ticket(turn) if turn.intent == "untuk_tiket" else None
    if held is None or (pressed is not None and pressed.number != held["number"]):
        turn.say("utter_pesan_lewat")
        return []
    turn.about(held["id"])
    in_turn.add(
        turn.work,
        turn.services.changes.answered,
        seen=in_turn.by_person(turn.work, held["number"]),
        text="\n".join(held["texts"]),
        inbox_id=turn.work.claim.inbox_id,
    )
    turn.say("utter_masuk_tiket", nomor=held["number"])
    return _over()


def _over() -> Events:
    return [SlotSet(_SLOT, None), SlotSet("tawaran", None)]
