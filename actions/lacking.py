"""Says what can be done without a number or an address that the person does not have."""

from __future__ import annotations

from collections.abc import Sequence

from actions import sayings
from actions.base import Turn
from actions.fields.text import clean, labels_in
from actions.questions import Question

_SAID = frozenset(
    {
        "nomor_sp2d",
        "nomor_rekening",
        "kode_satker",
        "nomor_kontrak",
        "identitas",
        "email_digit",
        "nik",
        "email",
    }
)
"""Slots with a sentence ``utter_tanpa_<slot>``; the explanation of the others says enough."""
_FEW = 9
"""Words up to which a message only says that something is not there."""


def lacked(turn: Turn, asked: Question, questions: Sequence[Question]) -> str | None:
    """Return the slot that somebody cannot fill: the one they name, or the one asked for."""
    if asked.slot not in _SAID or len(sayings.words(turn.text)) > _FEW:
        return None
    if not sayings.holds(turn.text, "lack"):
        return None
    named = [field for label in labels_in(clean(turn.text)) for field in label.fields]
    missing = (q.slot for q in questions if q.field in named and turn.slot(q.slot) is None)
    return next((slot for slot in missing if slot in _SAID), asked.slot)
