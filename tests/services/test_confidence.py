"""What a complaint's talk is, who may read it, and what is left of a complaint without a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.channels.message import Delivery, Reply, Status
from bot.ledger import (
    anonymous,
    chat,
    confidence,
    handover,
    news,
    people,
    receipts,
    tables,
    tickets,
    unit_of_work,
)
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.tickets.life import ChangeRefused, State
from bot.tickets.record import USER, Seen
from bot.tickets.sheet import Sheet, read_sheet
from tests.kit import START, answer, claimed, contents, rows
from tests.services.test_ledger_feedback import HELPFUL
from tests.ticketing import ANI, CALENDAR, CHANGES, COMPLAINT, HELD, SPAN_SERVICE, Desk, wib

MINUTE = timedelta(minutes=1)
LATER = wib(23, 10)
MARKER = "seratus ribu di loket"


def sheet(desk: Desk, number: str) -> Sheet:
    found = desk.ledger.transact(read_sheet, number)
    assert found is not None
    return found


def read_on(desk: Desk, number: str) -> str:
    """Every word of the conversation that a ticket shows."""
    found = sheet(desk, number)
    return "\n".join(said.text for said in (*found.transcript, *found.said))


def tell(desk: Desk, text: str, reply: str, at: Any, **more: Any) -> UnitOfWork:
    desk.receive(text, at)
    return answer(desk.ledger, reply, now=at, **more)


def complain(desk: Desk, at: Any = LATER, matter: str = "m1") -> str:
    """A complaint with a name, told in two messages."""
    tell(desk, MARKER, f"Siapa? {MARKER}", at, matter=matter)
    new = NewTicket(
        tickets.new_number(at), "pengaduan", COMPLAINT, Content("pungli", MARKER, "Siti"),
        at + MINUTE, at + timedelta(days=2), matter=matter,
    )  # fmt: skip
    tell(desk, f"kirim {MARKER}", new.number, at + MINUTE, matter=matter, tickets=[new])
    return new.number


def test_a_complaints_talk_is_read_on_it_alone(desk: Desk) -> None:
    before = desk.open()
    complaint = complain(desk)
    desk.do("reply", complaint, f"kami periksa {MARKER}", at=LATER + 2 * MINUTE)
    after = desk.open(at=LATER + 3 * MINUTE)
    assert read_on(desk, complaint).count(MARKER) == 4
    for number in (before, after):
        assert MARKER not in read_on(desk, number) and complaint not in read_on(desk, number)
        assert complaint not in repr(sheet(desk, number))


def test_a_ticket_that_becomes_a_complaint_takes_its_talk_along(desk: Desk) -> None:
    other = desk.open()
    tell(desk, MARKER, f"Dicatat: {MARKER}", LATER)
    moved = desk.open(at=LATER + MINUTE)
    desk.do("reply", moved, f"kami periksa {MARKER}", at=LATER + 2 * MINUTE)
    tell(desk, "cek lagi", "ini", LATER + 3 * MINUTE)
    desk.answered(moved, f"satu lagi: {MARKER}", LATER + 4 * MINUTE)
    last = desk.open(at=LATER + 5 * MINUTE)
    assert read_on(desk, other).count(MARKER) == read_on(desk, last).count(MARKER) == 3
    desk.do("route", moved, COMPLAINT, at=LATER + 6 * MINUTE)
    for number in (other, last):
        assert MARKER not in read_on(desk, number)
        assert "cek lagi" in read_on(desk, number)
    assert read_on(desk, moved).count(MARKER) == 3
    desk.do("route", moved, SPAN_SERVICE, at=LATER + 7 * MINUTE)
    assert read_on(desk, other).count(MARKER) == 3


def test_who_worked_on_it_does_not_follow_into_the_lane(desk: Desk) -> None:
    number = desk.open()
    desk.do("take_over", number)
    desk.do("route", number, COMPLAINT)
    (conversation,) = rows(desk.ledger, tables.conversation)
    assert (desk.row(number).owner_id, conversation.holder_id) == (None, None)


def test_what_is_given_up_is_read_nowhere(desk: Desk) -> None:
    before = desk.open()
    tell(desk, MARKER, MARKER, LATER, matter="given-up")
    after = desk.open(at=LATER + MINUTE)
    complaint = complain(desk, LATER + 2 * MINUTE, "m2")
    for number in (before, after):
        assert MARKER not in read_on(desk, number)
    assert read_on(desk, complaint).count(MARKER) == 3


def test_a_message_is_read_once_its_turn_is_done(desk: Desk) -> None:
    number = desk.open()
    desk.receive(MARKER, LATER)
    assert (MARKER in read_on(desk, number), sheet(desk, number).last_heard) == (False, START)
    answer(desk.ledger, "ya", now=LATER)
    assert (MARKER in read_on(desk, number), sheet(desk, number).last_heard) == (True, LATER)


def test_a_complaint_opens_no_window_and_makes_no_news_elsewhere(desk: Desk) -> None:
    other = desk.open()
    at = START + timedelta(hours=25)
    mark = desk.ledger.transact(news.latest)
    complaint = complain(desk, at)
    assert sheet(desk, other).last_heard == START
    with pytest.raises(ChangeRefused, match="window"):
        desk.do("reply", other, "halo", at=at + MINUTE)
    mark, found = desk.ledger.transact(news.since, mark)
    assert {one.number for one in found} == {complaint}
    tell(desk, "halo", "ya", at + 2 * MINUTE)
    _, found = desk.ledger.transact(news.since, mark)
    assert {one.number for one in found if one.heard} == {other, complaint}


def test_nothing_of_it_is_kept_for_learning(desk: Desk) -> None:
    events = [{"event": "user", "text": MARKER}]
    tell(desk, MARKER, "ya", LATER, matter="m1", events=events, feedback=[HELPFUL])
    assert rows(desk.ledger, tables.feedback) == []
    (turn,) = rows(desk.ledger, tables.turn)
    assert desk.ledger.vault.open(turn.sealed_events) == []


async def test_a_takeover_hears_nothing_of_a_complaint(desk: Desk) -> None:
    ordinary, complaint = desk.open(), complain(desk)
    desk.do("take_over", ordinary, at=LATER + 2 * MINUTE)
    desk.receive("ini ADK-nya", LATER + 3 * MINUTE)
    work = UnitOfWork(claimed(desk.ledger, now=LATER + 3 * MINUTE), LATER + 3 * MINUTE)
    await HELD(work)
    desk.ledger.transact(unit_of_work.commit, work, "w1", LATER + 3 * MINUTE)
    assert [kind for kind, *_ in desk.events(ordinary)] == ["taken_over", "user_message"]
    assert desk.events(complaint) == []


async def test_a_takeover_by_the_officer_is_not_seen_elsewhere(desk: Desk) -> None:
    ordinary, complaint = desk.open(), complain(desk)
    desk.do("take_over", complaint, by=ANI, at=LATER + 2 * MINUTE)
    desk.receive(MARKER, LATER + 3 * MINUTE)
    work = UnitOfWork(claimed(desk.ledger, now=LATER + 3 * MINUTE), LATER + 3 * MINUTE)
    await HELD(work)
    desk.ledger.transact(unit_of_work.commit, work, "w1", LATER + 3 * MINUTE)
    assert [kind for kind, *_ in desk.events(complaint)] == ["taken_over", "user_message"]
    found = sheet(desk, ordinary)
    assert (found.holder_id, found.held_for, found.last_heard) == (None, "", START)
    assert MARKER not in read_on(desk, ordinary)
    assert (sheet(desk, complaint).holder_id, sheet(desk, complaint).held_for) == ("ani", complaint)


async def test_what_was_just_written_to_the_form_is_not_the_holders(desk: Desk) -> None:
    number = desk.open()
    state = {"slots": {confidence.SLOT: "m1"}, "loop": "pengaduan_form"}
    desk.receive("pengaduan", LATER)
    work = UnitOfWork(claimed(desk.ledger, now=LATER), LATER, state=state, matter="m1")
    desk.ledger.transact(unit_of_work.commit, work, "w1", LATER)
    desk.receive(MARKER, LATER + MINUTE)
    desk.do("take_over", number, at=LATER + MINUTE)
    work = UnitOfWork(claimed(desk.ledger, now=LATER + MINUTE), LATER + MINUTE)
    await HELD(work)
    desk.ledger.transact(unit_of_work.commit, work, "w1", LATER + MINUTE)
    assert [kind for kind, *_ in desk.events(number)] == ["taken_over"]
    assert MARKER not in read_on(desk, number) and len(work.replies) == 1


# Without a name


def anonymously(desk: Desk, at: Any = LATER + 7 * MINUTE) -> tuple[str, str]:
    """A complaint without a name, with a reply that holds its number and code."""
    code, hour = anonymous.new_code(), anonymous.whole_hour(at)
    tell(desk, MARKER, f"Benar? {MARKER}", at, matter="m9")
    new = NewTicket(
        tickets.new_number(at), "pengaduan", COMPLAINT, Content("pungli", MARKER),
        hour, CALENDAR.due(hour, 16),
    )  # fmt: skip
    desk.receive("kirim", at)
    work = UnitOfWork(claimed(desk.ledger, now=at), at, matter="m9", left="(dihapus)")
    work.writes.append(lambda c, v: anonymous.open_complaint(c, v, new, code))
    work.replies = [Reply(f"{new.number} {code}")]
    desk.ledger.transact(unit_of_work.commit, work, "w1", at)
    return new.number, code


def reached(desk: Desk, number: str) -> list[dict[str, Any]]:
    """Every row that the ticket's ids lead to, there and back, with its seals opened."""
    ids = {desk.row(number).id}
    found: dict[tuple[str, int], dict[str, Any]] = {}
    grown = True
    while grown:
        grown = False
        for name, table in tables.metadata.tables.items():
            if name == "agent":
                continue  # Who works on a ticket is no secret, and leads to all their others.
            for place, row in enumerate(rows(desk.ledger, table, *table.primary_key.columns)):
                keys = {
                    value
                    for column, value in row._mapping.items()
                    if isinstance(value, str) and (column == "id" or column.endswith("_id"))
                } - {"budi", "ani"}
                if keys & ids and (name, place) not in found:
                    values = dict(row._mapping)
                    for column in [one for one in values if one.startswith("sealed")]:
                        if values[column]:
                            values[column] = desk.ledger.vault.open(values[column])
                    found[name, place] = {"table": name, **values}
                    ids |= keys
                    grown = True
    return list(found.values())


