"""Guessing at look-ups: who is paused, which number is held, what the desk hears of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.channels.message import Sender
from bot.ledger import alarms, chat_sessions, misses, people, tables
from bot.ledger.database import Ledger
from bot.ledger.misses import ALARMS, Pause
from tests.kit import START, rows

NUMBER = "260261301000123"
MINUTE = timedelta(minutes=1)
PERSON, HELD, MANY = "lookup_person", "lookup_number", "lookup_many"


def somebody(ledger: Ledger, name: object = "siti") -> str:
    sender = Sender(user_id=f"ID.{name}")
    return ledger.transact(people.find_or_create, "whatsapp", sender, START)


def visitor(ledger: Ledger, name: str, user: Sender | None = None) -> str:
    ledger.transact(chat_sessions.make, name, user, START)
    found = ledger.transact(chat_sessions.find, name)
    assert found is not None
    return found.conversation_id


def miss(ledger: Ledger, who: str, number: str = NUMBER, at: datetime = START) -> None:
    ledger.transact(misses.record, who, [number], at)


def pause(ledger: Ledger, who: str, number: str = NUMBER, at: datetime = START) -> Pause | None:
    return ledger.transact(misses.pause, who, number, at)


def told(ledger: Ledger) -> set[str]:
    return {one.word for one in ledger.transact(alarms.standing)}


@pytest.fixture
def guessed(ledger: Ledger) -> Ledger:
    """A number that two strangers have guessed at until it was held."""
    for name in ("a", "b"):
        for n in range(5):
            miss(ledger, somebody(ledger, name), at=START + n * MINUTE)
    return ledger


def test_the_fifth_miss_pauses_a_person_until_the_first_is_a_quarter_of_an_hour_old(
    ledger: Ledger,
) -> None:
    siti, budi = somebody(ledger), somebody(ledger, "budi")
    for n in range(5):
        assert pause(ledger, siti, at=START + n * MINUTE) is None
        miss(ledger, siti, f"26026130100012{n}", START + n * MINUTE)
    late = START + 14 * MINUTE
    for number in ("", NUMBER):
        assert pause(ledger, siti, number, late) == Pause(START + 15 * MINUTE, False)
        assert pause(ledger, budi, number, late) is None
    assert pause(ledger, siti, at=START + 15 * MINUTE) is None
    assert told(ledger) == set()


def test_the_tenth_miss_of_a_number_holds_it_for_an_hour(guessed: Ledger) -> None:
    later = START + 20 * MINUTE
    held = Pause(START + 60 * MINUTE, True)
    assert pause(guessed, somebody(guessed, "a"), at=later) == held
    assert pause(guessed, visitor(guessed, "nobody knows me"), at=later) == held
    # Another number is not, and this one not for ever.
    assert pause(guessed, somebody(guessed, "a"), NUMBER[:-1] + "4", later) is None
    assert pause(guessed, visitor(guessed, "nor me"), at=START + 61 * MINUTE) is None


def test_a_held_number_is_no_lock_on_its_owner(guessed: Ledger) -> None:
    later, owner = START + 20 * MINUTE, somebody(guessed, "owner")
    vouched = visitor(guessed, "vouched", Sender(user_id="host:siti"))
    for who in (owner, vouched):
        # A right pair is no miss: it may be asked for again and again.
        assert pause(guessed, who, at=later) is None
        miss(guessed, who, at=later)
        # A wrong one was the one try.
        found = pause(guessed, who, at=later)
        assert found is not None and found.of_number


def test_a_number_is_held_whether_it_exists_or_not_and_never_written_down(
    guessed: Ledger,
) -> None:
    kept = rows(guessed, tables.lookup_miss)
    assert len({row.number_key for row in kept}) == 1
    assert all(NUMBER not in str(value) for row in kept for value in row)


def test_what_no_number_stands_for_is_held_for_nobody(ledger: Ledger) -> None:
    for n in range(30):
        miss(ledger, somebody(ledger, n), "")
    assert pause(ledger, visitor(ledger, "x"), "") is None


def test_the_desk_hears_of_it_at_once(guessed: Ledger) -> None:
    assert told(guessed) == {HELD}
    assert ALARMS == (HELD, PERSON, MANY)


def test_the_desk_hears_of_one_who_does_not_give_up(ledger: Ledger) -> None:
    siti = somebody(ledger)
    for n in range(14):
        miss(ledger, siti, f"{n}", START + n * timedelta(minutes=20))
    assert told(ledger) == set()
    miss(ledger, siti, "15", START + timedelta(hours=23))
    assert told(ledger) == {PERSON}


def test_the_desk_hears_of_many_who_guess_a_little(ledger: Ledger) -> None:
    for n in range(99):
        miss(ledger, somebody(ledger, n), f"{n}")
    assert told(ledger) == set()
    miss(ledger, somebody(ledger, 99), "99", START + 14 * MINUTE)
    assert told(ledger) == {MANY}
