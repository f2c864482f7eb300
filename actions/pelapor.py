"""With a name or without: a choice where a word of refusal must never mean "with a name"."""

from __future__ import annotations

from actions import choices, sayings
from actions.base import Turn
from actions.questions import Choose, Misread

ANONYMOUS, NAMED = "anonim", "bernama"
_SHORT = 4
"""Words up to which an answer is a choice and asks for nothing."""
_LONG = 12
"""Words from which on a word of refusal is part of a story."""


class AskPelapor(Choose):
    """Asks whether the complaint bears a name."""

    @property
    def may_be_left(self) -> bool:
        """Whether "gak usah" is about the name and not about the form."""
        return True

    def read(self, turn: Turn) -> str:
        """Find the choice; whatever is not plain is asked again."""
        if turn.text and _is_wary(turn.text):
            value = hidden(turn.text)
            if value is None:
                raise Misread
            return value
        return super().read(turn)

    def is_plain_answer(self, turn: Turn) -> bool:
        """Say whether a short answer, or one that hides the name, is heard before a wish."""
        text = turn.text
        if _is_wary(text):
            return hidden(text) is not None
        short = not text.rstrip().endswith("?") and len(text.split()) <= _SHORT
        return short and choices.parse(self.slot, text) is not None


def hidden(text: str) -> str | None:
    """Return that no name is wanted; None where a text says neither, or the contrary."""
    asks = text.rstrip().endswith("?")
    if sayings.begins(text, "may_i"):
        text = sayings.after(text, "may_i") or ""
    elif asks:
        return None
    if len(text.split()) > _LONG or sayings.holds(text, "doubt_hiding"):
        return None
    named = choices.find("pelapor", text) or sayings.holds(text, "name_word")
    return ANONYMOUS if named and _is_wary(text) else None


def _is_wary(text: str) -> bool:
    return sayings.holds(text, "hide_name")
