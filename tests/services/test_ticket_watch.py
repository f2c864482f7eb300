"""The watch: 50, 80 and 100 % once each, in working time, and an end for what rests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.tickets import watch
from bot.tickets.life import Priority, Resolution
from bot.tickets.record import NINDY, Seen
from tests.kit import START, contents, sibling, together
from tests.ticketing import BROADCAST, CALENDAR, CHANGES, PATIENCE, WATCH, WORDS, Desk, wib

MINUTE = timedelta(minutes=1)


def warned(desk: Desk, number: str) -> list[tuple[int, datetime]]:
    """The warnings that were written down, and when."""
    found = [event for event in desk.events(number) if event[0] == "sla"]
    assert {actor for _, actor, _, _ in found} <= {NINDY}
    return [(detail["percent"], at) for _, _, at, detail in found]


def every_quarter(desk: Desk, begin: datetime, end: datetime) -> None:
    """Look every quarter of an hour, nights and holidays included."""
    while begin <= end:
        desk.look(begin)
        begin += 15 * MINUTE


# Opened; 50, 80 and 100 % of 16 h, counted by hand on the calendar.
SPANS = [
    (wib(23, 9), wib(24, 9), wib(24, 14), wib(25, 9)),
    # Over a weekend.
    (wib(27, 14), wib(30, 14), wib(1, 11, month=12), wib(1, 14, month=12)),
    # Over cuti bersama, Christmas and a weekend (24 to 27 December).
    (wib(23, 10, month=12), wib(28, 10, month=12), wib(28, 15, month=12), wib(29, 10, month=12)),
]


@pytest.mark.parametrize("span", SPANS, ids=["week", "weekend", "christmas"])
def test_each_warning_comes_once_and_in_working_time(
    desk: Desk, span: tuple[datetime, ...]
) -> None:
    opened, half, _, due = span
    number = desk.open(at=opened)
    assert desk.row(number).due_at == due
    # 80 % of 16 h are 12 h 48 min.
    most = CALENDAR.due(opened, 12.8)
    for at, level in ((half, 50), (most, 80), (due, 100)):
        assert desk.look(at - MINUTE) == 0
        assert desk.look(at) == 1
        assert desk.look(at) == 0
        assert (desk.row(number).warned, desk.row(number).state) == (level, "new")
    every_quarter(desk, due, due + timedelta(days=2))
    assert warned(desk, number) == [(50, half), (80, most), (100, due)]
    assert desk.told() == []


def test_a_look_that_comes_late_says_only_the_highest(desk: Desk) -> None:
    number = desk.open()
    assert desk.look(wib(27, 9)) == 1
    assert warned(desk, number) == [(100, wib(27, 9))]


def test_eight_hours_are_watched_as_eight(desk: Desk) -> None:
    number = desk.open(service=BROADCAST)
    every_quarter(desk, wib(23, 9), wib(24, 12))
    assert [level for level, _ in warned(desk, number)] == [50, 80, 100]
    assert warned(desk, number)[0][1] == wib(23, 13)
    assert warned(desk, number)[2][1] == wib(24, 9)


def test_nothing_is_said_while_the_clock_stands(desk: Desk) -> None:
    waiting, solved, closed = desk.open(), desk.open(person="a"), desk.open(person="b")
    desk.do("reply", waiting, "?", True, at=wib(23, 11))
    for number in (solved, closed):
        desk.do("resolve", number, Resolution.SOLVED)
    desk.do("close", closed)
    before = contents(desk.ledger)
    every_quarter(desk, wib(23, 11), wib(26, 8))
    assert contents(desk.ledger) == before
    desk.answered(waiting, at=wib(26, 9))
    # The solved one has rested long enough.
    assert desk.look(wib(26, 9)) == 1
    assert desk.look(wib(26, 14)) == 0
    assert desk.look(wib(26, 15)) == 1
    assert warned(desk, waiting) == [(50, wib(26, 15))]


def test_a_forwarded_ticket_is_watched(desk: Desk) -> None:
    number = desk.open()
    desk.do("forward", number, "HAI Kemenkeu", True, "")
    desk.look(wib(25, 9))
    assert warned(desk, number) == [(100, wib(25, 9))]


def test_another_sla_is_warned_of_once_each_too(desk: Desk) -> None:
    number = desk.open()
    assert desk.look(wib(24, 9)) == 1
    # 8 of 8 hours: what 16 hours had not reached comes now.
    desk.do("route", number, BROADCAST, at=wib(24, 9))
    assert desk.look(wib(24, 9)) == 1
    # Half of 16 again: 50 was warned of, 80 and 100 are still to come.
    desk.do("route", number, None, at=wib(24, 9))
    assert desk.row(number).warned == 50
    every_quarter(desk, wib(24, 9), wib(25, 12))
    assert [level for level, _ in warned(desk, number)] == [50, 100, 80, 100]


def test_what_rests_is_closed_after_three_working_days(desk: Desk) -> None:
    number = desk.open()
    desk.do("resolve", number, Resolution.SOLVED, at=wib(27, 14))
    told = len(desk.told())
    end = wib(2, 14, month=12)
    assert CALENDAR.working_minutes(wib(27, 14), end) == watch.REST * 60
    assert desk.look(end - MINUTE) == 0
    assert (desk.look(end), desk.look(end)) == (1, 0)
    assert (desk.row(number).state, desk.row(number).closed_at) == ("closed", end)
    assert desk.events(number)[-1] == ("closed", NINDY, end, None)
    assert len(desk.told()) == told


def test_looks_at_once_write_once(desk: Desk) -> None:
    late, resting = desk.open(), desk.open(person="a")
    desk.do("resolve", resting, Resolution.SOLVED)
    at = wib(30, 9)
    with sibling(desk.ledger) as other:
        found = together(
            [lambda one=one: one.transact(WATCH.look, at) for one in (desk.ledger, other) * 2]
        )
    assert sum(found) == 2
    assert warned(desk, late) == [(100, at)]
    assert [event[0] for event in desk.events(resting)] == ["resolved", "closed"]


def test_a_ticket_that_somebody_changes_meanwhile_waits_for_the_next_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, other = desk.open(), desk.open(person="a")
    at, real = wib(30, 9), watch.lock

    def lock(connection: Any, seen: Seen) -> Any:
        if seen.number == taken:
            claim = Seen(taken, None, "agent:budi", at)
            CHANGES.claim(connection, desk.ledger.vault, claim)
        return real(connection, seen)

    monkeypatch.setattr(watch, "lock", lock)
    assert desk.look(at) == 1
    assert (warned(desk, taken), warned(desk, other)) == ([], [(100, at)])
    monkeypatch.undo()
    assert desk.look(at) == 1
    assert warned(desk, taken) == [(100, at)]


def test_a_resting_ticket_that_is_reopened_meanwhile_stays_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reopened, resting = desk.open(), desk.open(person="a")
    for number in (reopened, resting):
        desk.do("resolve", number, Resolution.SOLVED)
    at, real = wib(30, 9), CHANGES.close

    def close(connection: Any, vault: Any, seen: Seen) -> None:
        if seen.number == reopened:
            CHANGES.resume(connection, vault, Seen(reopened, None, "agent:budi", at))
        real(connection, vault, seen)

    monkeypatch.setattr(CHANGES, "close", close)
    assert desk.look(at) == 1
    assert (desk.row(reopened).state, desk.row(resting).state) == ("in_progress", "closed")


def test_a_failed_look_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open()
    resting = desk.open(person="a")
    desk.do("resolve", resting, Resolution.SOLVED)
    before = contents(desk.ledger)

    def refuse(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(CHANGES, "close", refuse)
    with pytest.raises(RuntimeError):
        desk.look(wib(30, 9))
    assert contents(desk.ledger) == before
    monkeypatch.undo()
    assert desk.look(wib(30, 9)) == 2


# A person who waits for the agent who took over


def kept_waiting(desk: Desk, at: datetime) -> list[str]:
    """What a look at the clocks says to the person."""
    before = len(desk.told())
    desk.look(at)
    return [bubble["text"] for bubble in desk.told()[before:]]


def test_who_waits_for_the_agent_is_told_once_and_the_desk_sees_it(desk: Desk) -> None:
    number = desk.open()
    desk.do("take_over", number)
    assert kept_waiting(desk, START + 2 * PATIENCE) == []
    asked = START + PATIENCE
    desk.answered(number, "halo?", asked)
    assert kept_waiting(desk, asked + PATIENCE - MINUTE) == []
    said = WORDS.text("utter_kabar_menunggu_petugas")
    assert kept_waiting(desk, asked + PATIENCE) == [said]
    assert desk.row(number).priority == Priority.URGENT
    assert desk.events(number)[-1][:2] == ("unanswered", "nindy")
    desk.answered(number, "masih di sana?", asked + PATIENCE)
    assert kept_waiting(desk, asked + 3 * PATIENCE) == []
    desk.do("reply", number, "sebentar", at=asked + 3 * PATIENCE)
    desk.answered(number, "baik", asked + 3 * PATIENCE)
    assert kept_waiting(desk, asked + 4 * PATIENCE) == [said]


def test_without_a_takeover_nobody_is_told_to_wait(desk: Desk) -> None:
    number = desk.open()
    desk.answered(number, "halo?", START)
    assert kept_waiting(desk, START + 2 * PATIENCE) == []
    desk.do("take_over", number, at=START + 2 * PATIENCE)
    assert kept_waiting(desk, START + 4 * PATIENCE) == []
