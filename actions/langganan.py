"""Whether a person wants broadcasts: asked about before it is agreed to, ended with a word."""

from __future__ import annotations

from functools import partial

from rasa_sdk.events import SlotSet

from actions import offers
from actions.base import Events, NindyAction, Turn, listen
from bot.broadcast.recipients import CHANNEL
from bot.ledger import consents

INTENTS = ("subscribe", "unsubscribe")


class Subscribe(NindyAction):
    """Hears that somebody wants broadcasts, or has agreed to them."""

    action = "action_subscribe"

    async def act(self, turn: Turn) -> Events:
        """Ask, or write it down."""
        return [*await subscribe(turn), listen()]


class Unsubscribe(NindyAction):
    """Hears that somebody wants no broadcasts any more."""

    action = "action_unsubscribe"

    async def act(self, turn: Turn) -> Events:
        """Write it down at once."""
        return [*await unsubscribe(turn), listen()]


async def subscribe(turn: Turn) -> Events:
    """Say what broadcasts are and ask; write it down when a button said yes."""
    if turn.work.claim.message.channel != CHANNEL:
        turn.say("utter_langganan_kanal")
    elif await stands(turn):
        turn.say("utter_sudah_langganan")
    elif turn.entity("nilai"):
        return agree(turn)
    else:
        turn.say("utter_tanya_langganan")
        return [SlotSet("tawaran", offers.BROADCASTS)]
    return [SlotSet("tawaran", None)]


def agree(turn: Turn) -> Events:
    """Write down that the person wants broadcasts."""
    _say(turn, True)
    turn.say("utter_langganan")
    return [SlotSet("tawaran", None)]


async def unsubscribe(turn: Turn) -> Events:
    """Write down that the person wants none; say so also where none were wanted."""
    stood = await stands(turn)
    _say(turn, False)
    turn.say("utter_berhenti_langganan" if stood else "utter_tidak_langganan")
    return [SlotSet("tawaran", None)]


async def stands(turn: Turn) -> bool:
    """Tell whether broadcasts are wanted."""
    return await turn.services.ledger.run(consents.given, turn.work.claim.conversation_id)


def _say(turn: Turn, agreed: bool) -> None:
    claim = turn.work.claim
    turn.work.writes.append(
        partial(
            consents.say,
            conversation_id=claim.conversation_id,
            inbox_id=claim.inbox_id,
            agreed=agreed,
            now=turn.work.now,
        )
    )
