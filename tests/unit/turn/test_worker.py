"""The worker: every message answered once and in order, whatever fails."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.message import IdentityChange, Reply, Sender
from bot.clock import now as real_time
from bot.errors import TurnFailed
from bot.ledger import claims, inbox, outbox, people, tables, tickets
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.turn import worker as worker_module
from bot.turn.failpoints import Failpoints
from bot.turn.worker import AT_ONCE, CLAIMS, LEASE, Respond, Worker
from tests import kit
from tests.kit import START, Clock, message, receive, rows, sibling, siti

Make = Callable[..., Worker]
AWAY = sa.exc.OperationalError("x", None, Exception("database is away"))


async def echo(work: UnitOfWork) -> None:
    work.state = {"slots": {}, "loop": None}
    work.replies = [Reply(f"re: {work.claim.message.text}")]


async def apologise(work: UnitOfWork) -> None:
    work.replies = [Reply("sorry")]
    number = tickets.new_number(work.now)
    work.tickets = [NewTicket(number, "x", None, Content("s", "c"), work.now, work.now)]


class Failing:
    """Fails so many times, then echoes."""

    def __init__(self, times: int, error: Exception | None = None) -> None:
        self.left, self.calls, self.error = times, 0, error or TurnFailed("no")

    async def __call__(self, work: UnitOfWork) -> None:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        await echo(work)


async def silent(work: UnitOfWork) -> None:
    """Say nothing: an agent holds the conversation."""


@pytest.fixture
def make(ledger: Ledger, owner: Owner, wake: Wake, clock: Clock) -> Make:
    def _make(respond: Respond = echo, sorry: Respond = apologise, **more: Any) -> Worker:
        of = {"ledger": ledger, "owner": owner, **more}
        return Worker(of["ledger"], respond, sorry, silent, of["owner"], wake, clock, Failpoints())

    return _make


def said(ledger: Ledger) -> list[str]:
    found = rows(ledger, tables.outbox, tables.outbox.c.position)
    texts = [ledger.vault.open(row.sealed_body)["text"] for row in found]
    # What waited together is answered in one bubble, one answer below the other.
    return [answer for text in texts for answer in text.split("\n\n")]


async def until(worker: Worker, done: Callable[[], Awaitable[bool]], *others: Worker) -> None:
    """Run workers until a condition holds, then stop them and wait."""
    tasks = [asyncio.create_task(one.run()) for one in (worker, *others)]

    async def look() -> None:
        while not await done():
            await asyncio.sleep(0)

    try:
        await asyncio.wait_for(look(), 60)
    finally:
        for one in (worker, *others):
            one.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


def nothing_waits(ledger: Ledger) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return await ledger.run(inbox.waiting) == 0

    return look


async def test_a_message_is_answered(ledger: Ledger, make: Make) -> None:
    receive(ledger, message(1, text="a"), message(2, text="b"))
    await make().drain()
    assert said(ledger) == ["re: a", "re: b"]
    assert [row.state for row in rows(ledger, tables.inbox)] == ["done", "done"]


async def test_a_failed_turn_is_retried_after_growing_pauses(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    receive(ledger, message(1, text="a"), message(2, text="b"))
    failing, tried = Failing(2), []

    async def respond(work: UnitOfWork) -> None:
        tried.append((clock() - START).total_seconds())
        await failing(work)

    worker = make(respond)
    for _ in range(10):
        await worker.drain()
        clock.forward(seconds=0.5)
    assert tried == [0.0, 0.5, 2.5, 2.5]
    assert said(ledger) == ["re: a", "re: b"]


async def test_after_the_third_failure_there_is_an_apology_with_a_ticket(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    receive(ledger, message(1, text="a"), message(2, text="b"))
    respond = Failing(3)
    worker = make(respond)
    for _ in range(4):
        await worker.drain()
        clock.forward(minutes=2)
    assert said(ledger) == ["sorry", "re: b"]
    assert [row.state for row in rows(ledger, tables.inbox, tables.inbox.c.id)] == ["dead", "done"]
    assert len(rows(ledger, tables.ticket)) == 1
    assert ledger.transact(inbox.dead_letters) == 1
    assert respond.calls == 4


async def test_even_an_apology_that_fails_is_tried_again_and_again(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    receive(ledger, message(1))
    sorry = Failing(30)
    worker = make(Failing(99), sorry)
    for _ in range(40):
        await worker.drain()
        clock.forward(seconds=worker_module.LONGEST_REST)
    assert said(ledger) == ["re: halo"]
    assert ledger.transact(inbox.dead_letters) == 1


async def test_a_message_that_kills_its_worker_is_given_up(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    receive(ledger, message(1))
    for n in range(CLAIMS):
        assert kit.claim(ledger, f"dead{n}", clock()) is not None
        clock.forward(seconds=LEASE.total_seconds())
    respond = Failing(0)
    await make(respond).drain()
    assert (respond.calls, said(ledger)) == (0, ["sorry"])


async def test_a_failure_keeps_the_order(ledger: Ledger, make: Make, clock: Clock) -> None:
    receive(ledger, *(message(n, text=str(n)) for n in range(5)))
    left = {"1": 2, "3": 1}

    async def respond(work: UnitOfWork) -> None:
        text = work.claim.message.text
        if left.get(text, 0):
            left[text] -= 1
            raise RuntimeError("no")
        await echo(work)

    worker = make(respond)
    for _ in range(8):
        await worker.drain()
        clock.forward(seconds=3)
    assert said(ledger) == [f"re: {n}" for n in range(5)]


async def test_a_turn_lost_to_another_worker_is_dropped(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    receive(ledger, message(1))
    calls = 0

    async def slow(work: UnitOfWork) -> None:
        nonlocal calls
        calls += 1
        clock.forward(seconds=LEASE.total_seconds())
        kit.answer(ledger, "theirs", now=clock(), owner="w2")
        await echo(work)

    await make(slow).drain()
    assert (calls, said(ledger)) == (1, ["theirs"])
    assert rows(ledger, tables.inbox)[0].failures == 0


async def test_a_turn_lost_to_a_changed_number_is_done_again_at_once(
    ledger: Ledger, make: Make
) -> None:
    receive(ledger, message(1))
    seen: list[Any] = []

    async def respond(work: UnitOfWork) -> None:
        seen.append(work.claim.version)
        if len(seen) == 1:
            change = IdentityChange("whatsapp", "1", "c", siti(), Sender("ID.new"), START)
            assert ledger.transact(people.change_identity, change, START)
        await echo(work)

    await make(respond).drain()
    assert (seen, said(ledger)) == ([0, 1], ["re: halo"])


class Away:
    """A ledger whose database is away for some of the calls that write a turn."""

    def __init__(self, ledger: Ledger, times: int, after: bool = False) -> None:
        self.ledger, self.left, self.after = ledger, times, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def run(self, work: Any, *args: Any, **more: Any) -> Any:
        fails = work.__name__ in ("commit", "give_back") and self.left > 0
        if fails:
            self.left -= 1
            if not self.after:
                raise AWAY
        result = await self.ledger.run(work, *args, **more)
        if fails:
            raise AWAY
        return result


@pytest.mark.parametrize("after", [False, True])
async def test_a_turn_outlives_a_database_that_is_away(
    ledger: Ledger, make: Make, after: bool
) -> None:
    receive(ledger, message(1, text="a"), message(2, text="b"))
    respond = Failing(0)
    await make(respond, ledger=Away(ledger, 3, after)).drain()
    assert said(ledger) == ["re: a", "re: b"]
    assert respond.calls == 2
    assert [row.failures for row in rows(ledger, tables.inbox)] == [0, 0]


async def test_a_failed_turn_is_given_back_when_the_database_is_back(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    receive(ledger, message(1))
    await make(Failing(1), ledger=Away(ledger, 4)).drain()
    assert rows(ledger, tables.inbox)[0].failures == 1
    assert kit.claim(ledger, "w2", clock.forward(seconds=1)) is not None


async def test_a_database_that_stays_away_ends_the_turn_with_its_lease(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    receive(ledger, message(1))
    clock.step = timedelta(seconds=1)
    away = Away(ledger, 10**6)
    worker = make(ledger=away)
    task = asyncio.create_task(worker.drain())
    while clock.moment < START + 3 * LEASE and not task.done():
        await asyncio.sleep(0)
    away.left = 0
    await asyncio.wait_for(task, 30)
    await make().drain()
    assert said(ledger) == ["re: halo"]


async def test_a_resting_conversation_is_picked_up_by_itself(
    ledger: Ledger, owner: Owner, wake: Wake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_AGAIN", 60)
    receive(ledger, message(1))
    respond = Failing(1)
    worker = Worker(ledger, respond, apologise, silent, owner, wake, real_time, Failpoints())
    await until(worker, nothing_waits(ledger))
    assert (respond.calls, said(ledger)) == (2, ["re: halo"])


async def test_a_ring_wakes_the_worker(
    ledger: Ledger, make: Make, wake: Wake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_AGAIN", 60)
    worker = make()
    task = asyncio.create_task(worker.run())
    receive(ledger, message(1))
    wake.ring("inbox")
    while await ledger.run(inbox.waiting):
        await asyncio.sleep(0)
    worker.stop()
    await asyncio.wait_for(task, 30)
    assert said(ledger) == ["re: halo"]


async def test_the_worker_outlives_a_ledger_that_cannot_be_read(ledger: Ledger, make: Make) -> None:
    receive(ledger, message(1))

    class Broken(Away):
        async def run(self, work: Any, *args: Any, **more: Any) -> Any:
            if work.__name__ in ("owners", "claim") and self.left:
                self.left -= 1
                raise AWAY
            return await self.ledger.run(work, *args, **more)

    await until(make(ledger=Broken(ledger, 5)), nothing_waits(ledger))
    assert said(ledger) == ["re: halo"]


async def test_messages_of_a_dead_worker_are_taken_over_while_running(
    ledger: Ledger, make: Make, clock: Clock, found_nothing: asyncio.Event, tmp_path: Any
) -> None:
    receive(ledger, message(1))
    with kit.owner(tmp_path) as other:
        assert kit.claim(ledger, other.name) is not None
        worker = make()
        task = asyncio.create_task(worker.run())
        await asyncio.wait_for(found_nothing.wait(), 30)
        assert ledger.transact(claims.owners) == [other.name]
    clock.forward(seconds=10)
    while await ledger.run(inbox.waiting):
        await asyncio.sleep(0)
    worker.stop()
    await asyncio.wait_for(task, 30)
    assert said(ledger) == ["re: halo"]


async def test_stopping_finishes_what_has_begun_and_takes_no_more(
    ledger: Ledger, make: Make
) -> None:
    receive(ledger, message(1, text="a"), message(2, text="b"))
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(work: UnitOfWork) -> None:
        begun.set()
        await go_on.wait()
        await echo(work)

    worker = make(slow)
    task = asyncio.create_task(worker.run())
    await asyncio.wait_for(begun.wait(), 30)
    worker.stop()
    go_on.set()
    await asyncio.wait_for(task, 30)
    assert said(ledger) == ["re: a"]
    assert ledger.transact(inbox.waiting) == 1


async def test_only_so_many_conversations_are_in_work_at_once(ledger: Ledger, make: Make) -> None:
    receive(ledger, *(message(n, siti(str(n))) for n in range(AT_ONCE + 9)))
    now, most, go_on = 0, 0, asyncio.Event()

    async def slow(work: UnitOfWork) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await go_on.wait()
        now -= 1
        await echo(work)

    async def done() -> bool:
        if now == AT_ONCE:
            for _ in range(5):  # Time enough to take one more.
                await ledger.run(inbox.waiting)
            go_on.set()
        return await ledger.run(inbox.waiting) == 0

    await until(make(slow), done)
    assert most == AT_ONCE
    assert len(said(ledger)) == AT_ONCE + 9


async def test_three_workers_answer_two_hundred_messages_once_and_in_order(
    ledger: Ledger, make: Make, tmp_path: Any
) -> None:
    people_, each = 20, 10
    for number, person in itertools.product(range(each), range(people_)):
        at = START + timedelta(seconds=number)
        receive(ledger, message(f"{person}.{number}", siti(str(person)), at, f"{person}.{number}"))
    fail = {f"{p}.{p % each}" for p in range(0, people_, 4)}

    async def respond(work: UnitOfWork) -> None:
        await asyncio.sleep(0)
        if (text := work.claim.message.text) in fail:
            fail.discard(text)
            raise TurnFailed("once")
        await echo(work)

    clock = Clock(step=timedelta(milliseconds=5))
    with (
        sibling(ledger) as second, sibling(ledger) as third,
        kit.owner(tmp_path) as o2, kit.owner(tmp_path) as o3,
    ):  # fmt: skip
        workers = [make(respond), make(respond, ledger=second, owner=o2)]
        workers.append(make(respond, ledger=third, owner=o3))
        for one in workers:
            one._clock = clock
        await until(workers[0], nothing_waits(ledger), *workers[1:])
    answered = said(ledger)
    assert len(answered) == len(set(answered)) == people_ * each
    for person in range(people_):
        mine = [text for text in answered if text.startswith(f"re: {person}.")]
        assert mine == [f"re: {person}.{n}" for n in range(each)]
    assert not fail
    counts = ledger.transact(outbox.counts)
    assert {state for state, number in counts.items() if number} == {"queued"}
