"""A changed number gets neither an answer nor a turn of what the old one asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.message import IdentityChange, Reply
from bot.channels.message import Sender as Person
from bot.clock import Clock
from bot.ledger import handover, inbox, outbox, tables
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.turn.intake import Delivery, Intake
from tests.kit import START, answer, claim, message, receive, rows, siti

LATER = START + timedelta(minutes=1)
TOLD = Reply("the number changed")


def texts(ledger: Ledger, *states: str) -> list[str]:
    found = rows(ledger, tables.outbox, tables.outbox.c.position)
    opened = [(row.state, ledger.vault.open(row.sealed_body)["text"]) for row in found]
    return [text for state, text in opened if state in states]


async def moves(ledger: Ledger, number: int = 1) -> None:
    clock: Clock = lambda: LATER  # noqa: E731
    note = IdentityChange("whatsapp", "1", f"c.{number}", siti(), Person("ID.new", None), LATER)
    await Intake(ledger, Wake(), clock, told=TOLD).store(Delivery((), (), (note,)))


def conversation(ledger: Ledger) -> str:
    return str(rows(ledger, tables.conversation)[0].id)


@pytest.mark.parametrize("under_way", [False, True], ids=["queued", "under way"])
async def test_an_answer_of_before_is_not_sent(ledger: Ledger, under_way: bool) -> None:
    receive(ledger, message(1))
    answer(ledger, "what was found")
    if under_way:
        ledger.transact(handover.take, "s1", START, 9)
    ledger.transact(outbox.enqueue, conversation(ledger), None, Reply("news"), START)
    await moves(ledger)
    if under_way:
        ledger.transact(handover.recover, ["s1"], LATER, timedelta(0))
    sent: list[str] = []
    for _ in range(4):  # Each gives up to one; the withdrawn one takes a round of its own.
        for one in ledger.transact(handover.take, "s2", LATER, 9):
            sent.append(one.reply.text)
            ledger.transact(handover.sent, one, f"wamid.{one.id}", LATER)
    assert sent == ["news", "the number changed"]
    assert texts(ledger, "dropped") == ["what was found"]


async def test_a_broadcast_of_before_is_not_sent(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger)
    where = (conversation(ledger), None, Reply("a broadcast"), START)
    ledger.transact(outbox.enqueue, *where, priority=outbox.BROADCAST)
    await moves(ledger)
    assert ledger.transact(handover.take, "s", LATER, 9) == []
    assert texts(ledger, "dropped") == ["a broadcast"]


async def test_a_message_of_before_gets_no_turn_and_is_kept(ledger: Ledger) -> None:
    receive(ledger, message(1))
    await moves(ledger)
    assert claim(ledger, now=LATER) is None
    assert texts(ledger, "queued") == ["the number changed"]
    assert ledger.transact(inbox.waiting) == 0
    assert len(rows(ledger, tables.inbox)) == 2
    receive(ledger, message(2, Person("ID.new", None), LATER))
    assert claim(ledger, now=LATER) is not None


async def test_nothing_is_said_when_nothing_was_under_way(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger, "read long ago")
    (one,) = ledger.transact(handover.take, "s", START, 9)
    ledger.transact(handover.sent, one, "wamid.1", START)
    await moves(ledger)
    assert texts(ledger, "queued", "dropped") == []


async def test_what_waits_for_an_agent_still_reaches_them(ledger: Ledger) -> None:
    receive(ledger, message(1))
    with ledger.engine.begin() as connection:
        connection.execute(tables.conversation.update().values(holder_id="agent"))
    await moves(ledger)
    assert claim(ledger, now=LATER) is not None
    assert texts(ledger, "queued") == []
