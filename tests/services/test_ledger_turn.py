"""A turn is written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.message import IdentityChange, Kind, Reply, Sender
from bot.errors import TurnLost
from bot.ledger import claims, handover, people, tables, tickets, unit_of_work
from bot.ledger.database import Ledger
from bot.ledger.feedback import HELPED, YES, Feedback
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.tickets.sheet import read_sheet
from tests.kit import (
    LEASE,
    START,
    answer,
    claim,
    claimed,
    contents,
    message,
    receive,
    rows,
    siti,
    together,
)

NUMBER = "20261123-ABCDEF"
FORM: dict[str, Any] = {"slots": {"nik": "3174012345678901"}, "loop": "reset_sakti_form"}


def ticket(number: str = NUMBER, at: datetime = START) -> NewTicket:
    due = at + timedelta(hours=16)
    return NewTicket(number, "tiket", 3, Content("subject", "chronology", "Siti"), at, due)


def full(ledger: Ledger, owner: str = "w1", number: str = NUMBER) -> UnitOfWork:
    """A turn that changes every table."""
    work = UnitOfWork(claimed(ledger, owner), START, state=FORM)
    work.events = [{"event": "slot"}]
    work.replies = [Reply("one"), Reply("two")]
    work.tickets = [ticket(number)]
    work.misses = ["260261301000123", ""]
    work.feedback = [Feedback(HELPED, "jam-layanan", YES, 0.9, (), "nindy-1", "jam buka?")]
    return work


def commit(ledger: Ledger, work: UnitOfWork, owner: str = "w1") -> None:
    ledger.transact(unit_of_work.commit, work, owner, START)


def test_a_turn_writes_everything(ledger: Ledger) -> None:
    receive(ledger, message(1))
    work = full(ledger)
    commit(ledger, work)
    held = rows(ledger, tables.conversation)[0]
    assert (held.version, held.lease_owner, held.lease_until, held.last_turn_at) == (
        1, None, None, START,
    )  # fmt: skip
    assert ledger.vault.open(held.sealed_state) == FORM
    assert rows(ledger, tables.inbox)[0].state == "done"
    assert ledger.vault.open(rows(ledger, tables.turn)[0].sealed_events) == [{"event": "slot"}]
    assert [e.kind for e in rows(ledger, tables.ticket_event)] == ["opened"]
    assert len(rows(ledger, tables.lookup_miss)) == 2
    assert [row.label for row in rows(ledger, tables.feedback)] == ["yes"]
    said = rows(ledger, tables.outbox, tables.outbox.c.position)
    assert [ledger.vault.open(row.sealed_body)["text"] for row in said] == ["one", "two"]
    receive(ledger, message(2))
    assert claimed(ledger).state == FORM


def _steal(ledger: Ledger, work: UnitOfWork) -> None:
    assert claim(ledger, "w2", START + LEASE) is not None


def _steal_and_finish(ledger: Ledger, work: UnitOfWork) -> None:
    answer(ledger, "from w2", now=START + LEASE, owner="w2")


def _release(ledger: Ledger, work: UnitOfWork) -> None:
    ledger.transact(claims.release, ["w1"])


def _change_number(ledger: Ledger, work: UnitOfWork) -> None:
    change = IdentityChange("whatsapp", "1", "c1", siti(), Sender("ID.new"), START)
    assert ledger.transact(people.change_identity, change, START)


def _finish_before(ledger: Ledger, work: UnitOfWork) -> None:
    done = tables.inbox.update().values(state="done")
    with ledger.engine.begin() as connection:
        connection.execute(done)


@pytest.mark.parametrize(
    "meanwhile", [_steal, _steal_and_finish, _release, _change_number, _finish_before]
)
def test_a_lost_turn_writes_nothing(
    ledger: Ledger, meanwhile: Callable[[Ledger, UnitOfWork], None]
) -> None:
    receive(ledger, message(1))
    work = full(ledger)
    meanwhile(ledger, work)
    before = contents(ledger)
    with pytest.raises(TurnLost):
        commit(ledger, work)
    assert contents(ledger) == before


def test_a_turn_committed_twice_is_written_once(ledger: Ledger) -> None:
    receive(ledger, message(1))
    work = full(ledger)
    commit(ledger, work)
    before = contents(ledger)
    with pytest.raises(TurnLost):
        commit(ledger, work)
    assert contents(ledger) == before


def test_commits_at_once_of_one_turn_write_once(ledger: Ledger) -> None:
    receive(ledger, message(1))
    work = full(ledger)

    def attempt() -> bool:
        try:
            commit(ledger, work)
        except TurnLost:
            return False
        return True

    assert sorted(together([attempt] * 4)) == [False, False, False, True]
    assert len(rows(ledger, tables.outbox)) == 2


TABLES = ("inbox", "turn", "ticket", "ticket_event", "lookup_miss", "feedback", "outbox")


@pytest.mark.parametrize("table", TABLES)
def test_a_failure_at_any_statement_undoes_all(ledger: Ledger, table: str) -> None:
    receive(ledger, message(1))
    work = full(ledger)
    before = contents(ledger)

    def fail(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith((f"INSERT INTO {table} ", f"UPDATE {table} ")):
            raise RuntimeError("the disk is full")

    sa.event.listen(ledger.engine, "after_cursor_execute", fail)
    with pytest.raises(RuntimeError, match="the disk is full"):
        commit(ledger, work)
    sa.event.remove(ledger.engine, "after_cursor_execute", fail)
    assert contents(ledger) == before
    commit(ledger, work)
    assert len(rows(ledger, tables.outbox)) == 2


def test_a_ticket_number_is_given_once(ledger: Ledger) -> None:
    receive(ledger, message(1), message(2, siti("other")))
    commit(ledger, full(ledger))
    second = full(ledger)
    before = contents(ledger)
    with pytest.raises(sa.exc.IntegrityError):
        commit(ledger, second)
    assert contents(ledger) == before
    second.tickets = [ticket("20261123-GHJKMN")]
    commit(ledger, second)
    assert len(rows(ledger, tables.ticket)) == 2


def test_one_message_opens_one_ticket(ledger: Ledger) -> None:
    receive(ledger, message(1))
    work = full(ledger)
    work.tickets.append(ticket("20261123-GHJKMN"))
    with pytest.raises(sa.exc.IntegrityError):
        commit(ledger, work)
    assert rows(ledger, tables.ticket) == []


def test_new_numbers_are_of_the_jakarta_day_and_differ() -> None:
    evening = datetime.fromisoformat("2026-11-23T18:00:00+00:00")
    numbers = {tickets.new_number(evening) for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(number.startswith("20261124-") and len(number) == 15 for number in numbers)
    assert not any(set("01ILO") & set(number[9:]) for number in numbers)


def test_a_ticket_is_found_by_number_and_by_conversation(ledger: Ledger) -> None:
    receive(ledger, message(1), message(2, at=START + timedelta(seconds=1)))
    work = full(ledger)
    commit(ledger, work)
    assert ledger.transact(tickets.find, "20261123-222222") is None
    found = ledger.transact(tickets.find, NUMBER)
    assert found is not None
    assert (found.content, found.category, found.service, found.state, found.due_at) == (
        Content("subject", "chronology", "Siti"), "tiket", 3, "new", START + timedelta(hours=16),
    )  # fmt: skip
    second = UnitOfWork(claimed(ledger), START)
    routed = ticket("20261123-GHJKMN", START + timedelta(minutes=1))
    likely = ((3, 0.95), (8, 0.04))
    second.tickets = [replace(routed, unit="Unit Contoh", candidates=likely, user_group=2)]
    commit(ledger, second)
    newest = ledger.transact(tickets.latest, found.conversation_id)
    assert newest is not None and newest.number == "20261123-GHJKMN"
    assert (newest.unit, newest.candidates, newest.user_group) == ("Unit Contoh", likely, 2)
    assert (found.unit, found.candidates, found.user_group) == ("", (), None)
    assert ledger.transact(tickets.latest, "nobody") is None


def test_the_transcript_has_both_sides_in_order(ledger: Ledger) -> None:
    expected = []
    for n in range(30):
        at = START + timedelta(minutes=n)
        receive(ledger, message(n, text=f"asked {n}", at=at), now=at)
        receive(ledger, message(f"s{n}", kind=Kind.SILENT, at=at), now=at)
        receive(ledger, message(f"o{n}", siti("other"), at=at, text="not mine"), now=at)
        answer(ledger, f"said {n}", now=at + timedelta(seconds=2))
        answer(ledger, "to the other", now=at + timedelta(seconds=2))
        expected += [("user", f"asked {n}"), ("nindy", f"said {n}")]
    mine = next(
        c.id for c in rows(ledger, tables.conversation)
        if ledger.transact(people.address, c.id)[1] == siti()
    )  # fmt: skip
    at = START + timedelta(hours=1)
    receive(ledger, message("last", text="and a ticket", at=at))
    work = UnitOfWork(claimed(ledger, now=at), at, tickets=[ticket(at=at)])
    commit(ledger, work)
    found = ledger.transact(read_sheet, ticket(at=at).number)
    assert found is not None and found.conversation_id == mine
    kept = [(said.who, said.text) for said in found.transcript]
    assert kept == [*expected, ("user", "and a ticket")]
    assert (found.transcript[0].at, found.transcript[-1].at) == (START, at)


def test_a_bubble_carries_the_ticket_and_its_question(ledger: Ledger) -> None:
    receive(ledger, message(7))
    answer(ledger, "ya")
    (taken,) = ledger.transact(handover.take, "s1", START, 5)
    assert (taken.reply_to, taken.to, taken.channel) == ("wamid.7", siti(), "whatsapp")


def test_a_naive_moment_is_refused(ledger: Ledger) -> None:
    with pytest.raises(sa.exc.StatementError, match="naive datetime"):
        receive(ledger, message(1, at=START.replace(tzinfo=None)))
    assert rows(ledger, tables.inbox) == []
