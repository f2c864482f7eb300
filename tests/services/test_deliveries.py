"""Events for other programs: written with the change, in order, for whom they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.errors import ApiRefused
from bot.ledger import api_answers, api_clients, deliveries, subscribers, tables
from bot.ledger.api_answers import Answer, Asked
from bot.ledger.api_clients import Scope
from bot.ledger.deliveries import LEASE, Parcel
from bot.tickets.life import ChangeRefused, Priority, Resolution
from tests.kit import START, rows, sibling, together
from tests.ticketing import COMPLAINT, Desk

URL = "https://pintu.contoh.go.id/kait"
MINUTE = timedelta(minutes=1)


def add(desk: Desk, id: str, *scopes: Scope, url: str = URL) -> str:
    made = desk.ledger.transact(api_clients.add, id, f"Nama {id}", frozenset(scopes), url, START)
    assert made is not None
    return made[1]


def crm(desk: Desk, on: bool = True) -> None:
    desk.ledger.transact(subscribers.set_crm, on, START)


def take(desk: Desk, now: datetime = START, each: int = 10, **under_way: int) -> list[Parcel]:
    return desk.ledger.transact(deliveries.take, now, under_way, each)


def drain(desk: Desk, now: datetime = START) -> list[Parcel]:
    """Deliver all that is due, in order."""
    found: list[Parcel] = []
    while taken := take(desk, now):
        for parcel in taken:
            desk.ledger.transact(deliveries.done, parcel, now)
        found += taken
    return found


def said(parcels: list[Parcel]) -> list[tuple[str, str, str]]:
    return [(one.subscriber, one.kind, one.body["state"]) for one in parcels]


def states(desk: Desk) -> list[str]:
    return [row.state for row in rows(desk.ledger, tables.delivery, tables.delivery.c.id)]


def test_every_change_that_shows_outside_is_told_in_order(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    number = desk.open()
    desk.do("claim", number)
    desk.do("note", number, "hanya untuk meja")
    desk.do("prioritise", number, Priority.URGENT)
    desk.do("hand_over", number, "ani")
    desk.do("reply", number, "Mohon tunggu.", True, at=START + MINUTE)
    desk.answered(number, at=START + 2 * MINUTE)
    desk.do("route", number, 8, at=START + 3 * MINUTE)
    desk.do("resolve", number, Resolution.SOLVED, "Sudah.", at=START + 4 * MINUTE)
    desk.do("rate", number, 5, by="user", at=START + 5 * MINUTE)
    told = drain(desk, START + 6 * MINUTE)
    assert [(one.kind, one.body["state"], one.body["version"]) for one in told] == [
        ("ticket.opened", "new", 0),
        ("ticket.changed", "in_progress", 1),
        ("ticket.changed", "waiting", 5),
        ("ticket.changed", "in_progress", 6),
        ("ticket.changed", "in_progress", 7),
        ("ticket.changed", "resolved", 8),
        ("ticket.changed", "closed", 9),
    ]
    last = told[-1].body
    assert (last["number"], last["rating"], last["resolution"]) == (number, 5, "solved")
    assert len({one.event_id for one in told}) == len(told)
    for secret in ("siti@contoh.id", "SP2D belum terbit", "hanya untuk meja", "Sudah."):
        assert secret not in str([one.body for one in told])


def test_a_change_that_is_refused_tells_nothing(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    number = desk.open()
    with pytest.raises(ChangeRefused):
        desk.do("resolve", number, Resolution.SOLVED, version=7)
    assert [one.kind for one in drain(desk)] == ["ticket.opened"]


def test_who_hears_what(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    add(desk, "own-only", Scope.WRITE, Scope.READ)
    add(desk, "silent", Scope.READ_ALL, url="")
    crm(desk)
    desk.open()
    desk.open(COMPLAINT, person="budi")
    assert sorted(said(drain(desk))) == [
        ("crm", "ticket.opened", "new"),
        ("watcher", "ticket.opened", "new"),
    ]


def test_the_crm_gets_what_is_asked_and_a_webhook_does_not(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    crm(desk)
    desk.open()
    by = {one.subscriber: one.body for one in drain(desk)}
    assert by["crm"]["email"] == "siti@contoh.id"
    assert not {"email", "name", "subject", "chronology", "reference"} & by["watcher"].keys()


def test_the_crm_is_off_until_it_is_on(desk: Desk) -> None:
    desk.open()
    crm(desk, on=False)
    desk.open(person="budi")
    assert drain(desk) == [] == states(desk)
    crm(desk)
    crm(desk)
    number = desk.open(person="cici")
    assert [one.body["number"] for one in drain(desk)] == [number]


def test_what_has_become_a_complaint_is_withheld_even_when_it_was_queued(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    crm(desk)
    number = desk.open()
    desk.do("route", number, COMPLAINT)
    desk.do("claim", number)
    assert drain(desk) == []
    found = rows(desk.ledger, tables.delivery)
    assert {(row.state, row.error) for row in found} == {("dead", "withheld")}
    assert len(found) == 2, "nothing was written after it had become one"
    assert desk.ledger.transact(deliveries.counts) == {}
    assert desk.ledger.transact(deliveries.revive, "watcher", START) == 0


def test_the_events_of_a_ticket_wait_for_each_other_and_tickets_do_not(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    first = desk.open()
    desk.do("claim", first)
    second = desk.open(person="budi")
    one, two = take(desk)
    assert [p.body["number"] for p in (one, two)] == [first, second]
    assert take(desk) == []
    desk.ledger.transact(deliveries.done, two, START)
    desk.ledger.transact(deliveries.postpone, one, "http_500", START + MINUTE)
    assert take(desk) == []
    [again] = take(desk, START + MINUTE)
    assert (again.event_id, again.attempts) == (one.event_id, 2)
    desk.ledger.transact(deliveries.done, again, START)
    [next_] = take(desk, START + MINUTE)
    assert (next_.body["number"], next_.body["state"]) == (first, "in_progress")


def test_who_dies_with_an_event_loses_it_to_the_next(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    desk.open()
    [lost] = take(desk)
    assert take(desk, START + LEASE - timedelta(seconds=1)) == []
    [found] = take(desk, START + LEASE)
    assert found.event_id == lost.event_id
    # Whoever comes back late changes nothing any more.
    desk.ledger.transact(deliveries.dead, lost, "x", START + LEASE)
    desk.ledger.transact(deliveries.postpone, lost, "x", START)
    assert take(desk, START + LEASE) == []
    desk.ledger.transact(deliveries.done, found, START + LEASE)
    assert states(desk) == ["done"]


def test_one_slow_program_holds_up_nobody_else(desk: Desk) -> None:
    add(desk, "slow", Scope.READ_ALL)
    add(desk, "quick", Scope.READ_ALL)
    for person in "abcdef":
        desk.open(person=person)
    taken = take(desk, each=4, slow=3)
    assert sorted(one.subscriber for one in taken) == ["quick"] * 4 + ["slow"]


def test_two_couriers_never_have_the_same_event(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    for person in "abcdefgh":
        desk.do("claim", desk.open(person=person))
    with sibling(desk.ledger) as other:
        sets = together(
            [lambda one=one: one.transact(deliveries.take, START, {}, 5)  # type: ignore[misc]
             for one in (desk.ledger, other, desk.ledger)]
        )  # fmt: skip
    ids = [parcel.row for taken in sets for parcel in taken]
    assert len(ids) == len(set(ids))
    assert {p.kind for taken in sets for p in taken} == {"ticket.opened"}


def test_changes_at_once_are_told_in_the_order_of_their_versions(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    number = desk.open()

    def change(service: int) -> None:
        desk.do("route", number, service)

    together([lambda n=n: change(n) for n in (2, 3, 4, 5, 8, 9)])  # type: ignore[misc]
    versions = [one.body["version"] for one in drain(desk)]
    assert versions == sorted(versions) and len(set(versions)) == len(versions) >= 6


def test_what_was_given_up_lets_the_next_pass_and_can_be_tried_again(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    number = desk.open()
    desk.do("claim", number)
    [first] = take(desk)
    desk.ledger.transact(deliveries.dead, first, "timeout", START)
    assert desk.ledger.transact(deliveries.totals) == {"open": 1, "dead": 1}
    assert [one.body["version"] for one in drain(desk)] == [1]
    assert desk.ledger.transact(deliveries.revive, "watcher", START) == 1
    assert [one.event_id for one in drain(desk)] == [first.event_id]


def test_a_disabled_program_is_told_nothing_until_it_is_let_in(desk: Desk) -> None:
    add(desk, "watcher", Scope.READ_ALL)
    desk.open()
    desk.ledger.transact(api_clients.set_disabled, "watcher", True, START)
    desk.open(person="budi")
    assert take(desk) == []
    desk.ledger.transact(api_clients.set_disabled, "watcher", False, START)
    assert len(drain(desk)) == 1


def test_two_secrets_sign_while_one_is_rotated(desk: Desk) -> None:
    old = add(desk, "watcher", Scope.READ_ALL)
    new = desk.ledger.transact(subscribers.rotate, "watcher", True, START)
    desk.open(at=START)
    [parcel] = take(desk)
    assert parcel.secrets == (new, old)
    [parcel] = take(desk, START + subscribers.GRACE)
    assert parcel.secrets == (new,)
    newest = desk.ledger.transact(subscribers.rotate, "watcher", False, START)
    [parcel] = take(desk, START + 2 * subscribers.GRACE)
    assert parcel.secrets == (newest,)


def test_events_are_sealed(desk: Desk) -> None:
    crm(desk)
    desk.open()
    assert b"siti@contoh.id" not in b"".join(
        bytes(row.sealed_body) for row in rows(desk.ledger, tables.delivery)
    )


class TestOnce:
    """A request with a key is done once, whoever asks at the same moment."""

    ASKED = Asked("portal", "k", "POST /x")

    def once(self, desk: Desk, log: list[int], asked: Asked = ASKED, fail: bool = False) -> Answer:
        def act(_connection: Any, _vault: Any) -> Answer:
            log.append(1)
            if fail:
                raise ApiRefused(409, "step")
            return Answer(201, {"n": len(log)})

        return desk.ledger.transact(api_answers.once, asked, START, act)

    def test_the_second_gets_the_answer_of_the_first(self, desk: Desk) -> None:
        log: list[int] = []
        assert self.once(desk, log) == Answer(201, {"n": 1})
        assert self.once(desk, log) == Answer(201, {"n": 1}, repeated=True)
        with pytest.raises(ApiRefused, match="key_reused"):
            self.once(desk, log, Asked("portal", "k", "POST /y"))
        assert self.once(desk, log, Asked("lain", "k", "POST /y")).body == {"n": 2}

    def test_of_many_at_once_one_acts(self, desk: Desk) -> None:
        log: list[int] = []
        answers = together([lambda: self.once(desk, log) for _ in range(8)])
        assert len(log) == 1 and {answer.body["n"] for answer in answers} == {1}

    def test_what_was_refused_may_be_asked_again(self, desk: Desk) -> None:
        log: list[int] = []
        with pytest.raises(ApiRefused, match="step"):
            self.once(desk, log, fail=True)
        assert self.once(desk, log).repeated is False
