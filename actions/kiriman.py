"""What is sent that is no text: files without a word, stickers, places, contacts."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions import offers
from actions.base import Events, NindyAction, Turn, listen

_SAID = {
    "sticker": "utter_stiker",
    "location": "utter_lokasi",
    "contacts": "utter_kontak",
    "unsupported:edit": "utter_pesan_disunting",
    "edit": "utter_pesan_disunting",
}


def say_other(turn: Turn) -> None:
    """Say kindly what cannot be read, by the provider's word for its type."""
    turn.say(_SAID.get(turn.work.claim.message.type, "utter_non_text"))


class NonText(NindyAction):
    """Hears something that is neither text nor a file."""

    action = "action_non_text"

    async def act(self, turn: Turn) -> Events:
        """Say so."""
        say_other(turn)
        return [listen()]


class Lampiran(NindyAction):
    """Hears a file without a word; that it was received, the turn says before."""

    action = "action_lampiran"

    async def act(self, turn: Turn) -> Events:
        """Offer a ticket for it."""
        turn.say("utter_tawarkan_tiket_file")
        return [SlotSet("tawaran", offers.TICKET), listen()]
