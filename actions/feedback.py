"""What the person makes of an answer: remembered when it is asked, kept with the turn that tells.

The slot ``penilaian`` holds what the matcher found until it is judged. It counts only while the
slot ``tawaran`` still names that answer, or the choice that was offered; and a button counts only
if it carries the number of the turn that offered it (entity ``giliran``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import SlotSet

from actions import offers
from actions.base import Events, Turn
from bot.channels.message import Kind
from bot.ledger.feedback import CHOICE, HELPED, NO, NONE_OF_THESE, UNANSWERED, YES, Feedback
from bot.ledger.tables import COMPLAINTS

_SLOT = "penilaian"


def expect(
    turn: Turn, entry_id: str, probability: float, shown: Mapping[str, float] | None = None
) -> Events:
    """Remember what is to be judged; the title of a button that is not theirs is no question.

    Args:
        turn: The turn that says the answer, or asks what is meant.
        entry_id: The answered entry, or the likeliest of those shown.
        probability: What the matcher gave to it.
        shown: The entries to choose from with their probabilities, the likeliest first.
    """
    if _is_pressed(turn) and turn.text == turn.work.claim.message.text.strip():
        return [SlotSet(_SLOT, None)]
    return [
        SlotSet(
            _SLOT,
            {
                "faq": entry_id,
                "probability": probability,
                "shown": dict(shown or {}),
                "model": turn.work.model,
                "giliran": number(turn),
            },
        )
    ]


def number(turn: Turn) -> str:
    """Return the number of the turn, for the buttons that are offered in it."""
    return str(turn.work.claim.inbox_id)


def chosen(turn: Turn, entry_id: str) -> Events:
    """Keep which entry was chosen; its answer is to be judged next."""
    found = _judged(turn, CHOICE)
    if found is None or entry_id not in found["shown"]:
        return [SlotSet(_SLOT, None)]
    _keep(turn, found, CHOICE, entry_id)
    return expect(turn, entry_id, found["shown"][entry_id], found["shown"])


def helped(turn: Turn) -> Events:
    """Keep that the answer helped."""
    found = _judged(turn, HELPED)
    if found is None:
        return []
    _keep(turn, found, HELPED, YES)
    return [SlotSet(_SLOT, None)]


def refused(turn: Turn) -> Events:
    """Keep that the answer did not help, or that none of the choices was meant."""
    for kind, label in ((HELPED, NO), (CHOICE, NONE_OF_THESE)):
        found = _judged(turn, kind)
        if found is not None:
            _keep(turn, found, kind, label)
            return [SlotSet(_SLOT, None)]
    return []


def unanswered(turn: Turn) -> None:
    """Keep a question that has no answer, for who writes the FAQ; a complaint is none of theirs."""
    if any(service == COMPLAINTS for service, _ in turn.match.get("services", [])[:1]):
        return
    likely = turn.match.get("alternatives", [])
    turn.work.feedback.append(
        Feedback(
            kind=UNANSWERED,
            faq=likely[0]["id"] if likely else "",
            label=NO,
            probability=turn.match.get("probability", 0.0),
            shown=tuple(pair["id"] for pair in likely),
            model=turn.work.model,
            question=turn.text.strip(),
        )
    )


def _judged(turn: Turn, kind: str) -> dict[str, Any] | None:
    offer, found = turn.slot("tawaran"), turn.slot(_SLOT)
    asked = offer == offers.ANSWER if kind == HELPED else offers.entry_of(offer) is not None
    if not asked or not found:
        return None
    if _is_pressed(turn) and turn.entity("giliran") != found["giliran"]:
        return None
    return dict(found)


def _is_pressed(turn: Turn) -> bool:
    return turn.work.claim.message.kind is Kind.CHOICE


def _keep(turn: Turn, found: dict[str, Any], kind: str, label: str) -> None:
    turn.work.feedback.append(
        Feedback(
            kind=kind,
            faq=found["faq"],
            label=label,
            probability=found["probability"],
            shown=tuple(found["shown"]),
            model=found["model"],
            question=turn.slot("pertanyaan"),
        )
    )
