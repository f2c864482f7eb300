"""What a message answers in a form: the open question, and others that it names or corrects."""

from __future__ import annotations

from collections.abc import Sequence

from actions import fields
from actions.base import Turn
from actions.faq import is_question
from actions.questions import Ask, Choose, Misread, Question
from actions.tell import Tell

Questions = Sequence[Question]

_LONG = 12
"""Words from which on a message is a story rather than a correction."""


def is_short_correction(text: str) -> bool:
    """Say whether a text corrects something, rather than tells a story with such a word in it."""
    return fields.is_correction(text) and len(text.split()) <= _LONG


def corrected(turn: Turn, asked: Question, questions: Questions) -> dict[str, str]:
    """Return the values that a message names: they correct or complete what was told."""
    text = turn.text
    if not text or (asked.prose and not is_short_correction(text)):
        return {}
    if isinstance(asked, Choose) and asked.is_plain_answer(turn):
        return {}
    corrects = fields.is_correction(text)
    aside = not corrects and is_question(turn)
    wanted = [q.field for q in questions if q.field and not (aside and q.open)]
    found = _by_slot(questions, fields.labelled(text, wanted))
    if not found and corrects:
        return _taken_back(turn, asked, questions)
    if asked.slot in found and len(found) == 1:
        return {}
    return _completed(turn, asked, questions, found) if found and not corrects else found


def _completed(
    turn: Turn, asked: Question, questions: Questions, found: dict[str, str]
) -> dict[str, str]:
    """Add the answer to what was asked, which needs no label: "260261301000123 rek 001234"."""
    if isinstance(asked, Ask):
        return {**answered(turn, asked, questions), **found}
    try:
        return {asked.slot: asked.read_beside(turn), **found}
    except Misread:
        return found


def _taken_back(turn: Turn, asked: Question, questions: Questions) -> dict[str, str]:
    """Read a correction that names nothing: it is about the last answer that it fits."""
    if turn.slot("gagal") and _reads(asked, turn) is not None:
        return {}
    for question in reversed(questions[: questions.index(asked)]):
        value = None if isinstance(question, Tell) else _reads(question, turn)
        if value is not None and turn.slot(question.slot) is not None:
            return {question.slot: value}
    return {}


def answered(turn: Turn, asked: Question, questions: Questions) -> dict[str, str]:
    """Return the answer to what was asked, with the values of others that came along."""
    found: dict[str, str] = {}
    if isinstance(asked, Ask) and turn.text:
        missing = [q.field for q in questions if q.field and not turn.slot(q.slot)]
        found = _by_slot(questions, fields.find(turn.text, missing))
        if asked.slot in found:
            return found
    value = _reads(asked, turn)
    if value is None:
        return {}
    # A number that was insisted on may look like another field's as well.
    others = {slot: other for slot, other in found.items() if other != value}
    return {asked.slot: value, **others}


def _by_slot(questions: Questions, found: dict[str, str]) -> dict[str, str]:
    return {q.slot: found[q.field] for q in questions if q.field and q.field in found}


def _reads(question: Question, turn: Turn) -> str | None:
    try:
        return question.read(turn)
    except Misread:
        return None
