"""What the person thinks of a ticket that was resolved, and opening it again.

The buttons stand under news that the desk's change sent (`bot.tickets.changes`), so they may be
pressed at any time: twice, inside a form, or when the ticket has gone on.
"""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import FORM_MEMORY, Events, NindyAction, Turn, listen
from bot.ledger.confidence import SLOT
from bot.tickets import in_turn, own
from bot.tickets.changes import RATINGS

_LOW = 2
"""The rating up to which the ticket is offered to be opened again."""


class Nilai(NindyAction):
    """Keeps the pressed rating and asks for a word."""

    action = "action_nilai"

    async def act(self, turn: Turn) -> Events:
        """Thank, and ask once."""
        found = await rate(turn)
        if found is None or turn.work.claim.holder_id:
            return [listen()]
        return [*_about(found), SlotSet("ulasan", None), FollowupAction("ulasan_form")]


class BelumSelesai(NindyAction):
    """Hears that a finished ticket is not finished for the person."""

    action = "action_belum_selesai"

    async def act(self, turn: Turn) -> Events:
        """Ask what is missing."""
        found = await pressed_ticket(turn)
        if found is None:
            turn.say("utter_pilihan_lama")
            return [listen()]
        if found.is_open:
            turn.say("utter_masih_ditangani", nomor=found.number)
            return [listen()]
        events = _about(found)
        return [*events, SlotSet("kelanjutan", None), FollowupAction("lanjut_form")]


async def rate(turn: Turn) -> own.Own | None:
    """Keep the pressed rating with the turn and say so; return the ticket.

    None when nothing is kept: the ticket is of another conversation, not finished, or was rated.
    """
    found, rating = await pressed_ticket(turn), turn.entity("nilai") or ""
    if found is None or rating not in map(str, RATINGS):
        turn.say("utter_pilihan_lama")
    elif found.is_open:
        turn.say("utter_belum_bisa_dinilai", nomor=found.number)
    elif found.rating is not None:
        turn.say("utter_sudah_dinilai", nomor=found.number)
    else:
        seen = in_turn.by_person(turn.work, found.number)
        in_turn.add(turn.work, turn.services.changes.rate, seen=seen, rating=int(rating))
        low = int(rating) <= _LOW
        turn.say("utter_terima_nilai_rendah" if low else "utter_terima_nilai", nomor=found.number)
        return found
    return None


async def pressed_ticket(turn: Turn) -> own.Own | None:
    """Return the ticket that a pressed button names, if it is of this conversation.

    The turn then belongs to it.
    """
    conversation_id, number = turn.work.claim.conversation_id, turn.entity("tiket") or ""
    found = await turn.services.ledger.run(own.find, conversation_id, number)
    if found is not None:
        turn.about(found.id)
    return found


def _about(found: own.Own) -> Events:
    forgotten = (*FORM_MEMORY, "tawaran", "asal", "pertanyaan")
    return [
        SlotSet("tiket_dinilai", found.number),
        SlotSet(SLOT, found.id if found.is_complaint else None),
        *(SlotSet(name, None) for name in forgotten),
    ]
