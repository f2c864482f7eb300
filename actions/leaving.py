"""Hears in a few words that somebody gives up a form, where the matcher alone is not sure."""

from __future__ import annotations

from actions import sayings
from actions.categories import STARTS
from actions.questions import Confirm, Question

_FEW = 8
"""Words up to which "bukan bikin tiket" is about the form and not part of a story."""
_BEGUN = 6
"""Words up to which "ga jadi nanya sp2d" says no more than that."""


def left_for(text: str, asked: Question) -> str | None:
    """Return the action that goes on instead of the form, if the form is given up."""
    count = len(sayings.words(text))
    if count <= _FEW and sayings.holds(text, "not_asked"):
        asks = sayings.holds(text, "only_ask")
        return STARTS["tanya_nindy"] if asks else "action_cancel"
    kinds = ["leave"]
    if not asked.may_be_left:
        # "Sudah oke" under a summary is about the summary.
        kinds += ["no_need"] if isinstance(asked, Confirm) else ["no_need", "solved"]
    begun = count <= _BEGUN and sayings.begins(text, "begin_leave")
    return "action_cancel" if begun or sayings.is_saying(text, *kinds) else None
