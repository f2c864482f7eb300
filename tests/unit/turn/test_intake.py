"""Intake: many deliveries in one transaction, and "received" only for what is on disk."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.message import Delivery as State
from bot.channels.message import IdentityChange, Kind, Reply, Sender, Status
from bot.ledger import handover, people, tables
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.turn.intake import Delivery, Intake
from tests.kit import START, Clock, answer, claim, message, receive, rows, siti


def of(*numbers: object, sender: Sender | None = None) -> Delivery:
    return Delivery(tuple(message(n, sender) for n in numbers), (), ())


@pytest.fixture
def intake(ledger: Ledger, wake: Wake, clock: Clock) -> Intake:
    return Intake(ledger, wake, clock)


@pytest.fixture
def transactions(ledger: Ledger) -> list[str]:
    seen: list[str] = []
    sa.event.listen(ledger.engine, "commit", lambda _connection: seen.append("commit"))
    return seen


def rang(wake: Wake) -> bool:
    return wake._ears["inbox"][0]._event.is_set()


async def test_a_delivery_is_stored_before_it_is_acknowledged(
    ledger: Ledger, intake: Intake, wake: Wake
) -> None:
    assert await intake.store(of(1, 2)) == 2
    assert len(rows(ledger, tables.inbox)) == 2
    assert rang(wake)


async def test_a_repeated_delivery_is_harmless_and_wakes_nobody(
    ledger: Ledger, intake: Intake, wake: Wake
) -> None:
    await intake.store(of(1))
    wake._ears["inbox"][0]._event.clear()
    assert await intake.store(of(1)) == 0
    assert not rang(wake)
    assert len(rows(ledger, tables.inbox)) == 1


async def test_many_deliveries_share_transactions(
    ledger: Ledger, intake: Intake, transactions: list[str]
) -> None:
    people_ = [siti(str(n % 17)) for n in range(200)]
    stored = await asyncio.gather(
        *(intake.store(of(n, sender=person)) for n, person in enumerate(people_))
    )
    assert stored == [1] * 200
    assert len(transactions) <= 3
    assert len(rows(ledger, tables.inbox)) == 200


async def test_the_same_delivery_twice_in_one_batch_is_new_once(intake: Intake) -> None:
    assert sorted(await asyncio.gather(*(intake.store(of(1)) for _ in range(5)))) == [0] * 4 + [1]


async def test_a_failing_commit_fails_every_waiter_and_stores_nothing(
    ledger: Ledger, intake: Intake, wake: Wake
) -> None:
    fails = [True]

    def fail(_connection: Any) -> None:
        if fails:
            raise sa.exc.OperationalError("COMMIT", None, Exception("disk I/O error"))

    sa.event.listen(ledger.engine, "commit", fail)
    results = await asyncio.gather(
        *(intake.store(of(n)) for n in range(10)), return_exceptions=True
    )
    fails.clear()
    assert all(isinstance(result, sa.exc.OperationalError) for result in results)
    assert rows(ledger, tables.inbox) == rows(ledger, tables.person) == []
    assert not rang(wake)
    assert await asyncio.gather(*(intake.store(of(n)) for n in range(10))) == [1] * 10


async def test_a_delivery_that_cannot_be_stored_takes_no_other_with_it(
    ledger: Ledger, intake: Intake
) -> None:
    bad = Delivery((message("bad", at=START.replace(tzinfo=None)), message("beside")), (), ())
    results = await asyncio.gather(
        intake.store(of(1)), intake.store(bad), intake.store(of(2)), return_exceptions=True
    )
    assert results[0] == results[2] == 1
    assert isinstance(results[1], sa.exc.StatementError)
    assert len(rows(ledger, tables.inbox)) == 2


async def test_a_caller_that_hangs_up_harms_nobody(ledger: Ledger, intake: Intake) -> None:
    tasks = [asyncio.create_task(intake.store(of(n))) for n in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[2], asyncio.CancelledError)
    assert [done[n] for n in (0, 1, 3, 4)] == [1] * 4
    assert len(rows(ledger, tables.inbox)) == 5


async def test_an_intake_whose_ledger_is_closed_says_so(ledger: Ledger, intake: Intake) -> None:
    ledger.close()
    with pytest.raises(RuntimeError):
        await intake.store(of(1))


async def test_statuses_and_changes_of_a_delivery_are_applied(
    ledger: Ledger, intake: Intake
) -> None:
    receive(ledger, message(1))
    answer(ledger, "ya")
    (taken,) = ledger.transact(handover.take, "s", START, 1)
    status = Status("whatsapp", "1", "wamid.out", State.DELIVERED, START, taken.id)
    change = IdentityChange("whatsapp", "1", "c", siti(), siti("new"), START)
    after = message(2, siti("new"))
    assert await intake.store(Delivery((after,), (status,), (change,))) == 1
    assert rows(ledger, tables.outbox)[0].state == "delivered"
    assert len(rows(ledger, tables.person)) == 1
    assert ledger.transact(people.address, taken.conversation_id)[1] == siti("new")


async def test_a_silent_message_is_stored(ledger: Ledger, intake: Intake) -> None:
    quiet = Delivery((message(1, kind=Kind.SILENT),), (), ())
    assert await intake.store(quiet) == 1
    assert rows(ledger, tables.inbox)[0].state == "silent"


async def test_who_moves_has_moved_before_what_comes_after(
    ledger: Ledger, intake: Intake, transactions: list[str]
) -> None:
    change = IdentityChange("whatsapp", "1", "c", siti("old"), siti("new"), START)
    stored = await asyncio.gather(
        intake.store(of(1, sender=siti("old"))),
        intake.store(Delivery((message(2, siti("new")),), (), (change,))),
        intake.store(of(3, 4, sender=siti("new"))),
    )
    assert stored == [1, 1, 2]
    assert len(transactions) == 1
    assert len(rows(ledger, tables.person)) == 1


async def test_what_was_written_before_a_change_of_the_same_body_is_the_old_ones(
    ledger: Ledger, intake: Intake
) -> None:
    receive(ledger, message(1, siti("old"), START))
    second = timedelta(seconds=1)
    texts = (
        message(3, siti("new"), START + 3 * second),
        message(2, siti("old"), START + second),
    )
    change = IdentityChange("whatsapp", "1", "c", siti("old"), siti("new"), START + 2 * second)
    assert await intake.store(Delivery(texts, (), (change,))) == 2
    assert len(rows(ledger, tables.person)) == 1
    states = {row.sent_at: row.state for row in rows(ledger, tables.inbox)}
    assert states[START + second] == "silent" and states[START + 3 * second] == "pending"


async def test_another_number_under_the_same_id_gets_nothing_of_before(
    ledger: Ledger, wake: Wake, clock: Clock
) -> None:
    receive(ledger, message(1, Sender("ID.1", "62811")))
    answer(ledger, "what was found")
    told = Reply("the number changed")
    written = message(2, Sender("ID.1", "62822"), START + timedelta(seconds=1))
    assert await Intake(ledger, wake, clock, told=told).store(Delivery((written,), (), ())) == 1
    (sent,) = ledger.transact(handover.take, "s", START + timedelta(minutes=1), 9)
    assert (sent.reply, sent.to.phone) == (told, "62822")
    assert claim(ledger, now=START + timedelta(minutes=1)) is not None
