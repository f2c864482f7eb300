"""Tickets and the turn: what is written with it, and what happens while an agent speaks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.message import Kind, Reply
from bot.clock import Clock
from bot.errors import TurnLost
from bot.ledger import handover, inbox, outbox, spoken, tables, unit_of_work
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.wake import Wake
from bot.tickets import in_turn, own
from bot.tickets.changes import Changes
from bot.tickets.life import Resolution, State
from bot.tickets.record import Seen
from bot.tickets.sheet import Sheet, read_sheet
from bot.turn.failpoints import Failpoints
from bot.turn.held import Held
from bot.turn.worker import Respond, Worker
from tests import kit
from tests.kit import START, answer, claimed, contents, message, receive, rows
from tests.ticketing import BUTTON_KEY, CHANGES, TAKEOVER, WORDS, never

FIRST, SECOND = "20261123-AAAAAA", "20261123-BBBBBB"
FORM: dict[str, Any] = {"slots": {"nik": "3174012345678901"}, "loop": "reset_sakti_form"}


@pytest.fixture(scope="module")
def changes() -> Changes:
    return CHANGES


@pytest.fixture
def agent(ledger: Ledger) -> str:
    row = {"id": "a1", "login": "rina", "name": "Rina Contoh", "role": "agent", "created_at": START}
    with ledger.engine.begin() as connection:
        connection.execute(tables.agent.insert().values(row))
    return "agent:a1"


@pytest.fixture
def make(ledger: Ledger, changes: Changes, tmp_path: Path) -> Any:
    with kit.owner(tmp_path) as named:

        def _make(respond: Respond, clock: Clock | None = None) -> Worker:
            listen, more = (
                Held(changes, WORDS, never, kit.parse_nothing, BUTTON_KEY),
                (Wake(), clock or kit.Clock(), Failpoints()),
            )
            return Worker(ledger, respond, never, listen, named, *more)

        yield _make


def opened(ledger: Ledger, *numbers: str) -> None:
    """Open tickets, each with a message of the same person."""
    for number in numbers:
        at = START + timedelta(milliseconds=len(rows(ledger, tables.ticket)))
        receive(ledger, message(number, at=at, text="help"))
        new = NewTicket(number, "tiket", None, Content("s", "c"), at, at + timedelta(hours=16))
        answer(ledger, "made", now=at, tickets=[new])


def sheet(ledger: Ledger, number: str = FIRST) -> Sheet:
    found = ledger.transact(read_sheet, number)
    assert found is not None
    return found


def kinds(ledger: Ledger, number: str = FIRST) -> list[str]:
    return [event.kind for event in sheet(ledger, number).events]


def heard(ledger: Ledger, number: str = FIRST) -> list[str]:
    found = sheet(ledger, number).events
    return [event.detail["text"] for event in found if event.kind == "user_message"]


def said(ledger: Ledger) -> list[str]:
    found = rows(ledger, tables.outbox, tables.outbox.c.position)
    return [ledger.vault.open(row.sealed_body)["text"] for row in found]


def conversation_id(ledger: Ledger) -> str:
    return str(rows(ledger, tables.conversation)[0].id)


def do(ledger: Ledger, change: Callable[..., None], actor: str, **values: Any) -> None:
    number = values.pop("number", FIRST)
    at = values.pop("at", START)
    ledger.transact(change, Seen(number, None, actor, at), **values)


# what is written with a turn


def test_a_change_is_written_with_its_turn(ledger: Ledger, changes: Changes, agent: str) -> None:
    opened(ledger, FIRST)
    do(ledger, changes.resolve, agent, resolution=Resolution.SOLVED)
    receive(ledger, message(2))
    work = UnitOfWork(claimed(ledger), START)
    in_turn.add(work, changes.rate, seen=in_turn.by_person(work, FIRST), rating=4)
    assert sheet(ledger).rating is None
    ledger.transact(unit_of_work.commit, work, "w1", START)
    assert (sheet(ledger).rating, sheet(ledger).line.state) == (4, State.CLOSED)
    assert sheet(ledger).events[-1].actor == "user"


def test_a_refused_change_is_left_out_and_the_turn_is_written(
    ledger: Ledger, changes: Changes, caplog: pytest.LogCaptureFixture
) -> None:
    opened(ledger, FIRST)
    receive(ledger, message(2))
    work = UnitOfWork(claimed(ledger), START, replies=[Reply("thanks")])
    seen = in_turn.by_person(work, FIRST)
    in_turn.add(work, changes.rate, seen=seen, rating=4)
    in_turn.add(work, changes.answered, seen=seen, text="more", inbox_id=2)
    with caplog.at_level(logging.WARNING):
        ledger.transact(unit_of_work.commit, work, "w1", START)
    assert [row.state for row in rows(ledger, tables.inbox)] == ["done", "done"]
    assert (kinds(ledger), said(ledger)[-1]) == (["opened", "user_message"], "thanks")
    assert sheet(ledger).rating is None
    assert caplog.messages == ["a turn's change of a ticket was refused: unfinished"]


def test_what_a_refused_change_wrote_before_is_undone(ledger: Ledger, changes: Changes) -> None:
    opened(ledger, FIRST)
    receive(ledger, message(2))
    work = UnitOfWork(claimed(ledger), START)

    def half(connection: Any, vault: Any) -> None:
        seen = in_turn.by_person(work, FIRST)
        changes.answered(connection, vault, seen, "half", None)
        changes.rate(connection, vault, seen, 5)

    in_turn.add(work, half)
    ledger.transact(unit_of_work.commit, work, "w1", START)
    assert kinds(ledger) == ["opened"]


def test_any_other_failure_undoes_the_turn(ledger: Ledger) -> None:
    receive(ledger, message(1))
    work = UnitOfWork(claimed(ledger), START, replies=[Reply("thanks")])

    def broken(connection: Any, vault: Any) -> None:
        raise RuntimeError("no")

    in_turn.add(work, broken)
    before = contents(ledger)
    with pytest.raises(RuntimeError):
        ledger.transact(unit_of_work.commit, work, "w1", START)
    assert contents(ledger) == before


async def test_a_turn_whose_change_is_refused_is_not_done_again(
    ledger: Ledger, changes: Changes, make: Any
) -> None:
    opened(ledger, FIRST)
    receive(ledger, message(2))
    turns = 0

    async def respond(work: UnitOfWork) -> None:
        nonlocal turns
        turns += 1
        in_turn.add(work, changes.rate, seen=in_turn.by_person(work, FIRST), rating=4)
        work.replies = [Reply("thanks")]

    await make(respond).drain()
    assert (turns, said(ledger)[-1]) == (1, "thanks")
    assert [row.failures for row in rows(ledger, tables.inbox)] == [0, 0]


def test_a_rating_is_kept_once_until_the_ticket_is_resolved_again(
    ledger: Ledger, changes: Changes, agent: str
) -> None:
    opened(ledger, FIRST)
    for rating in (2, 5):
        do(ledger, changes.resolve, agent, resolution=Resolution.SOLVED)
        assert sheet(ledger).rating is None
        do(ledger, changes.rate, "user", rating=rating)
        do(ledger, changes.comment, "user", word=f"word {rating}")
        with pytest.raises(Exception, match="rated"):
            do(ledger, changes.rate, "user", rating=1)
        do(ledger, changes.answered, "user", text="go on", inbox_id=None)
    (row,) = rows(ledger, tables.ticket)
    assert (row.rating, ledger.vault.open(row.sealed_rating)) == (5, {"text": "word 5"})
    assert row.reopened == 2
    given = [e.detail["rating"] for e in sheet(ledger).events if e.kind == "rated"]
    assert given == [2, 5]


def test_a_word_needs_a_rating(ledger: Ledger, changes: Changes) -> None:
    opened(ledger, FIRST)
    with pytest.raises(Exception, match="unrated"):
        do(ledger, changes.comment, "user", word="good")
    assert kinds(ledger) == ["opened"]


# what the conversation reads of its tickets


def test_only_a_ticket_of_the_conversation_is_found(ledger: Ledger) -> None:
    opened(ledger, FIRST)
    mine = conversation_id(ledger)
    found = ledger.transact(own.find, mine, FIRST)
    assert found is not None and found.id == rows(ledger, tables.ticket)[0].id
    assert (found.state, found.rating, found.is_complaint) == (State.NEW, None, False)
    assert ledger.transact(own.find, "somebody", FIRST) is None
    assert ledger.transact(own.find, mine, "") is None


def test_an_answer_is_for_the_ticket_that_waits_or_is_named(
    ledger: Ledger, changes: Changes, agent: str
) -> None:
    opened(ledger, FIRST, SECOND)
    mine = conversation_id(ledger)

    for number in (FIRST, SECOND):
        ledger.transact(outbox.enqueue, mine, None, Reply(f"about {number}"), START)
        while taken := ledger.transact(handover.take, "s", START + timedelta(seconds=1), 9):
            for outgoing in taken:
                name = outgoing.reply.text.removeprefix("about ")
                ledger.transact(handover.sent, outgoing, f"wamid.{name}", START)

    def awaiting(about: str = "", days: float = 0) -> str | None:
        now = START + timedelta(days=days)
        written = _reply(f"wamid.{about}") if about else message(3)
        found = ledger.transact(own.awaiting, mine, written, now)
        return found and found.number

    assert awaiting() is None
    do(ledger, changes.resolve, agent, resolution=Resolution.SOLVED)
    assert (awaiting(), awaiting(FIRST)) == (None, FIRST)
    do(ledger, changes.reply, agent, number=SECOND, text="and?", wait=True)
    assert (awaiting(), awaiting(FIRST)) == (SECOND, FIRST)
    do(ledger, changes.close, agent)
    assert awaiting(FIRST, days=6.9) == FIRST
    assert awaiting(FIRST, days=7) == SECOND
    do(ledger, changes.resume, agent, number=SECOND)
    assert awaiting(SECOND) is None


def test_the_last_replies_are_the_desks_and_no_notes(
    ledger: Ledger, changes: Changes, agent: str
) -> None:
    opened(ledger, FIRST)
    assert ledger.transact(own.replies, FIRST, 2) == []
    for text in ("one", "two"):
        do(ledger, changes.reply, agent, text=text)
    do(ledger, changes.note, agent, text="secret")
    do(ledger, changes.resolve, agent, resolution=Resolution.SOLVED)
    assert ledger.transact(own.replies, FIRST, 1) == ["two"]
    assert ledger.transact(own.replies, FIRST, 5) == ["one", "two"]


def test_a_quoted_bubble_is_found_by_its_own_conversation(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger, "news")
    (outgoing,) = ledger.transact(handover.take, "s", START, 9)
    ledger.transact(handover.sent, outgoing, "wamid.out", START)
    mine, reply = conversation_id(ledger), _reply("wamid.out")
    assert ledger.transact(spoken.quoted, mine, reply) == "news"
    assert ledger.transact(spoken.quoted, "somebody", reply) == ""
    assert ledger.transact(spoken.quoted, mine, _reply("wamid.other")) == ""
    assert ledger.transact(spoken.quoted, mine, message(2)) == ""


def _reply(to: str) -> Any:
    return replace(message(3), reply_to=to)


# an agent takes the conversation over


async def test_while_an_agent_speaks_every_message_is_on_the_ticket_in_order(
    ledger: Ledger, changes: Changes, agent: str, make: Any
) -> None:
    opened(ledger, FIRST)
    do(ledger, TAKEOVER.take_over, agent)
    before = said(ledger)
    receive(ledger, *(message(f"m{n}", text=str(n)) for n in range(5)))
    receive(ledger, message("media", kind=Kind.MEDIA, text="caption"))
    await make(never).drain()
    assert heard(ledger) == ["0", "1", "2", "3", "4", "caption"]
    assert said(ledger) == before
    assert ledger.transact(inbox.waiting) == 0


async def test_what_is_shared_while_an_agent_speaks_means_no_word_of_it(
    ledger: Ledger, changes: Changes, agent: str, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends(_text: str) -> dict[str, Any]:
        return {"match": {"intent": "unsubscribe", "decision": "control", "probability": 1.0}}

    monkeypatch.setattr(kit, "parse_nothing", ends)
    opened(ledger, FIRST)
    do(ledger, TAKEOVER.take_over, agent)
    receive(ledger, message("place", kind=Kind.OTHER, text="Berhenti"))
    await make(never).drain()
    assert heard(ledger) == ["Berhenti"]


@pytest.mark.parametrize("writes", [False, True])
async def test_a_form_is_gone_when_nindy_speaks_again(
    ledger: Ledger, changes: Changes, agent: str, make: Any, writes: bool
) -> None:
    opened(ledger, FIRST)
    receive(ledger, message(2))
    work = UnitOfWork(claimed(ledger), START, state=FORM)
    ledger.transact(unit_of_work.commit, work, "w1", START)
    do(ledger, TAKEOVER.take_over, agent)
    if writes:
        receive(ledger, message(3, text="my number"))
        await make(never).drain()
    do(ledger, TAKEOVER.hand_back, agent)
    receive(ledger, message(4))
    found = claimed(ledger)
    assert (found.state, found.holder_id) == (None, None)


async def test_a_take_over_during_a_turn_loses_nothing(
    ledger: Ledger, changes: Changes, agent: str, make: Any
) -> None:
    opened(ledger, FIRST)
    receive(ledger, message(2, text="are you there?"), message(3, text="hello?"))
    turns = 0

    async def respond(work: UnitOfWork) -> None:
        nonlocal turns
        turns += 1
        do(ledger, TAKEOVER.take_over, agent)
        work.state, work.replies = FORM, [Reply("I am Nindy")]

    await make(respond).drain()
    assert turns == 1
    assert heard(ledger) == ["are you there?", "hello?"]
    assert "I am Nindy" not in said(ledger)
    assert rows(ledger, tables.conversation)[0].sealed_state is None
    assert [(row.state, row.failures) for row in rows(ledger, tables.inbox)] == [("done", 0)] * 3


def test_a_turn_that_meets_a_take_over_is_lost(
    ledger: Ledger, changes: Changes, agent: str
) -> None:
    opened(ledger, FIRST)
    receive(ledger, message(2))
    work = UnitOfWork(claimed(ledger), START, replies=[Reply("I am Nindy")])
    do(ledger, TAKEOVER.take_over, agent)
    before = contents(ledger)
    with pytest.raises(TurnLost):
        ledger.transact(unit_of_work.commit, work, "w1", START)
    assert contents(ledger) == before


async def test_a_hand_back_during_a_message_lets_nindy_answer_it(
    ledger: Ledger, changes: Changes, agent: str, make: Any
) -> None:
    opened(ledger, FIRST)
    do(ledger, TAKEOVER.take_over, agent)
    receive(ledger, message(2, text="are you there?"))
    handed = False

    def clock() -> Any:
        # The worker looks at the clock when it begins the turn that it has claimed.
        nonlocal handed
        if not handed and rows(ledger, tables.inbox, tables.inbox.c.id)[-1].claims:
            handed = True
            do(ledger, TAKEOVER.hand_back, agent)
        return START

    async def respond(work: UnitOfWork) -> None:
        work.replies = [Reply(f"re: {work.claim.message.text}")]

    await make(respond, clock).drain()
    assert (heard(ledger), said(ledger)[-1]) == ([], "re: are you there?")
