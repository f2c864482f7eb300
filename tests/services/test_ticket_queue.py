"""What the desk sees: the queue with its filters, and everything about one ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.message import Delivery, Kind, Status
from bot.ledger import handover, numbers, receipts, tables
from bot.ledger.tables import COMPLAINTS
from bot.tickets import queue
from bot.tickets.life import Priority, Resolution, State
from bot.tickets.queue import Filter, Line
from bot.tickets.record import USER
from bot.tickets.sheet import Sheet, read_sheet
from tests.kit import START, answer
from tests.ticketing import ANI, BROADCAST, BUDI, CATALOGUE, SPAN_SERVICE, Desk, wib

LATER = wib(23, 10)
MINUTE = timedelta(minutes=1)


def listed(desk: Desk, wanted: Filter, start: int = 0, size: int = queue.PAGE) -> list[str]:
    found = desk.ledger.transact(queue.lines, wanted, start, size)
    if start == 0 and len(found) < size:
        assert desk.ledger.transact(queue.count, wanted) == len(found)
    return [line.number for line in found]


def sheet(desk: Desk, number: str) -> Sheet:
    found = desk.ledger.transact(read_sheet, number)
    assert found is not None
    return found


@pytest.fixture
def full(desk: Desk) -> dict[str, str]:
    """One ticket of each kind, the next due first."""
    names = (
        "new", "mine", "hers", "waiting", "forwarded", "resolved", "closed", "broadcast",
        "complaint", "complained",
    )  # fmt: skip
    services = {"broadcast": BROADCAST, "complaint": COMPLAINTS, "complained": COMPLAINTS}
    made = {
        name: desk.open(services.get(name, SPAN_SERVICE), START + n * MINUTE, name)
        for n, name in enumerate(names)
    }
    for name in names[:8]:
        desk.do("route", made[name], services.get(name, SPAN_SERVICE))
    desk.do("claim", made["mine"], by=BUDI)
    desk.do("claim", made["hers"], by=ANI)
    desk.do("reply", made["waiting"], "?", True, by=BUDI)
    desk.do("forward", made["forwarded"], "HAI Kemenkeu", True, "", by=BUDI)
    for name in ("resolved", "closed"):
        desk.do("resolve", made[name], Resolution.SOLVED, by=BUDI)
    desk.do("close", made["closed"])
    desk.do("claim", made["complained"], by=BUDI)
    return made


FILTERS = [
    (Filter(), "broadcast new mine hers waiting forwarded"),
    (Filter(states=(State.NEW,)), "broadcast new"),
    (Filter(states=(State.RESOLVED, State.CLOSED)), "resolved closed"),
    (Filter(states=(State.WAITING, State.NEW)), "broadcast new waiting"),
    (Filter(owner_id="budi"), "mine waiting"),
    (Filter(owner_id="budi", states=tuple(State)), "mine waiting resolved closed"),
    (Filter(owner_id="ani"), "hers"),
    (Filter(owner_id="nobody"), ""),
    (Filter(unassigned=True), "broadcast new forwarded"),
    (Filter(unit=CATALOGUE.unit(BROADCAST)), "broadcast"),
    (Filter(unit=CATALOGUE.unit(SPAN_SERVICE)), "new mine hers waiting forwarded"),
    (Filter(due_before=wib(25, 9)), "broadcast"),
    (Filter(due_before=wib(25, 9, 3)), "broadcast new mine hers"),
    (Filter(due_before=wib(26, 9)), "broadcast new mine hers forwarded"),
    (Filter(complaints=True), "complaint complained"),
    (Filter(complaints=True, owner_id="budi"), "complained"),
    (Filter(complaints=True, states=(State.CLOSED,)), ""),
]


def test_every_filter_narrows(desk: Desk, full: dict[str, str]) -> None:
    # Inside one unit of the catalogue, whichever the two services belong to.
    same = CATALOGUE.unit(BROADCAST) == CATALOGUE.unit(SPAN_SERVICE)
    assert not same
    found = [(wanted, listed(desk, wanted)) for wanted, _ in FILTERS]
    assert found == [(wanted, [full[name] for name in names.split()]) for wanted, names in FILTERS]


def test_complaints_are_seen_by_who_asks_for_them_and_alone(
    desk: Desk, full: dict[str, str]
) -> None:
    filters = [replace(wanted, number=number) for wanted, _ in FILTERS for number in ("", "2026")]
    filters += [Filter(states=tuple(State)), Filter(number=full["complaint"])]
    for wanted in filters:
        for lane in (True, False):
            found = desk.ledger.transact(queue.lines, replace(wanted, complaints=lane))
            assert all((line.service == COMPLAINTS) is lane for line in found)
    moved = full["new"]
    desk.do("route", moved, COMPLAINTS)
    assert moved not in listed(desk, Filter()) and moved in listed(desk, Filter(complaints=True))
    counted = desk.ledger.transact(queue.by_state)
    assert sum(number for _, _, number in counted) == 7


def test_the_supervisor_sees_units_and_states(desk: Desk, full: dict[str, str]) -> None:
    span, broadcast = CATALOGUE.unit(SPAN_SERVICE), CATALOGUE.unit(BROADCAST)
    expected = [(broadcast, "new", 1)] + [
        (span, state, number)
        for state, number in (
            ("closed", 1), ("forwarded", 1), ("in_progress", 2), ("new", 1), ("resolved", 1),
            ("waiting", 1),
        )
    ]  # fmt: skip
    assert desk.ledger.transact(queue.by_state) == sorted(expected)


def test_what_is_urgent_comes_first_then_what_is_due(desk: Desk) -> None:
    numbers = [desk.open(at=START + n * MINUTE, person=str(n)) for n in range(5)]
    desk.do("prioritise", numbers[3], Priority.URGENT)
    desk.do("prioritise", numbers[2], Priority.URGENT)
    expected = [numbers[n] for n in (2, 3, 0, 1, 4)]
    assert listed(desk, Filter()) == expected
    desk.do("prioritise", numbers[2], Priority.NORMAL)
    assert listed(desk, Filter()) == [numbers[n] for n in (3, 0, 1, 2, 4)]


def test_pages_hold_every_ticket_once(desk: Desk) -> None:
    # All due at the same moment: the order must still be one.
    numbers = {desk.open(person=str(n)) for n in range(7)}
    pages = [listed(desk, Filter(), start, 3) for start in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert {number for page in pages for number in page} == numbers
    assert listed(desk, Filter()) == [number for page in pages for number in page]


def test_a_number_is_found_by_a_part_of_it(desk: Desk) -> None:
    number, other = desk.open(), desk.open(person="ali", at=wib(24, 9))
    for part in (number, number.lower(), f" {number[9:]} ", number[9:13].lower()):
        assert listed(desk, Filter(number=part)) == [number]
    assert set(listed(desk, Filter(number="2026112"))) == {number, other}
    for wild in ("%", "_", "2026%", "\\", "'"):
        assert listed(desk, Filter(number=wild)) == []


def test_a_line_says_what_the_queue_shows(desk: Desk) -> None:
    number = desk.open(subject="Gaji belum cair", channel="webchat")
    desk.do("route", number, SPAN_SERVICE)
    desk.do("claim", number)
    desk.do("reply", number, "?", True)
    (line,) = desk.ledger.transact(queue.lines, Filter())
    assert line == Line(
        number=number,
        subject="Gaji belum cair",
        state=State.WAITING,
        service=SPAN_SERVICE,
        unit=CATALOGUE.unit(SPAN_SERVICE),
        owner="Budi Santoso",
        priority=0,
        channel="webchat",
        created_at=START,
        due_at=wib(25, 9),
        paused=True,
        warned=0,
    )


# One ticket


def test_a_number_that_does_not_exist_has_no_sheet(desk: Desk) -> None:
    assert desk.ledger.transact(read_sheet, "20261123-222222") is None


def test_a_sheet_holds_the_ticket_and_how_it_came(desk: Desk) -> None:
    desk.receive("SP2D saya mana?", START - 2 * MINUTE)
    answer(desk.ledger, "Nomor SPM-nya?", now=START - MINUTE)
    number = desk.open()
    found = sheet(desk, number)
    assert (found.content.subject, found.content.email) == ("SP2D belum terbit", "siti@contoh.id")
    assert [(line.who, line.text) for line in found.transcript] == [
        ("user", "SP2D saya mana?"), ("nindy", "Nomor SPM-nya?"), ("user", "buat tiket"),
    ]  # fmt: skip
    assert (found.version, found.category, found.owner_id, found.holder_id) == (
        0, "tiket", None, None,
    )  # fmt: skip
    assert (found.candidates, found.user_group, found.last_heard) == ([], None, START)
    assert found.said == [] and [event.kind for event in found.events] == ["opened"]


def test_a_sheet_tells_what_happened_and_who_did_it(desk: Desk) -> None:
    number = desk.open()
    desk.do("take_over", number, by=ANI)
    desk.do("reply", number, "ADK?", True, by=ANI, at=LATER)
    desk.answered(number, "ini", at=LATER + MINUTE)
    desk.look(wib(25, 9))
    desk.do("note", number, "lama", by="agent:gone", at=wib(25, 9))
    found = sheet(desk, number)
    assert [(event.actor, event.kind, event.at) for event in found.events] == [
        ("nindy", "opened", START), ("Ani Lestari", "taken_over", START),
        ("Ani Lestari", "reply", LATER), (USER, "user_message", LATER + MINUTE),
        ("nindy", "sla", wib(25, 9)), ("nindy", "unanswered", wib(25, 9)),
        ("agent:gone", "note", wib(25, 9)),
    ]  # fmt: skip
    assert found.events[2].detail == {"text": "ADK?", "wait": True}
    assert (found.holder_id, found.owner_id, found.line.owner) == ("ani", "ani", "Ani Lestari")
    assert (found.version, found.line.warned, found.paused_minutes) == (6, 80, 1)


def test_a_sheet_shows_forwards_with_their_receipt(desk: Desk) -> None:
    number = desk.open()
    desk.do("forward", number, "HAI Kemenkeu", True, "")
    expected = {
        "to": "HAI Kemenkeu", "outside": True, "at": START, "accepted_at": None, "receipt": "",
    }  # fmt: skip
    assert sheet(desk, number).forwards == [expected]
    desk.do("accept", number, "nomor 4711", at=LATER)
    accepted = expected | {"accepted_at": LATER, "receipt": "nomor 4711"}
    assert sheet(desk, number).forwards == [accepted]


def test_a_sheet_shows_how_it_ended(desk: Desk) -> None:
    number = desk.open()
    desk.do("resolve", number, Resolution.SOLVED)
    desk.do("rate", number, 4, by=USER)
    found = sheet(desk, number)
    assert (found.resolution, found.rating, found.line.state) == ("solved", 4, State.CLOSED)


def test_what_was_said_since_is_in_order(desk: Desk) -> None:
    number = desk.open()
    desk.hear("bukan saya", LATER, person="ali")
    desk.do("reply", number, "ADK?", at=LATER)
    desk.hear("ini", LATER + MINUTE)
    desk.hear("", LATER + MINUTE, kind=Kind.SILENT)
    desk.do("reply", number, "terima kasih", at=LATER + 2 * MINUTE)
    found = sheet(desk, number).said
    assert [(said.who, said.text.splitlines()[-1], said.at) for said in found] == [
        ("nindy", "ADK?", LATER), ("user", "ini", LATER + MINUTE),
        ("nindy", "terima kasih", LATER + 2 * MINUTE),
    ]  # fmt: skip


def test_a_message_that_arrives_late_is_shown(desk: Desk) -> None:
    number = desk.open()
    desk.hear("tertahan di jalan", START - MINUTE, received=START + MINUTE)
    found = sheet(desk, number)
    assert [said.text for said in found.said] == ["tertahan di jalan"]
    assert [line.text for line in found.transcript] == ["buat tiket"]


def test_what_nindy_said_with_the_ticket_is_shown(desk: Desk) -> None:
    number = desk.open()
    conversation = desk.row(number).conversation_id
    desk.receive("lagi", LATER)
    answer(desk.ledger, "Tiketnya sudah dibuat", now=LATER)
    again = desk.open(at=LATER + MINUTE)
    assert sheet(desk, again).transcript[-2].text == "Tiketnya sudah dibuat"
    with desk.ledger.engine.begin() as connection:
        # As the turn writes it when no time passes between its beginning and its end.
        connection.execute(
            tables.outbox.update()
            .where(tables.outbox.c.conversation_id == conversation)
            .values(created_at=START)
        )
    assert [said.text for said in sheet(desk, number).said][:1] == ["Tiketnya sudah dibuat"]


def test_a_failed_bubble_is_shown_with_its_error(desk: Desk) -> None:
    number = desk.open()
    desk.do("reply", number, "halo", at=LATER)
    (row,) = desk.ledger.transact(handover.take, "s", LATER, 9)
    for state, code, shown in ((Delivery.SENT, 0, 0), (Delivery.FAILED, 131047, 131047)):
        news = Status("whatsapp", "1", "wamid.out", state, LATER, row.id, code)
        assert desk.ledger.transact(receipts.apply_status, news, LATER)
        (said,) = sheet(desk, number).said
        assert (said.state, said.error, said.id) == (state.value, shown, row.id)


def test_open_tickets_are_counted_by_age_and_reason(desk: Desk) -> None:
    day = timedelta(days=1)
    for person, at in enumerate((START, START - day, START - 3 * day)):
        desk.open(at=at, person=str(person))
    moments = [START, START - 2 * day]
    found = desk.ledger.transact(numbers.overview, START - 9 * day, START, moments)
    assert found.ages == {"": [1, 1, 1]}
    assert found.reasons == {"unanswered": 3}
