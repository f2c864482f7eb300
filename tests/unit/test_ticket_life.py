"""The laws of a ticket's states and clock, against the calendar of the desk."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import JAKARTA
from bot.tickets.life import (
    OPEN,
    WARNINGS,
    ChangeRefused,
    Clock,
    State,
    check_step,
    warning,
)
from bot.worktime import WorkCalendar

CALENDAR = WorkCalendar.load(Path(__file__).parents[2] / "data" / "calendar")
N, P, W, F, R, C = State
# Written down a second time, on purpose.
STEPS = {
    (N, P), (N, W), (N, F), (N, R), (P, N), (P, W), (P, F), (P, R), (W, P), (W, F), (W, R),
    (F, P), (F, W), (F, R), (R, C), (R, P), (C, P),
}  # fmt: skip

# To the microsecond; the last leaves room for the longest pauses in the calendar's years.
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 3, 31), timezones=st.just(JAKARTA))
HOURS = st.sampled_from([8, 16])
SPANS = st.timedeltas(timedelta(0), timedelta(days=20))
many = settings(max_examples=300, deadline=None)


@pytest.mark.parametrize(("before", "after"), itertools.product(State, State))
def test_only_the_steps_of_the_table_are_allowed(before: State, after: State) -> None:
    if (before, after) in STEPS:
        check_step(before, after)
    else:
        with pytest.raises(ChangeRefused) as caught:
            check_step(before, after)
        assert caught.value.reason == "step"


def test_what_is_not_open_is_done() -> None:
    assert set(State) - set(OPEN) == {R, C}


def paused(clock: Clock, begin: datetime, end: datetime) -> Clock:
    """The clock after one pause."""
    standing = Clock(clock.created_at, clock.hours, clock.paused_minutes, begin)
    return Clock(clock.created_at, clock.hours, standing.paused_until(CALENDAR, end))


@many
@given(MOMENTS, HOURS, SPANS, SPANS, SPANS)
def test_a_running_pause_stops_the_used_share(
    created: datetime, hours: int, before: timedelta, one: timedelta, two: timedelta
) -> None:
    begin = created + before
    used = Clock(created, hours).used(CALENDAR, begin)
    standing = Clock(created, hours, 0, begin)
    for now in (begin, begin + one, begin + one + two):
        assert standing.used(CALENDAR, now) == used


@many
@given(MOMENTS, HOURS, st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=5))
def test_pauses_never_make_the_used_share_grow(
    created: datetime, hours: int, pauses: list[tuple[timedelta, timedelta]]
) -> None:
    clock, now = Clock(created, hours), created
    for running, standing in pauses:
        begin, now = now + running, now + running + standing
        before = clock.used(CALENDAR, begin)
        clock = paused(clock, begin, now)
        assert clock.used(CALENDAR, now) == before
        assert clock.used(CALENDAR, now) <= Clock(created, hours).used(CALENDAR, now)


@many
@given(MOMENTS, HOURS, SPANS, SPANS)
def test_due_moves_by_the_working_minutes_of_the_pause(
    created: datetime, hours: int, before: timedelta, length: timedelta
) -> None:
    clock, begin = Clock(created, hours), created + before
    after = paused(clock, begin, begin + length)
    moved = CALENDAR.working_minutes(clock.due(CALENDAR), after.due(CALENDAR))
    assert moved == after.paused_minutes
    # A pause counts from whole minute to whole minute.
    assert abs(moved - CALENDAR.working_minutes(begin, begin + length)) <= 1


@many
@given(MOMENTS, HOURS, st.integers(0, 10_000), st.integers(0, 20_000))
def test_due_moves_exactly_where_moments_are_whole_minutes(
    created: datetime, hours: int, before: int, length: int
) -> None:
    begin = (created + timedelta(minutes=before)).replace(second=0, microsecond=0)
    end = begin + timedelta(minutes=length)
    clock = Clock(created, hours)
    after = paused(clock, begin, end)
    moved = CALENDAR.working_minutes(clock.due(CALENDAR), after.due(CALENDAR))
    assert moved == CALENDAR.working_minutes(begin, end)


@many
@given(MOMENTS, HOURS, st.integers(0, 3_000))
def test_at_due_all_is_used(created: datetime, hours: int, minutes: int) -> None:
    clock = Clock(created, hours, minutes)
    due = clock.due(CALENDAR)
    minute = 1 / (hours * 60)
    assert clock.used(CALENDAR, due) == pytest.approx(1, abs=minute)
    earlier = CALENDAR.due(created, Fraction(hours * 60 + minutes - 2, 60))
    assert clock.used(CALENDAR, earlier) < 1


@many
@given(MOMENTS, HOURS, st.lists(SPANS, min_size=1, max_size=6))
def test_the_used_share_and_its_warnings_only_grow(
    created: datetime, hours: int, spans: list[timedelta]
) -> None:
    moments = itertools.accumulate(spans, initial=created)
    shares = [Clock(created, hours).used(CALENDAR, moment) for moment in moments]
    assert shares[0] == 0 and shares == sorted(shares)
    levels = [warning(share) for share in shares]
    assert levels == sorted(levels) and set(levels) <= {0, *WARNINGS}


@pytest.mark.parametrize(
    ("used", "level"),
    [(0, 0), (0.4999, 0), (0.5, 50), (0.7999, 50), (0.8, 80), (0.9999, 80), (1, 100), (7.5, 100)],
)
def test_warnings_come_at_their_share(used: float, level: int) -> None:
    assert warning(used) == level


@given(st.integers(1, 960))
def test_warnings_come_at_their_minute(minutes: int) -> None:
    created = datetime(2026, 11, 23, 8, 0, tzinfo=JAKARTA)
    now = CALENDAR.due(created, minutes / 60)
    expected = max((level for level in (50, 80, 100) if minutes * 100 >= level * 960), default=0)
    assert warning(Clock(created, 16).used(CALENDAR, now)) == expected


def test_a_clock_of_a_moment_before_its_ticket_shows_nothing() -> None:
    created = datetime(2026, 11, 23, 10, 0, tzinfo=JAKARTA)
    clock = Clock(created, 8, 0, created)
    assert clock.used(CALENDAR, created - timedelta(hours=1)) == 0
    assert clock.paused_until(CALENDAR, created - timedelta(hours=1)) == 0
