"""Says an answer of the FAQ bank."""

from __future__ import annotations

from actions import feedback
from actions.base import Turn
from bot.clock import JAKARTA
from bot.faq import Entry
from bot.ledger.tables import COMPLAINTS

_WORDS = 3


def matched_entry(turn: Turn) -> Entry | None:
    """Return the entry that the matcher found, whatever its probability."""
    return entry(turn, turn.entity("faq") or turn.match.get("faq"))


def entry(turn: Turn, entry_id: str | None) -> Entry | None:
    """Return an entry, unless it is no longer in the bank (a button may be old)."""
    return turn.bank.get(entry_id) if entry_id and entry_id in turn.bank else None


def decision(turn: Turn) -> str | None:
    """Return how sure the matcher is of its entry; one that was pressed is meant for certain."""
    return "answer" if turn.intent == "pilih_faq" else turn.match.get("decision")


def say_entry(turn: Turn) -> bool:
    """Answer a question in passing, if the matcher is sure; say whether it was answered."""
    found = matched_entry(turn)
    if found is None or not (is_question(turn) or turn.intent == "pilih_faq"):
        return False
    say_answer(turn, found, "utter_jawaban_sela")
    return True


def is_question(turn: Turn) -> bool:
    """Tell whether a message is surely a question of the bank, not a word or two that sound so."""
    sure = turn.intent == "faq" and turn.match.get("decision") == "answer"
    return sure and (len(turn.text.split()) >= _WORDS or "?" in turn.text)


def say_answer(turn: Turn, entry: Entry, response: str) -> None:
    """Say an entry's answer with its source, and that it should be confirmed if it must be.

    Where the person's own data would answer it, the form that looks them up is one press away.
    """
    today = turn.work.now.astimezone(JAKARTA).date()
    unsure = entry.needs_confirmation(today)
    note = "utter_catatan_konfirmasi" if unsure else "utter_catatan_pasti"
    words, own = turn.services.words, {}
    if entry.service == COMPLAINTS:
        turn.confide()
        response = "utter_jawaban_adukan" if response == "utter_jawaban" else response
    if entry.category and response == "utter_jawaban":
        response = "utter_jawaban_isian"
        own = {"tombol": words.text(f"utter_tombol_{entry.category}"), "kategori": entry.category}
    turn.say(
        response,
        **own,
        jawaban=entry.answer,
        catatan=words.text(note, sumber=entry.source_label),
        giliran=feedback.number(turn),
    )
