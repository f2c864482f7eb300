"""Gives Rasa a short tracker and takes a short state back.

Rasa replays every event of a tracker at each message, so a tracker that holds the whole
conversation makes each message slower than the one before. Rules and forms look no further back
than slots, the active loop and the turn itself; that is all that is handed over. The history is
appended to the ledger and never read here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot.ledger import unit_of_work


class LedgerTrackerStore(TrackerStore):
    """Reads and writes the unit of work of the turn that is running.

    Args:
        domain: Gives the slots; Rasa sets it when the model is loaded.
    """

    def __init__(self, domain: Domain | None = None) -> None:
        super().__init__(domain or Domain.empty())

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Build the tracker from the short state; None begins a new session."""
        state = unit_of_work.current.get().state
        if state is None:
            return None
        events = restore(state, self.domain)
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        tracker.nindy_known = len(tracker.events)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Hand the new short state and the turn's events to the unit of work."""
        work = unit_of_work.current.get()
        known = getattr(tracker, "nindy_known", 0)
        work.state = snapshot(tracker, work.state)
        work.events = [event.as_dict() for event in list(tracker.events)[known:]]

    async def keys(self) -> Iterable[str]:
        """Rasa asks for this only in tools that list conversations; there are none here."""
        return []


def snapshot(tracker: DialogueStateTracker, before: dict[str, Any] | None) -> dict[str, Any]:
    """Take what the next turn needs: slots that differ from their start, and the loop.

    Args:
        tracker: The conversation after the turn.
        before: The state that it began with; what this version has no slot for is kept, since the
            next turn may be another version's.
    """
    kept = (before or {}).get("slots", {})
    slots = {name: value for name, value in kept.items() if name not in tracker.slots}
    for name, slot in tracker.slots.items():
        if slot.value != slot.initial_value:
            slots[name] = slot.value
    return {"slots": slots, "loop": tracker.active_loop_name}


def restore(state: dict[str, Any], domain: Domain) -> list[Event]:
    """Turn a short state into the events that lead to it.

    A state of another version may hold a slot or a form that this one does not know: the slot is
    left out, and what answers that form's question is heard as a new message.
    """
    known = {slot.name for slot in domain.slots}
    slots = {name: value for name, value in state["slots"].items() if name in known}
    events: list[Event] = [ActionExecuted("action_session_start")]
    if state["loop"] in domain.form_names:
        events += [ActionExecuted(state["loop"]), ActiveLoop(state["loop"])]
    elif state["loop"]:
        slots.pop(REQUESTED_SLOT, None)
    events += [SlotSet(name, value) for name, value in slots.items()]
    events.append(ActionExecuted("action_listen"))
    return events
