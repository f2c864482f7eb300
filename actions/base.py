"""What every action of Nindy is: a turn in, events out, its words in ``domain.yml``."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet, UserUttered
from rasa_sdk.executor import CollectingDispatcher

from actions import standalone
from actions.services import Services
from bot.channels.message import Kind
from bot.faq import Bank
from bot.ledger import unit_of_work
from bot.ledger.anonymous import find_code
from bot.ledger.confidence import FORMS, SLOT
from bot.ledger.unit_of_work import UnitOfWork
from bot.nlu.edition import held

Events = list[dict[str, Any]]

_CERTAIN = 0.95

FORM_MEMORY = ("ulang", "gagal", "kandidat")
"""Slots in which a form remembers how its questions went."""

INTERRUPTED = "sela"
"""Value of the slot ``ulang``: something else was said, so the form takes its question up again."""
ASKED = "gagal"
"""Value of the slot ``ulang``: what was said in this turn already asks, so the form need not."""


class Turn:
    """One action's view of the turn.

    Args:
        services: What the action may use.
        work: Where changes are gathered.
        dispatcher: Rasa's collector of answers.
        tracker: Rasa's view of the conversation.
    """

    def __init__(
        self,
        services: Services,
        work: UnitOfWork,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
    ) -> None:
        self.services = services
        self.work = work
        self._dispatcher = dispatcher
        self._tracker = tracker

    @property
    def text(self) -> str:
        """What the person wrote; empty when something was pressed."""
        text = str(self._tracker.latest_message.get("text") or "")
        return "" if text.startswith("/") else text

    @property
    def typed(self) -> str:
        """What the person wrote just now; empty for what was pressed, or is taken up again."""
        message = self.work.claim.message
        now = message.kind is Kind.TEXT and message.text.strip().endswith(self.text)
        return self.text if now else ""

    @property
    def intent(self) -> str:
        """What the matcher made of it."""
        return str((self._tracker.latest_message.get("intent") or {}).get("name") or "")

    @property
    def match(self) -> dict[str, Any]:
        """The matcher's whole answer; empty for a pressed button."""
        return dict(self._tracker.latest_message.get("match") or {})

    @property
    def is_certain(self) -> bool:
        """Whether a button was pressed or the words mean nothing else.

        Inside a form a control word must be meant: "Operator Contoh" is a name there.
        """
        return not self.match or float(self.match["probability"]) >= _CERTAIN

    @property
    def is_exact(self) -> bool:
        """Whether a button was pressed, or an example was said word for word."""
        return not self.match or float(self.match["probability"]) == 1.0

    @property
    def bank(self) -> Bank:
        """The FAQ's entries, the same throughout a turn, even while others are published."""
        edition = held.get(None)
        return edition.bank if edition is not None else self.services.bank

    @property
    def form(self) -> str | None:
        """The form that is under way."""
        return (self._tracker.active_loop or {}).get("name")

    def about(self, matter: str) -> str:
        """Let the turn belong to a matter unless it belongs to one already; return to which."""
        self.work.matter = self.work.matter or matter
        return self.work.matter

    def confide(self) -> str:
        """Let the turn belong to the complaint that is under way, or a new one; return which."""
        return self.about(self.slot(SLOT) or str(uuid.uuid4()))

    def erase(self) -> None:
        """Let the words of the turn's matter be taken out of the ledger once they are sent."""
        self.about(str(uuid.uuid4()))
        self.work.left = self.services.words.text("utter_terhapus")

    def as_event(self) -> dict[str, Any]:
        """Return the message as an event, so that it can be heard once more."""
        message = self._tracker.latest_message
        known = {name: message.get(name) for name in ("intent", "entities", "match")}
        return dict(UserUttered(self.text, known))

    def slot(self, name: str) -> Any:
        """Return a slot's value."""
        return self._tracker.get_slot(name)

    def entity(self, name: str) -> str | None:
        """Return a value that came with a pressed button."""
        value = next(iter(self._tracker.get_latest_entity_values(name)), None)
        return None if value is None else str(value)

    def say(self, response: str, **values: Any) -> None:
        """Say a sentence of ``domain.yml``."""
        shown = {name: _harmless(value) for name, value in values.items()}
        self._dispatcher.utter_message(response=response, **shown)

    def say_data(self, text: str) -> None:
        """Say a sentence that a data file gave."""
        self._dispatcher.utter_message(text=text)


class NindyAction(Action, ABC):
    """An action that gets its services handed in.

    Args:
        services: What it may use; left out by ``rasa run actions``, which makes actions itself.
    """

    action: str = ""

    def __init__(self, services: Services | None = None) -> None:
        self._given = services

    def name(self) -> str:
        """Name the action as ``domain.yml`` does."""
        return self.action

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Do the action within the turn that is running, or on its own."""
        work = unit_of_work.current.get(None)
        if self._given is not None and work is not None:
            return await self._act(Turn(self._given, work, dispatcher, tracker))
        async with standalone.turn(tracker.sender_id) as (services, own):
            return await self._act(Turn(services, own, dispatcher, tracker))

    async def _act(self, turn: Turn) -> Events:
        if find_code(turn.work.claim.message.text):
            # Whatever is made of it, a code must not stay beside who typed it.
            turn.erase()
        elif turn.form in FORMS and turn.slot(SLOT):
            turn.confide()
        return await self.act(turn)

    @abstractmethod
    async def act(self, turn: Turn) -> Events:
        """Do the action and return its events."""


def _harmless(value: Any) -> Any:
    # Rasa takes "0[" in a value for a gap that it could not fill, and says the bare template.
    return value.replace("0[", "0 [") if isinstance(value, str) else value


def listen() -> dict[str, Any]:
    """End the turn here, whatever rule led here."""
    return dict(FollowupAction("action_listen"))


def leave_form(slots: tuple[str, ...]) -> Events:
    """End the form that is under way and forget what it had asked for."""
    known = (*slots, "requested_slot", SLOT)
    return [*forget(known), ActiveLoop(None)]


def forget(slots: tuple[str, ...]) -> Events:
    """Empty slots, and what a form remembers about its questions."""
    return [SlotSet(name, None) for name in (*slots, *FORM_MEMORY)]
