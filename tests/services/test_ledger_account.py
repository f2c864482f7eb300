"""Trouble with our account stands until somebody deals with it; bubbles are counted by price."""

from __future__ import annotations

from datetime import timedelta

from bot.channels.message import Alarm, Delivery, Price, Status
from bot.ledger import alarms, handover, prices, tables
from bot.ledger.database import Ledger
from bot.ledger.prices import Count
from tests.kit import START, answer, message, receive, rows

LATER = START + timedelta(hours=1)
RESTRICTED = Alarm("whatsapp", "account_update:ACCOUNT_RESTRICTION", 0)
DAY = timedelta(days=1)


def test_an_alarm_stands_once_until_it_is_dealt_with_and_may_come_again(ledger: Ledger) -> None:
    for at in (START, LATER):
        ledger.transact(alarms.sound, RESTRICTED, at)
    (one,) = ledger.transact(alarms.standing)
    assert (one.word, one.raised_at, one.last_at) == (RESTRICTED.word, START, LATER)
    for _ in range(2):
        ledger.transact(alarms.clear, one.id, "a1", LATER)
    assert ledger.transact(alarms.standing) == []
    (written,) = rows(ledger, tables.audit)
    assert (written.kind, written.agent_id) == ("alarm_cleared", "a1")
    ledger.transact(alarms.sound, RESTRICTED, LATER + DAY)
    (again,) = ledger.transact(alarms.standing)
    assert (again.id, again.raised_at) == (one.id, LATER + DAY)


def test_a_bubble_is_counted_once_by_what_its_status_tells(ledger: Ledger) -> None:
    receive(ledger, message(1))
    answer(ledger, "1", "2", "3")
    utility, service = Price("utility", True), Price("service", False)
    for number, price in enumerate((utility, service, None)):
        (one,) = ledger.transact(handover.take, "s", START, 9)
        ledger.transact(handover.sent, one, f"wamid.{number}", START)
        for told in (price, service):
            callback = one.id if number == 0 else None
            news = Status(
                "whatsapp", "1", f"wamid.{number}", Delivery.DELIVERED, START, callback, 0, told
            )
            if price is not None:
                ledger.transact(prices.note, news)
    expected = {Count("utility", True, 1), Count("service", False, 1), Count("", False, 1)}
    assert set(ledger.transact(prices.counts, START - DAY, START + DAY)) == expected
    assert ledger.transact(prices.counts, START + DAY, START + 2 * DAY) == []
