"""The sender: each bubble handed over once and in order, whatever the channel answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.message import Choice, Delivery, Reply, Status, Template
from bot.channels.whatsapp.errors import Action, TryLater, error_for
from bot.errors import Blocked, ChannelError, Permanent, Retryable, TooSoon, Uncertain
from bot.ledger import alarms, blocks, consents, handover, outbox, receipts, tables
from bot.ledger.database import Ledger
from bot.ledger.handover import ATTEMPTS, Outgoing
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.turn.failpoints import Failpoints
from bot.turn.sender import AT_ONCE, LONGEST_PAUSE, Sender, pause
from tests import kit
from tests.kit import START, Clock, answer, message, receive, rows, siti

SETTLE = timedelta(seconds=60)
AWAY = sa.exc.OperationalError("x", None, Exception("database is away"))
Make = Callable[..., Sender]


class Channel:
    """Answers as told, then accepts."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.calls: list[str] = []
        self.shown: list[str] = []

    async def __call__(self, outgoing: Outgoing) -> str:
        self.calls.append(outgoing.reply.text)
        error = self.answers.pop(0) if self.answers else None
        await asyncio.sleep(0)
        if error is not None:
            raise error
        self.shown.append(outgoing.reply.text)
        return f"wamid.{outgoing.id}"


@pytest.fixture
def make(ledger: Ledger, owner: Owner, wake: Wake, clock: Clock) -> Make:
    def _make(channel: Any, **more: Any) -> Sender:
        of = {"ledger": ledger, "owner": owner, "channels": {"whatsapp": channel}, **more}
        with_these = (wake, clock, Failpoints(), SETTLE, more.get("spare"))
        return Sender(of["ledger"], of["channels"], of["owner"], *with_these)

    return _make


def say(ledger: Ledger, *texts: str, person: str = "siti") -> None:
    number = len(rows(ledger, tables.inbox))
    receive(ledger, message(number, siti(person), START + timedelta(seconds=number)))
    answer(ledger, *texts)


def states(ledger: Ledger) -> list[str]:
    return [row.state for row in rows(ledger, tables.outbox, tables.outbox.c.position)]


async def play(sender: Sender, clock: Clock, times: int, seconds: float) -> None:
    for _ in range(times):
        await sender.drain()
        clock.forward(seconds=seconds)


async def test_bubbles_leave_in_order(ledger: Ledger, make: Make) -> None:
    say(ledger, "1", "2")
    say(ledger, "3")
    channel = Channel()
    await make(channel).drain()
    assert channel.shown == ["1", "2", "3"]
    assert states(ledger) == ["sent"] * 3


