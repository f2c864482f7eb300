"""What Nindy offered last, so that a mere yes or no can be understood (slot ``tawaran``)."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions import sayings
from actions.base import Events, Turn
from actions.categories import FIXED
from bot.ledger.confidence import SLOT
from bot.ledger.tickets import Reason

TICKET = "tiket"
"""A ticket."""
ANSWER = "jawaban"
"""An answer of the FAQ, which may have helped or not."""
COMPLAINT = "pengaduan"
"""To take a complaint."""
FOR_TICKET = "titipan"
"""To put a message onto a ticket."""
BROADCASTS = "langganan"
"""To write to the person by oneself when there is something to tell."""
REMEMBERED = ("tawaran", "alasan", "asal", "pertanyaan", "calon_layanan", "penilaian")
"""Slots that remember what was talked about, for a ticket or a judgement."""
_STORY = 8
"""Words beside "saya mau lapor" from which on a message tells a complaint."""
_ENTRY = "faq:"
_DOOR = "pintu:"


def of_entry(entry_id: str) -> str:
    """Name the offer to answer one entry."""
    return _ENTRY + entry_id


def entry_of(offer: str | None) -> str | None:
    """Return the entry that was offered, if one was."""
    return offer[len(_ENTRY) :] if offer and offer.startswith(_ENTRY) else None


def of_door(service: int) -> str:
    """Name the offer of a ticket to another service than the one asked for."""
    return f"{_DOOR}{service}"


def door_of(offer: str | None) -> int | None:
    """Return the service to which a ticket was offered instead, if one was."""
    return int(offer[len(_DOOR) :]) if offer and offer.startswith(_DOOR) else None


def ticket(reason: Reason, offer: str = TICKET) -> Events:
    """Return the events that remember that a ticket was offered, and why."""
    return [SlotSet("tawaran", offer), SlotSet("alasan", reason.value)]


def is_ticket(offer: str | None) -> bool:
    """Say whether any ticket was offered."""
    return offer == TICKET or door_of(offer) is not None


def complaint(turn: Turn) -> Events:
    """Name the channels for complaints, and offer to take it here."""
    turn.say(FIXED["complaint"])
    return of_complaint(turn)


def of_complaint(turn: Turn) -> Events:
    """Return the events that remember that a complaint was offered, and what was told of it."""
    story = turn.text.strip() if tells(turn.text) else None
    return [
        *(SlotSet(name, None) for name in REMEMBERED),
        SlotSet("tawaran", COMPLAINT),
        SlotSet(SLOT, turn.confide()),
        SlotSet("uraian", story),
    ]


def tells(text: str) -> bool:
    """Say whether a message tells what happened, so that it need not be told again."""
    told = sayings.after(text, "lead_in")
    words = (text if told is None else told).split()
    asks = text.rstrip().endswith("?") or sayings.begins(told or text, "asking")
    return len(words) >= _STORY and not asks
