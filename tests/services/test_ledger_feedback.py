"""What people said about answers is written once, sealed, and read back as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.errors import TurnLost
from bot.ledger import feedback, tables, unit_of_work
from bot.ledger.database import Ledger
from bot.ledger.feedback import CHOICE, HELPED, NO, NONE_OF_THESE, YES, Feedback
from bot.ledger.unit_of_work import UnitOfWork
from tests.kit import START, answer, claimed, contents, message, receive, rows

CHOSEN = Feedback(CHOICE, "a", "b", 0.55, ("a", "b"), "nindy-1", "void bast 527010")
HELPFUL = Feedback(HELPED, "a", YES, 0.93, (), "nindy-1", "jam buka?")


def test_a_judgement_is_read_back_as_it_was(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger, "ya", feedback=[CHOSEN, HELPFUL])
    assert ledger.transact(feedback.read) == [CHOSEN, HELPFUL]
    row = rows(ledger, tables.feedback, tables.feedback.c.id)[0]
    turn = rows(ledger, tables.turn)[0]
    assert (row.at, row.conversation_id, row.inbox_id, row.shown) == (
        START, turn.conversation_id, turn.inbox_id, ["a", "b"],
    )  # fmt: skip
    assert b"527010" not in bytes(row.sealed_question)


def test_a_turn_that_is_repeated_writes_its_judgement_once(ledger: Ledger) -> None:
    receive(ledger, message(1))
    work = UnitOfWork(claimed(ledger), START, feedback=[HELPFUL])
    ledger.transact(unit_of_work.commit, work, "w1", START)
    before = contents(ledger)
    with pytest.raises(TurnLost):
        ledger.transact(unit_of_work.commit, work, "w1", START)
    assert contents(ledger) == before
    held = work.claim
    again = (HELPFUL, held.conversation_id, held.inbox_id, START)
    assert not ledger.transact(feedback.write, *again)
    assert contents(ledger) == before


def test_the_database_itself_refuses_a_second_of_a_kind(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger, "ya", feedback=[HELPFUL])
    with ledger.engine.begin() as connection:
        row = dict(connection.execute(sa.select(tables.feedback)).one()._mapping)
    del row["id"]
    with pytest.raises(sa.exc.IntegrityError), ledger.engine.begin() as connection:
        connection.execute(tables.feedback.insert().values(row))


def test_judgements_are_read_from_a_moment_on(ledger: Ledger) -> None:
    for n, one in enumerate([HELPFUL, CHOSEN]):
        at = START + timedelta(days=n)
        receive(ledger, message(n, at=at), now=at)
        answer(ledger, "ya", now=at, feedback=[one])
    assert ledger.transact(feedback.read, START) == [HELPFUL, CHOSEN]
    assert ledger.transact(feedback.read, START + timedelta(days=1)) == [CHOSEN]
    assert ledger.transact(feedback.read, START + timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("kind", "label", "shown", "expected", "is_right", "follows"),
    [
        (CHOICE, "a", ("a", "b"), "a", True, False),
        (CHOICE, "b", ("a", "b"), "b", False, False),
        (CHOICE, NONE_OF_THESE, ("a", "b"), None, False, False),
        (HELPED, YES, (), "a", True, False),
        (HELPED, NO, (), None, False, False),
        (HELPED, YES, ("a", "b"), "a", True, True),
    ],
)
def test_a_label_tells_the_entry(
    kind: str,
    label: str,
    shown: tuple[str, ...],
    expected: str | None,
    is_right: bool,
    follows: bool,
) -> None:
    one = Feedback(kind, "a", label, 0.5, shown, "nindy-1", "?")
    assert (one.expected, one.is_right, one.follows_choice) == (expected, is_right, follows)
