"""Says an answer of the FAQ bank."""

from __future__ import annotations

from actions.base import Turn
from bot.faq import Entry

_SURE = "high"


def matched_entry(turn: Turn) -> Entry | None:
    """Return the entry that the matcher found, whatever its probability."""
    chosen = turn.entity("faq") or turn.match.get("faq")
    return turn.services.bank.get(chosen) if chosen else None


def say_entry(turn: Turn) -> bool:
    """Answer a question in passing, if the matcher is sure enough; say whether it was answered."""
    decision = turn.match.get("decision")
    entry = matched_entry(turn)
    if entry is None or turn.intent != "faq" or decision not in ("answer", "clarify"):
        return False
    say_answer(
        turn, entry, "utter_jawaban_sela" if decision == "answer" else "utter_jawaban_mungkin"
    )
    return True


def say_answer(turn: Turn, entry: Entry, response: str) -> None:
    """Say an entry's answer with its source, and that it should be confirmed if it must be."""
    note = "utter_catatan_pasti" if entry.confidence == _SURE else "utter_catatan_konfirmasi"
    turn.say(
        response,
        jawaban=entry.answer,
        catatan=turn.services.words.text(note, sumber=entry.source_label),
    )
