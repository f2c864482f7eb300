"""News of a bubble that went out more than once: each is about one try, and some are past."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.channels.message import Alarm, Choice, Delivery, Reply, Status
from bot.ledger import alarms, blocks, handover, outbox, receipts, tables, window
from bot.ledger.alarms import HeldUp
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from tests.kit import START, answer, message, receive, rows, siti

SPARE = Reply("a template", (Choice("Lihat", "/lihat_balasan"),))
SECOND = timedelta(seconds=1)
LATE = START + timedelta(hours=1)


@pytest.fixture
def first(ledger: Ledger) -> Outgoing:
    """A bubble that was accepted as ``wamid.1``."""
    receive(ledger, message(1))
    answer(ledger, "the answer")
    taken = take(ledger, START)
    ledger.transact(handover.sent, taken, "wamid.1", START)
    return taken


def take(ledger: Ledger, now: datetime) -> Outgoing:
    (taken,) = ledger.transact(handover.take, "s", now, 9)
    return taken


def hear(
    ledger: Ledger,
    one: Outgoing,
    state: Delivery,
    external_id: str,
    code: int = 0,
    now: datetime = START,
) -> None:
    status = Status("whatsapp", "1", external_id, state, START, one.id, code)
    match state:
        case Delivery.HELD:
            ledger.transact(receipts.hold, status, now)
        case Delivery.PUT_OFF:
            ledger.transact(receipts.put_off, status, START)
        case Delivery.SHUT:
            ledger.transact(window.shut_by, status, SPARE, START)
        case _:
            ledger.transact(receipts.apply_status, status, START)


def state(ledger: Ledger) -> str:
    return str(rows(ledger, tables.outbox, tables.outbox.c.position)[0].state)


REFUSALS = [
    (Delivery.HELD, 131042, "queued"),
    (Delivery.PUT_OFF, 131016, "queued"),
    (Delivery.SHUT, 131047, "parked"),
]


@pytest.mark.parametrize(("refusal", "code", "after"), REFUSALS)
def test_that_a_refused_try_was_accepted_before_changes_nothing(
    ledger: Ledger, first: Outgoing, refusal: Delivery, code: int, after: str
) -> None:
    hear(ledger, first, refusal, "wamid.1", code)
    assert state(ledger) == after
    hear(ledger, first, Delivery.SENT, "wamid.1")
    assert state(ledger) == after


@pytest.mark.parametrize(("refusal", "code", "after"), REFUSALS[:2])
def test_a_refusal_told_twice_does_not_undo_the_next_try(
    ledger: Ledger, first: Outgoing, refusal: Delivery, code: int, after: str
) -> None:
    hear(ledger, first, refusal, "wamid.1", code)
    again = take(ledger, LATE)
    hear(ledger, first, refusal, "wamid.1", code)
    assert state(ledger) == "sending"
    ledger.transact(handover.sent, again, "wamid.2", LATE)
    hear(ledger, first, refusal, "wamid.1", code)
    assert state(ledger) == "sent"
    hear(ledger, first, Delivery.DELIVERED, "wamid.2")
    assert state(ledger) == "delivered"


@pytest.mark.parametrize("answered", [False, True], ids=["under way", "accepted"])
def test_the_failure_of_an_uncertain_try_does_not_outlive_what_was_delivered(
    ledger: Ledger, answered: bool
) -> None:
    receive(ledger, message(1))
    answer(ledger, "the answer")
    one = take(ledger, START)
    ledger.transact(handover.postpone, one, outbox.UNKNOWN, 0, START, START)
    again = take(ledger, START)
    if answered:
        ledger.transact(handover.sent, again, "wamid.2", START)
    hear(ledger, one, Delivery.FAILED, "wamid.1", 131026)
    if not answered:
        ledger.transact(handover.sent, again, "wamid.2", START)
    hear(ledger, one, Delivery.DELIVERED, "wamid.2")
    assert state(ledger) == "delivered"


def test_the_news_of_a_bubble_whose_sender_died_are_about_its_try(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger, "the answer")
    one = take(ledger, START)
    ledger.transact(handover.recover, ["s"], START, SECOND)
    hear(ledger, one, Delivery.SENT, "wamid.1")
    hear(ledger, one, Delivery.FAILED, "wamid.0", 131026)
    assert state(ledger) == "sent"
    hear(ledger, one, Delivery.FAILED, "wamid.1", 131026)
    assert state(ledger) == "failed"


def test_an_error_in_the_answer_and_in_a_status_is_one_error(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger, "the answer")
    one = take(ledger, START)
    ledger.transact(handover.postpone, one, outbox.QUEUED, 131056, LATE, START)
    for refusal in (Delivery.PUT_OFF, Delivery.FAILED):
        hear(ledger, one, refusal, "wamid.1", 131056)
    (row,) = rows(ledger, tables.outbox)
    assert (row.state, row.attempts, row.next_at) == ("queued", 1, LATE)


def test_a_passing_refusal_waits_longer_each_time_and_then_fails(
    ledger: Ledger, first: Outgoing
) -> None:
    now, waits = START, []
    for number in range(1, handover.ATTEMPTS + 1):
        hear(ledger, first, Delivery.PUT_OFF, f"wamid.{number}", 131056)
        (row,) = rows(ledger, tables.outbox)
        if row.state != "queued":
            break
        waits.append((row.next_at - START).total_seconds())
        now += timedelta(seconds=300)
        ledger.transact(handover.sent, take(ledger, now), f"wamid.{number + 1}", now)
    assert waits[:5] == [1, 4, 16, 64, 256] and max(waits) == 256
    assert (row.state, row.attempts, row.error_code) == ("failed", handover.ATTEMPTS, 131056)


def test_a_withdrawn_bubble_that_is_refused_is_not_sent_again(
    ledger: Ledger, first: Outgoing
) -> None:
    ledger.transact(lambda c, v: outbox.withdraw(c, tables.outbox.c.id == first.id, START))
    hear(ledger, first, Delivery.PUT_OFF, "wamid.1", 131016)
    assert ledger.transact(handover.take, "s", LATE, 9) == []
    assert state(ledger) == "dropped"


def test_the_keys_of_past_tries_do_not_grow_without_end(ledger: Ledger, first: Outgoing) -> None:
    for number in range(1, 9):
        hear(ledger, first, Delivery.HELD, f"wamid.{number}", 131042)
        again = take(ledger, START + number * blocks.REST)
        ledger.transact(handover.sent, again, f"wamid.{number + 1}", START)
    for number in (8, 6, 5):
        hear(ledger, first, Delivery.HELD, f"wamid.{number}", 131042)
    assert state(ledger) == "sent"
    assert len(rows(ledger, tables.outbox)[0].refused_keys) == 256


class TestBlock:
    """A refusal of the account, as an answer or as a status, stops all of the channel."""

    @pytest.fixture
    def three(self, ledger: Ledger) -> list[Outgoing]:
        """Three people's bubbles, the first of them refused for the account in a status."""
        for number in range(3):
            receive(ledger, message(number, siti(str(number)), START + number * SECOND))
            answer(ledger, str(number))
        taken = ledger.transact(handover.take, "s", START, 1)
        ledger.transact(handover.sent, taken[0], "wamid.1", START)
        hear(ledger, taken[0], Delivery.HELD, "wamid.1", 131042)
        return taken

    def test_one_bubble_a_minute_tries_it(self, ledger: Ledger, three: list[Outgoing]) -> None:
        assert ledger.transact(handover.take, "s", START, 9) == []
        assert ledger.transact(alarms.held_up) == HeldUp(131042, 3, START)
        tried = START + blocks.REST
        probe = take(ledger, tried)
        ledger.transact(handover.sent, probe, "wamid.2", tried)
        assert ledger.transact(handover.take, "other", tried + SECOND, 9) == [], "it proves nothing"
        hear(ledger, probe, Delivery.HELD, "wamid.2", 131042, tried)
        assert ledger.transact(handover.take, "s", tried + SECOND, 9) == []
        assert len(ledger.transact(handover.take, "s", tried + 2 * blocks.REST, 9)) == 1

    def test_it_is_over_when_the_one_that_tried_it_still_stands(
        self, ledger: Ledger, three: list[Outgoing]
    ) -> None:
        tried = START + blocks.REST
        ledger.transact(handover.sent, take(ledger, tried), "wamid.2", tried)
        assert len(ledger.transact(handover.take, "s", tried + blocks.REST, 9)) == 2
        assert ledger.transact(alarms.held_up) is None

    def test_a_probe_that_is_under_way_is_waited_for(
        self, ledger: Ledger, three: list[Outgoing]
    ) -> None:
        take(ledger, START + blocks.REST)
        assert ledger.transact(handover.take, "s", START + 3 * blocks.REST, 9) == []

    def test_a_channel_blocked_again_is_blocked_since_the_first_time(
        self, ledger: Ledger, three: list[Outgoing]
    ) -> None:
        ledger.transact(alarms.sound, Alarm("whatsapp", "errors", 131031, stops=True), LATE)
        assert ledger.transact(alarms.held_up) == HeldUp(131031, 3, START)
        assert ledger.transact(handover.take, "s", LATE + blocks.REST - SECOND, 9) == []
