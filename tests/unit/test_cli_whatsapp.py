"""`nindy whatsapp costs`: a month's bubbles by category, as Meta's statuses told them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from bot.channels.message import Delivery, Price, Status
from bot.cli import whatsapp
from bot.ledger import handover, migrate, prices
from bot.ledger.database import Ledger
from bot.settings import load
from tests.kit import answer, message, receive

NOVEMBER = datetime(2026, 10, 31, 17, 0, tzinfo=timezone.utc)
"""Midnight of the first of November in Jakarta."""
BEFORE = datetime(2026, 10, 31, 16, 59, tzinfo=timezone.utc)
AFTER = datetime(2026, 11, 30, 17, 0, tzinfo=timezone.utc)


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def costs(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[list[str]]]:
    """Run the command; return its lines, each as words."""

    def run(*words: str) -> list[list[str]]:
        parser = argparse.ArgumentParser()
        whatsapp.add_to(parser)
        options = parser.parse_args(["costs", *words])
        options.run(options)
        return [line.split() for line in capsys.readouterr().out.splitlines()]

    return run


def send(
    ledger: Ledger, number: int, at: datetime, price: Price | None, accepted: bool = True
) -> None:
    """Let a bubble of this moment go out, and its status tell a price."""
    receive(ledger, message(number, at=at), now=at)
    answer(ledger, "Halo", now=at)
    (taken,) = ledger.transact(handover.take, "s1", at, 1)
    if not accepted:
        ledger.transact(handover.failed, taken, 131026, at)
        return
    ledger.transact(handover.sent, taken, f"wamid.out{number}", at)
    told = Status("whatsapp", "1", f"wamid.out{number}", Delivery.DELIVERED, at, price=price)
    ledger.transact(prices.note, told)


def test_a_month_is_counted_by_category_in_jakartas_time(
    costs: Callable[..., list[list[str]]],
) -> None:
    charged, free = Price("service", True), Price("service", False)
    with migrate.opened(load()) as ledger:
        kinds = [charged, charged, free, Price("utility", True), None]
        for number, price in enumerate(kinds):
            send(ledger, number, NOVEMBER, price)
        send(ledger, 10, NOVEMBER, None, accepted=False)
        send(ledger, 11, BEFORE, charged)
        send(ledger, 12, AFTER, charged)
    found = costs("--month", "2026-11")
    assert found[0] == ["2", "service", "charged"]
    assert sorted(found[1:]) == [
        ["1", "-", "not", "told", "yet"],
        ["1", "service", "free"],
        ["1", "utility", "charged"],
    ]
    assert costs("--month", "2026-10") == [["1", "service", "charged"]]
    assert costs("--month", "2026-12") == [["1", "service", "charged"]]
    assert costs("--month", "2025-01") == []


def test_without_a_month_it_is_this_one(
    costs: Callable[..., list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrate.opened(load()) as ledger:
        send(ledger, 1, NOVEMBER, Price("service", True))
    monkeypatch.setattr(whatsapp, "now", lambda: NOVEMBER)
    assert costs() == [["1", "service", "charged"]]
    monkeypatch.setattr(whatsapp, "now", lambda: BEFORE)
    assert costs() == []


@pytest.mark.parametrize("word", ["2026", "2026-13", "11-2026", "november"])
def test_a_month_that_is_none_is_refused(
    costs: Callable[..., list[list[str]]], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        costs("--month", word)
    assert "YYYY-MM" in capsys.readouterr().err
