"""Rates: never more than granted, nothing lost to those who wait, and WhatsApp's two in one."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.whatsapp import pace
from bot.channels.whatsapp.errors import Action, TryLater
from bot.channels.whatsapp.pace import NUMBER_RESTS, PERSON, Pace
from bot.errors import TooSoon
from bot.ledger.handover import LONGEST_REST
from bot.live import rates as rates_module
from bot.live.limits import Limit
from bot.live.rates import Rate, Rates, Rest
from bot.privacy import Vault, new_key


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def take(rates: Rates, key: str, rate: Rate, patience: float = 0.0) -> float:
    return asyncio.run(rates.take(key, rate, patience))


@given(
    every=st.floats(0.01, 10),
    burst=st.integers(1, 50),
    patience=st.floats(0, 20),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=60),
)
def test_no_span_of_time_sees_more_than_granted(
    every: float, burst: int, patience: float, pauses: list[float]
) -> None:
    clock, rate = Clock(), Rate(every, burst)
    rates, used = Rates(clock), []
    for pause in pauses:
        clock.now += pause
        wait = take(rates, "x", rate, patience)
        if wait <= patience:
            used.append(clock.now + wait)
    assert used == sorted(used)
    for first in range(len(used)):
        for last in range(first, len(used)):
            granted = burst + (used[last] - used[first]) / every
            assert last - first + 1 <= granted + 1e-6


def test_a_refused_turn_costs_nothing_and_comes_when_it_was_promised() -> None:
    clock, rate = Clock(), Rate(6.0, 3)
    rates = Rates(clock)
    assert [take(rates, "x", rate) for _ in range(5)] == [0, 0, 0, 6, 6]
    assert take(rates, "other", rate) == 0
    clock.now += 6
    assert [take(rates, "x", rate) for _ in range(2)] == [0, 6]
    clock.now += 600
    assert [take(rates, "x", rate) for _ in range(4)] == [0, 0, 0, 6]


def test_those_who_can_wait_queue_up() -> None:
    rates, rate = Rates(Clock()), Rate(0.5)
    assert [take(rates, "x", rate, 1.0) for _ in range(4)] == [0, 0.5, 1.0, 1.5]
    assert take(rates, "x", rate, 1.0) == 1.5


def test_keys_at_rest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_module, "_MOST", 3)
    clock = Clock()
    rates = Rates(clock)
    for name in "abc":
        take(rates, name, Rate(6.0))
    clock.now += 6
    take(rates, "d", Rate(6.0))
    assert set(rates._spread) == {"d"}


def test_a_share_is_smaller_in_both_ways() -> None:
    assert Rate(6.0, 45).share(4) == Rate(24.0, 11)
    assert Rate(1.0).share(4) == Rate(4.0, 1)


async def test_a_person_may_hear_45_at_once_and_then_one_every_six_seconds() -> None:
    clock = Clock()
    mine = Pace(Rates(clock), "1", 1000)
    for _ in range(45):
        await mine.wait("siti")
    for _ in range(2):
        with pytest.raises(TooSoon) as caught:
            await mine.wait("siti")
        assert caught.value.seconds == pytest.approx(6.0)
    await mine.wait("budi")
    clock.now += 6
    await mine.wait("siti")


async def test_a_number_sends_evenly_and_sends_back_what_is_too_far_away() -> None:
    clock = Clock()
    mine = Pace(Rates(clock), "1", 80)
    waits = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace.asyncio, "sleep", sleep)
        with pytest.raises(TooSoon):
            for n in range(500):
                await mine.wait(str(n))
    assert len(waits) in (400, 401)
    assert waits == pytest.approx([n / 80 for n in range(len(waits))])
    assert (PERSON.burst, PERSON.every) == (45, 6.0)


REST = Rest(shortest=1.0, longest=8.0)


def rest(rates: Rates, rate: Rate) -> float:
    return asyncio.run(rates.rest("x", rate, REST))


def test_a_rest_doubles_while_it_is_too_much_and_is_forgotten_after_a_quiet_time() -> None:
    clock = Clock()
    rates, rate, seen = Rates(clock), Rate(0.1), []
    for _ in range(5):
        seconds = rest(rates, rate)
        seen.append(seconds)
        assert rest(rates, rate) == seconds, "those refused meanwhile make it no longer"
        assert take(rates, "x", rate) == pytest.approx(seconds)
        clock.now += seconds
        assert take(rates, "x", rate) == pytest.approx(0)
    assert seen == [1, 2, 4, 8, 8]
    assert take(rates, "other", rate) == 0
    clock.now += REST.longest
    assert rest(rates, rate) == 1


def test_a_rest_spends_the_burst_too() -> None:
    clock, rate = Clock(), Rate(6.0, 45)
    rates = Rates(clock)
    assert rest(rates, rate) == 1
    assert take(rates, "x", rate) == pytest.approx(1)
    clock.now += 1
    assert [take(rates, "x", rate) for _ in range(2)] == pytest.approx([0, 6])


async def test_a_refused_number_rests_whole_and_a_refused_person_alone() -> None:
    clock = Clock()
    mine = Pace(Rates(clock), "1", 80)
    pair = await mine.slowed(TryLater(Action.SLOW_PERSON, 131056), 1)
    assert (pair.seconds, pair.code) == (1, 131056)
    assert not isinstance(pair, TooSoon), "it counts, and ends some day"
    await mine.wait("budi")
    waits = [(await mine.slowed(TryLater(Action.SLOW_PERSON), n)).seconds for n in range(1, 8)]
    assert waits == [1, 4, 16, 64, 256, LONGEST_REST, LONGEST_REST]

    number = await mine.slowed(TryLater(Action.SLOW_NUMBER, 130429), 3)
    assert isinstance(number, TooSoon), "no bubble fails for it"
    assert (number.seconds, number.code) == (NUMBER_RESTS.shortest, 130429)
    clock.now += 0.5
    with pytest.raises(TooSoon) as caught:
        await mine.wait("budi")
    assert caught.value.seconds == pytest.approx(0.5), "everybody waits"
    clock.now += 0.5
    await mine.wait("budi")


async def test_who_had_a_turn_when_the_number_was_refused_waits_too() -> None:
    clock = Clock()
    mine = Pace(Rates(clock), "1", 80)
    await mine.wait("siti")
    with pytest.MonkeyPatch.context() as patch:

        async def sleep(seconds: float) -> None:
            clock.now += seconds
            await mine.slowed(TryLater(Action.SLOW_NUMBER, 130429), 1)

        patch.setattr(pace.asyncio, "sleep", sleep)
        with pytest.raises(TooSoon) as caught:
            await mine.wait("budi")
    assert caught.value.seconds == NUMBER_RESTS.shortest


async def test_whom_the_number_lets_wait_loses_no_turn_of_their_own() -> None:
    clock = Clock()
    mine = Pace(Rates(clock), "1", 80)
    await mine.slowed(TryLater(Action.SLOW_NUMBER, 130429), 1)
    with pytest.MonkeyPatch.context() as patch:

        async def sleep(_seconds: float) -> None:
            pass

        patch.setattr(pace.asyncio, "sleep", sleep)
        for _ in range(60):
            with pytest.raises(TooSoon):
                await mine.wait("siti")
        clock.now += 60
        for _ in range(PERSON.burst):
            await mine.wait("siti")


async def test_who_has_to_wait_costs_the_number_no_turn() -> None:
    clock = Clock()
    mine = Pace(Rates(clock), "1", 1000)
    for _ in range(PERSON.burst):
        await mine.wait("siti")
    clock.now += 1
    waits = []
    with pytest.MonkeyPatch.context() as patch:

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        patch.setattr(pace.asyncio, "sleep", sleep)
        for _ in range(6000):
            with pytest.raises(TooSoon):
                await mine.wait("siti")
        await mine.wait("budi")
    assert waits == [0.0]


async def test_any_other_trouble_slows_nobody() -> None:
    mine = Pace(Rates(Clock()), "1", 80)
    for action in (Action.PASSING, Action.ACCOUNT):
        refusal = TryLater(action, 131000)
        assert await mine.slowed(refusal, 1) is refusal and refusal.seconds is None
    await mine.wait("siti")


def limit(clock: Clock, rate: Rate, name: str = "visits") -> Limit:
    return Limit(Rates(clock), Vault([new_key().encode()], b"index").key, name, rate)


@given(
    every=st.floats(0.05, 90),
    burst=st.integers(1, 20),
    steps=st.lists(st.floats(0, 3), max_size=60),
)
def test_who_waits_as_long_as_is_said_is_let_through(
    every: float, burst: int, steps: list[float]
) -> None:
    clock = Clock()
    visits, let_through, began = limit(clock, Rate(every, burst)), 0, clock.now
    for step in steps:
        clock.now += step
        if wait := asyncio.run(visits.take("a")):
            clock.now += wait
            assert asyncio.run(visits.take("a")) == 0
        let_through += 1
    assert let_through <= burst + (clock.now - began) / every + 0.1


def test_one_name_does_not_hold_up_another_and_none_is_kept_as_it_is() -> None:
    rates = Rates(Clock())
    hide = Vault([new_key().encode()], b"index").key
    visits, uploads = (Limit(rates, hide, what, Rate(9.0)) for what in ("visits", "uploads"))
    for one, who in ((visits, "203.0.113.5"), (visits, "203.0.113.6"), (uploads, "203.0.113.5")):
        assert asyncio.run(one.take(who)) == 0
    assert asyncio.run(visits.take("203.0.113.5")) == 9
    assert len(rates._spread) == 3
    assert not any("203.0" in key for key in rates._spread)
