"""The breaker's transitions, on a clock of our own."""

from __future__ import annotations

import pytest

from actions.clients.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock=clock)


def state(breaker: Breaker) -> str:
    return breaker.state


def call(breaker: Breaker, well: bool | None) -> None:
    ticket = breaker.enter()
    assert ticket is not None
    breaker.leave(ticket, well)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        call(breaker, False)


def test_it_opens_after_five_failures_and_not_before(breaker: Breaker) -> None:
    fail(breaker, 4)
    assert state(breaker) == "closed"
    fail(breaker, 1)
    assert state(breaker) == "open"
    assert breaker.enter() is None


def test_a_success_in_between_starts_the_count_again(breaker: Breaker) -> None:
    fail(breaker, 4)
    call(breaker, True)
    fail(breaker, 4)
    assert state(breaker) == "closed"


def test_an_abandoned_call_says_nothing(breaker: Breaker) -> None:
    fail(breaker, 4)
    call(breaker, None)
    assert state(breaker) == "closed"
    fail(breaker, 1)
    assert state(breaker) == "open"


def test_it_half_opens_after_thirty_seconds_for_one_trial(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.now += 29.9
    assert state(breaker) == "open"
    assert breaker.enter() is None
    clock.now += 0.1
    assert state(breaker) == "half_open"
    trial = breaker.enter()
    assert trial is not None
    assert breaker.enter() is None
    breaker.leave(trial, True)
    assert state(breaker) == "closed"
    fail(breaker, 4)
    assert state(breaker) == "closed"


def test_a_failed_trial_opens_it_for_another_thirty_seconds(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.now += 30
    fail(breaker, 1)
    assert state(breaker) == "open"
    clock.now += 29.9
    assert state(breaker) == "open"
    clock.now += 0.1
    call(breaker, True)
    assert state(breaker) == "closed"


def test_an_abandoned_trial_leaves_room_for_another(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.now += 30
    call(breaker, None)
    assert state(breaker) == "half_open"
    call(breaker, True)
    assert state(breaker) == "closed"


@pytest.mark.parametrize("well", [True, False, None])
def test_a_late_result_of_an_older_state_is_ignored(
    breaker: Breaker, clock: Clock, well: bool | None
) -> None:
    late = breaker.enter()
    assert late is not None
    fail(breaker, 5)
    breaker.leave(late, well)
    assert state(breaker) == "open"
    clock.now += 30
    trial = breaker.enter()
    assert trial is not None
    breaker.leave(late, well)
    assert state(breaker) == "half_open"
    assert breaker.enter() is None
    breaker.leave(trial, True)
    assert state(breaker) == "closed"