def test_nothing_leads_from_the_ticket_to_who_told_it(desk: Desk) -> None:
    ordinary = desk.open()
    number, code = anonymously(desk)
    desk.do("reply", number, "terima kasih", True, by=ANI, at=LATER + MINUTE)
    mine = desk.row(ordinary)
    person = next(
        row for row in rows(desk.ledger, tables.person) if row.channel != people.ANONYMOUS
    )
    marks = (mine.conversation_id, person.id, person.user_key, "ID.siti", "Siti", "wamid")
    found = reached(desk, number)
    assert {row["table"] for row in found} == {"ticket", "ticket_event", "conversation", "person"}
    for mark in marks:
        assert mark not in repr(found)
    # The same search finds the person of an ordinary ticket, so it would have found this one.
    assert all(mark in repr(reached(desk, ordinary)) for mark in marks)
    assert desk.row(number).created_at == anonymous.whole_hour(LATER)
    assert code not in repr(contents(desk.ledger)) and MARKER not in repr(contents(desk.ledger))


def test_nothing_that_was_told_is_left_in_the_conversation(desk: Desk) -> None:
    number, code = anonymously(desk)
    open = desk.ledger.vault.open
    assert [open(row.sealed_body)["text"] for row in rows(desk.ledger, tables.inbox)] == ["", ""]
    waiting = [open(row.sealed_body)["text"] for row in rows(desk.ledger, tables.outbox)]
    assert f"{number} {code}" in waiting
    for _ in range(2):
        for outgoing in desk.ledger.transact(handover.take, "s", wib(24, 10), 9):
            desk.ledger.transact(handover.sent, outgoing, outgoing.id, wib(24, 10))

    def left() -> list[str]:
        return sorted(open(row.sealed_body)["text"] for row in rows(desk.ledger, tables.outbox))

    assert left() == sorted(waiting), "they may still be refused, and said again"
    first = rows(desk.ledger, tables.outbox)[0].id
    status = Status("whatsapp", "1", first, Delivery.DELIVERED, wib(24, 10), first)
    desk.ledger.transact(receipts.apply_status, status, wib(24, 10))
    assert left().count("(dihapus)") == 1
    assert desk.ledger.transact(confidence.finish_erasing, wib(24, 10)) == 0
    assert desk.ledger.transact(confidence.finish_erasing, wib(24, 10) + MINUTE) == 1
    assert left() == ["(dihapus)", "(dihapus)"]
    for row in rows(desk.ledger, tables.turn):
        assert open(row.sealed_events) == []