async def test_a_retryable_error_is_tried_again_after_growing_pauses(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    say(ledger, "1", "2")
    channel = Channel(*[Retryable(131000)] * 4)
    sender = make(channel)
    await sender.drain()
    assert (channel.calls, states(ledger)) == (["1"], ["queued", "queued"])
    assert rows(ledger, tables.outbox, tables.outbox.c.position)[0].error_code == 131000
    await play(sender, clock, 60, 0.5)
    assert channel.calls == ["1"] * 5 + ["2"]
    assert states(ledger) == ["sent", "sent"]


async def test_what_is_too_soon_waits_without_being_counted(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    say(ledger, "1", "2")
    say(ledger, "other", person="other")
    channel = Channel(*[TooSoon(5.0)] * (ATTEMPTS + 1))
    sender = make(channel)
    await sender.drain()
    assert set(states(ledger)) == {"queued"}
    await play(sender, clock, ATTEMPTS, 5.0)
    assert sorted(channel.shown) == ["1", "2", "other"]
    assert set(states(ledger)) == {"sent"}


async def test_a_slowed_number_costs_no_attempt_and_a_slowed_person_is_alone(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    say(ledger, "1", "2")
    say(ledger, "other", person="other")
    channel = Channel(*[TooSoon(5.0, 130429)] * 2 * ATTEMPTS)
    sender = make(channel)
    await sender.drain()
    assert sorted(row.error_code or 0 for row in rows(ledger, tables.outbox)) == [0, 130429, 130429]
    await play(sender, clock, ATTEMPTS, 5.0)
    assert {row.attempts for row in rows(ledger, tables.outbox)} == {0}
    assert channel.answers == []

    refusals = {"1": [TryLater(Action.SLOW_PERSON, 131056, "", 64.0)]}

    async def choosy(outgoing: Outgoing) -> str:
        if refusals.get(outgoing.reply.text):
            raise refusals[outgoing.reply.text].pop()
        return await channel(outgoing)

    sender = make(choosy)
    await sender.drain()
    assert channel.shown == ["other"]
    clock.forward(seconds=63)
    await sender.drain()
    assert channel.shown == ["other"]
    clock.forward(seconds=1)
    await sender.drain()
    assert channel.shown == ["other", "1", "2"]


def test_pauses_double_with_jitter_up_to_a_limit() -> None:
    for attempts in range(1, 80):
        longest = min(0.5 * 2**attempts, LONGEST_PAUSE)
        assert all(longest / 2 <= pause(attempts).total_seconds() <= longest for _ in range(20))
    quarter = sum(min(0.5 * 2**n, LONGEST_PAUSE) for n in range(1, ATTEMPTS)) / 60
    assert 5 < quarter < 15


@pytest.mark.parametrize(
    ("error", "tries"), [(Retryable(131000), ATTEMPTS), (Uncertain(0), 1 + handover.REPEATS)]
)
async def test_attempts_end_and_the_next_bubble_goes(
    ledger: Ledger, make: Make, clock: Clock, error: ChannelError, tries: int
) -> None:
    say(ledger, "1", "2")
    channel = Channel(*[error] * tries)
    await play(make(channel), clock, tries + 2, LONGEST_PAUSE)
    assert channel.calls == ["1"] * tries + ["2"]
    assert states(ledger) == ["failed", "sent"]


async def test_a_permanent_error_fails_at_once(ledger: Ledger, make: Make) -> None:
    say(ledger, "1", "2")
    error = Permanent(131026)
    channel = Channel(error)
    await make(channel).drain()
    assert (channel.calls, states(ledger)) == (["1", "2"], ["failed", "sent"])
    assert rows(ledger, tables.outbox, tables.outbox.c.position)[0].error_code == error.code


async def test_who_wants_no_more_broadcasts_has_taken_the_consent_back(
    ledger: Ledger, make: Make
) -> None:
    say(ledger, "1")
    person, message_id = rows(ledger, tables.person)[0].id, rows(ledger, tables.inbox)[0].id
    with ledger.engine.begin() as connection:
        consents.write(connection, person, message_id, True, START)
    await make(Channel(error_for(Action.OPTED_OUT, 131050))).drain()
    row = rows(ledger, tables.outbox)[0]
    assert (row.state, row.error_code) == ("failed", 131050)
    said = rows(ledger, tables.consent, tables.consent.c.id)
    assert [one.agreed for one in said] == [True, False]
    assert [one.kind for one in rows(ledger, tables.audit)] == ["opted_out"]


async def test_a_bubble_that_comes_too_late_is_announced_and_waits(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    say(ledger, "1", "2")
    clock.forward(days=1)
    channel = Channel(*[error_for(Action.WINDOW, 131047)] * 2)
    spare = Reply("ada pesan", (Choice("Lihat", "/x"),), template=Template("pesan", "id", {}))
    await make(channel, spare=spare).drain()
    assert (channel.calls, channel.shown) == (["1", "2", "ada pesan"], ["ada pesan"])
    assert states(ledger) == ["parked", "parked", "sent"]


@pytest.mark.parametrize("broken", [KeyError("x"), ValueError("x")])
async def test_a_fault_of_ours_fails_visibly(ledger: Ledger, make: Make, broken: Exception) -> None:
    say(ledger, "1", "2")
    await make(Channel(broken)).drain()
    assert states(ledger) == ["failed", "sent"]
    assert [one.word for one in ledger.transact(alarms.standing)] == ["refused_content"]


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        (Action.TEMPLATE, 132015, ["refused_template"]),
        (Action.BUG, 131009, ["refused_content"]),
        (Action.RECIPIENT, 131026, []),
    ],
)
async def test_a_refusal_of_what_we_sent_calls_somebody_once(
    ledger: Ledger, make: Make, action: Action, code: int, words: list[str]
) -> None:
    say(ledger, "1", "2", "3")
    await make(Channel(error_for(action, code), error_for(action, code))).drain()
    assert states(ledger) == ["failed", "failed", "sent"]
    standing = ledger.transact(alarms.standing)
    assert [(one.word, one.code) for one in standing] == [(word, code) for word in words]


async def test_a_channel_that_is_not_there_fails_visibly(ledger: Ledger, make: Make) -> None:
    say(ledger, "1")
    await make(None, channels={}).drain()
    assert states(ledger) == ["failed"]


async def test_an_uncertain_bubble_waits_for_news_and_is_then_repeated(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    say(ledger, "1", "2")
    channel = Channel(Uncertain(0))
    sender = make(channel)
    await sender.drain()
    clock.forward(seconds=59)
    await sender.drain()
    assert (channel.calls, states(ledger)) == (["1"], ["unknown", "queued"])
    clock.forward(seconds=1)
    await sender.drain()
    assert (channel.calls, states(ledger)) == (["1", "1", "2"], ["sent", "sent"])
    assert ledger.transact(outbox.counts)["repeated"] == 1


async def test_an_uncertain_bubble_with_news_is_not_repeated(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    say(ledger, "1", "2")
    channel = Channel(Uncertain(0))
    sender = make(channel)
    await sender.drain()
    first = rows(ledger, tables.outbox, tables.outbox.c.position)[0].id
    news = Status("whatsapp", "1", "wamid.x", Delivery.DELIVERED, START, first)
    ledger.transact(receipts.apply_status, news, START)
    await play(sender, clock, 3, 60)
    assert (channel.calls, states(ledger)) == (["1", "2"], ["delivered", "sent"])


def test_account_trouble_is_blocked() -> None:
    error = error_for(Action.ACCOUNT, 190)
    assert isinstance(error, Blocked) and isinstance(error, Retryable)
    assert error.code == 190
    others = set(Action) - {Action.ACCOUNT}
    assert not any(isinstance(error_for(action), Blocked) for action in others)


async def test_account_trouble_keeps_everything_queued_until_it_is_mended(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    say(ledger, "1", "2")
    trouble = error_for(Action.ACCOUNT, 190)
    channel = Channel(*[trouble] * (3 * ATTEMPTS))
    sender = make(channel)
    await play(sender, clock, 3 * ATTEMPTS, blocks.REST.total_seconds())
    row = rows(ledger, tables.outbox, tables.outbox.c.position)[0]
    assert (row.state, row.attempts, row.error_code) == ("queued", 0, 190)
    channel.answers = [Retryable(131000)]
    await play(sender, clock, 4, blocks.REST.total_seconds())
    assert channel.shown == ["1", "2"]
    assert states(ledger) == ["sent", "sent"]


async def test_a_blocked_account_is_tried_with_one_bubble_a_minute(
    ledger: Ledger, make: Make, clock: Clock
) -> None:
    for n in range(50):
        say(ledger, str(n), person=str(n))
    channel = Channel(*[error_for(Action.ACCOUNT, 190)] * (AT_ONCE + 3))
    sender, calls = make(channel), list[int]()
    for _ in range(6):
        await sender.drain()
        calls.append(len(channel.calls))
        clock.forward(seconds=blocks.REST.total_seconds())
    # Those that were taken before the first refusal, then one a minute, then all.
    assert calls == [AT_ONCE, AT_ONCE + 1, AT_ONCE + 2, AT_ONCE + 3, AT_ONCE + 4, AT_ONCE + 53]
    assert len(channel.shown) == 50


async def test_another_channel_goes_on_while_one_is_blocked(ledger: Ledger, make: Make) -> None:
    say(ledger, "1")
    say(ledger, "2", person="other")
    web = tables.person.c.id == rows(ledger, tables.person, tables.person.c.created_at)[-1].id
    with ledger.engine.begin() as connection:
        connection.execute(tables.person.update().where(web).values(channel="webchat"))
    blocked, free = Channel(*[error_for(Action.ACCOUNT, 190)] * 9), Channel()
    await make(None, channels={"whatsapp": blocked, "webchat": free}).drain()
    assert (len(blocked.calls), len(free.shown)) == (1, 1)


class Away:
    """A ledger whose database is away for the first calls that settle a bubble."""

    def __init__(self, ledger: Ledger, times: int, after: bool = False) -> None:
        self.ledger, self.left, self.after = ledger, times, after
        self.names = ("sent", "postpone", "failed")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def run(self, work: Any, *args: Any, **more: Any) -> Any:
        fails = work.__name__ in self.names and self.left > 0
        self.left -= fails
        if fails and not self.after:
            raise AWAY
        result = await self.ledger.run(work, *args, **more)
        if fails:
            raise AWAY
        return result


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("answer_", "state"),
    [(None, "sent"), (Permanent(1), "failed"), (Retryable(1), "queued"), (Uncertain(0), "unknown")],
)
async def test_an_outcome_outlives_a_database_that_is_away(
    ledger: Ledger, make: Make, after: bool, answer_: ChannelError | None, state: str
) -> None:
    say(ledger, "1")
    channel = Channel(answer_)
    await make(channel, ledger=Away(ledger, 3, after)).drain()
    assert channel.calls == ["1"]
    assert states(ledger) == [state]


async def test_a_database_that_stays_away_does_not_hold_up_the_stop(
    ledger: Ledger, owner: Owner, make: Make, tmp_path: Path, clock: Clock
) -> None:
    say(ledger, "1")
    channel = Channel()
    with kit.owner(tmp_path) as first:
        sender = make(channel, ledger=Away(ledger, 10**6), owner=first)
        task = asyncio.create_task(sender.run())
        while not channel.calls:
            await asyncio.sleep(0)
        sender.stop()
        await asyncio.wait_for(task, 30)
    assert states(ledger) == ["sending"]
    await _run_until(make(channel), lambda: states(ledger) == ["unknown"])
    first_id = rows(ledger, tables.outbox)[0].id
    news = Status("whatsapp", "1", "x", Delivery.SENT, START, first_id)
    assert ledger.transact(receipts.apply_status, news, START)
    clock.forward(minutes=5)
    await make(channel).drain()
    assert channel.calls == ["1"]


async def _run_until(sender: Sender, done: Callable[[], bool]) -> None:
    task = asyncio.create_task(sender.run())

    async def look() -> None:
        while not done():
            await asyncio.sleep(0)

    await asyncio.wait_for(look(), 30)
    sender.stop()
    await asyncio.wait_for(task, 30)


async def test_the_sender_outlives_a_ledger_that_cannot_be_read(ledger: Ledger, make: Make) -> None:
    say(ledger, "1")
    away = Away(ledger, 5)
    away.names = ("senders", "take")
    await _run_until(make(Channel(), ledger=away), lambda: states(ledger) == ["sent"])


async def test_a_sender_that_dies_while_others_run_is_noticed(
    ledger: Ledger, make: Make, tmp_path: Path, clock: Clock, found_nothing: asyncio.Event
) -> None:
    say(ledger, "1")
    channel = Channel()
    with kit.owner(tmp_path) as other:
        ledger.transact(handover.take, other.name, START, 1)
        sender = make(channel)
        task = asyncio.create_task(sender.run())
        await asyncio.wait_for(found_nothing.wait(), 30)
        assert states(ledger) == ["sending"]
    for seconds in (10, 60):
        clock.forward(seconds=seconds)
        await asyncio.sleep(0)
    while states(ledger) != ["sent"]:
        clock.forward(seconds=1)
        await asyncio.sleep(0)
    sender.stop()
    await asyncio.wait_for(task, 30)
    assert channel.calls == ["1"]
    assert ledger.transact(outbox.counts)["repeated"] == 1


async def test_people_are_served_at_the_same_time_each_in_order(ledger: Ledger, make: Make) -> None:
    for n in range(40):
        say(ledger, f"{n}.0", f"{n}.1", person=str(n))
    now, most = 0, 0
    shown: list[str] = []

    async def slow(outgoing: Outgoing) -> str:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(30):
            await asyncio.sleep(0)
        now -= 1
        shown.append(outgoing.reply.text)
        return outgoing.id

    await _run_until(make(slow), lambda: set(states(ledger)) == {"sent"})
    assert 1 < most <= AT_ONCE
    assert len(shown) == len(set(shown)) == 80
    for n in range(40):
        assert shown.index(f"{n}.0") < shown.index(f"{n}.1")