def test_only_the_code_finds_it(desk: Desk) -> None:
    number, code = anonymously(desk)
    found = desk.ledger.transact(anonymous.tracked, code)
    assert found is not None and found.number == number
    assert desk.ledger.transact(anonymous.tracked, anonymous.new_code()) is None
    key = desk.row(number).tracking_key
    assert len(key) == 64 and code.replace("-", "") not in key.upper()


def test_the_desk_answers_without_sending(desk: Desk) -> None:
    number, _ = anonymously(desk)
    queued = len(rows(desk.ledger, tables.outbox))
    desk.do("reply", number, "mohon bukti", True, by=ANI, at=LATER + timedelta(days=3))
    assert len(rows(desk.ledger, tables.outbox)) == queued
    seen = Seen(number, None, USER, anonymous.whole_hour(LATER + timedelta(days=4)))
    desk.ledger.transact(CHANGES.answered, seen, "ini buktinya", None)
    assert desk.row(number).state == State.IN_PROGRESS.value
    with pytest.raises(ChangeRefused, match="anonymous"):
        desk.do("take_over", number, by=ANI)


@pytest.mark.parametrize(
    "typed", ["{}", "kode saya {} ya", "{lower}", "{plain}", "{spaced}", "{dash}"]
)
def test_a_code_is_found_however_it_is_typed(typed: str) -> None:
    code = "K7M2-QX9P-4RTW-HJ8D-V3NC"
    forms = {
        "lower": code.lower(), "plain": code.replace("-", ""), "spaced": code.replace("-", " "),
        "dash": code.replace("-", "\u2013"),
    }  # fmt: skip
    assert anonymous.find_code(typed.format(code, **forms)) == code


@pytest.mark.parametrize(
    "text",
    [
        "yang kemarin saya",
        "kppn yang mana saja buka",
        "20261123-K7M2QX",
        "K7M2-QX9P-4RTW",
        "2234 5678 9234 5678 9234",
    ],
)
def test_other_words_are_no_code(text: str) -> None:
    assert anonymous.find_code(text) is None


def test_codes_are_long_and_differ() -> None:
    codes = {anonymous.new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(anonymous.find_code(code) == code and len(code) == 24 for code in codes)


def test_in_web_chat_the_code_stays_until_it_was_shown(desk: Desk) -> None:
    desk.receive("kirim", LATER, channel="webchat")
    work = UnitOfWork(claimed(desk.ledger, now=LATER), LATER, matter="m9", left="(dihapus)")
    work.replies = [Reply("K7M2-QX9P-4RTW-HJ8D-V3NC")]
    desk.ledger.transact(unit_of_work.commit, work, "w1", LATER)
    mine = work.claim.conversation_id

    def shown() -> list[str]:
        return [one.text for one in desk.ledger.transact(chat.log, mine, 0, 9)]

    assert shown() == ["", "K7M2-QX9P-4RTW-HJ8D-V3NC"]
    desk.ledger.transact(chat.show, mine, 2, LATER)
    assert shown() == ["", "(dihapus)"]
