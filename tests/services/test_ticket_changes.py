"""Every change of a ticket: its state, its event, who is told, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.choice_ids import issue
from bot.channels.message import Kind
from bot.errors import TurnLost
from bot.ledger import claims, tables, unit_of_work
from bot.ledger.unit_of_work import UnitOfWork
from bot.ledger.window import OPEN_FOR
from bot.templates import SHOW, Occasion
from bot.tickets.life import OPEN, ChangeRefused, Priority, Resolution, State
from bot.tickets.record import USER, Seen
from tests.kit import START, answer, claimed, contents, rows, sibling, together
from tests.ticketing import (
    ANI,
    BROADCAST,
    BUDI,
    BUTTON_KEY,
    CATALOGUE,
    CHANGES,
    HELD,
    SPAN_SERVICE,
    TEMPLATES,
    WORDS,
    Desk,
    wib,
)

UNIT = "Direktorat Sistem Perbendaharaan"
LATER = wib(23, 10)
SHUT = START + OPEN_FOR
OCCASIONS = {
    "reply": Occasion.NEED_INFORMATION,
    "forward": Occasion.FORWARDED,
    "resolve": Occasion.RESOLVED,
}
Change = tuple[Any, ...]
WAIT: Change = ("reply", "mohon kirim ADK", True)
SOLVED: Change = ("resolve", Resolution.SOLVED)
FORWARD: Change = ("forward", "HAI Kemenkeu", True, "akun digit")
TAKE: Change = ("take_over",)


@dataclass(frozen=True)
class Case:
    """One change: what is done before, and what comes of it."""

    change: Change
    kind: str
    state: State
    detail: Any = None
    told: tuple[str, dict[str, str]] | None = None
    before: tuple[Change, ...] = ()
    by: str = BUDI


CASES = [
    Case(("claim",), "claimed", State.IN_PROGRESS),
    Case(("hand_over", "ani"), "assigned", State.NEW, {"owner": "ani"}),
    Case(("hand_over", None), "assigned", State.NEW, {"owner": None}, before=(("claim",),)),
    Case(
        ("reply", "sudah terbit"), "reply", State.IN_PROGRESS,
        {"text": "sudah terbit", "wait": False}, ("utter_balasan_petugas", {"isi": "sudah terbit"}),
    ),
    Case(
        WAIT, "reply", State.WAITING, {"text": WAIT[1], "wait": True},
        ("utter_balasan_petugas", {"isi": WAIT[1]}),
    ),
    Case(("note", "telepon KPPN"), "note", State.NEW, {"text": "telepon KPPN"}),
    Case(("resume",), "resumed", State.IN_PROGRESS, before=(WAIT,)),
    Case(("resume",), "resumed", State.IN_PROGRESS, before=(FORWARD,)),
    Case(("resume",), "reopened", State.IN_PROGRESS, before=(SOLVED,)),
    Case(("resume",), "reopened", State.IN_PROGRESS, before=(SOLVED, ("close",))),
    Case(
        ("answered", "ini ADK-nya", 1), "user_message", State.IN_PROGRESS,
        {"text": "ini ADK-nya", "inbox": 1}, before=(WAIT,), by=USER,
    ),
    Case(
        ("answered", "satu lagi", 1), "user_message", State.NEW,
        {"text": "satu lagi", "inbox": 1}, by=USER,
    ),
    Case(
        FORWARD, "forwarded", State.FORWARDED,
        {"to": "HAI Kemenkeu", "outside": True, "text": "akun digit"},
        ("utter_kabar_diteruskan", {"unit": "HAI Kemenkeu"}),
    ),
    Case(
        ("forward", UNIT, False, ""), "forwarded", State.FORWARDED,
        {"to": UNIT, "outside": False, "text": ""}, ("utter_kabar_diteruskan", {"unit": UNIT}),
    ),
    Case(
        ("accept", "nomor 4711"), "accepted", State.FORWARDED, {"text": "nomor 4711"},
        before=(FORWARD,),
    ),
    Case(
        SOLVED, "resolved", State.RESOLVED,
        {"resolution": "solved", "text": "", "handed_back": False},
        ("utter_kabar_selesai", {}),
    ),
    Case(
        ("resolve", Resolution.INFORMED, "lihat halaman 3"), "resolved", State.RESOLVED,
        {"resolution": "informed", "text": "lihat halaman 3", "handed_back": False},
        ("utter_kabar_selesai_isi", {"isi": "lihat halaman 3"}),
    ),
    Case(("close",), "closed", State.CLOSED, before=(SOLVED,)),
    Case(
        ("rate", 4), "rated", State.CLOSED, {"rating": 4},
        before=(SOLVED,), by=USER,
    ),
    Case(
        ("rate", 2), "rated", State.CLOSED, {"rating": 2},
        before=(SOLVED, ("close",)), by=USER,
    ),
    Case(("route", BROADCAST), "routed", State.NEW, {"from": SPAN_SERVICE, "to": BROADCAST}),
    Case(("prioritise", Priority.URGENT), "prioritised", State.NEW, {"priority": 1}),
    Case(TAKE, "taken_over", State.NEW, told=("utter_kabar_petugas_masuk", {})),
    Case(
        ("hand_back",), "handed_back", State.NEW, told=("utter_kabar_petugas_keluar", {}),
        before=(TAKE,),
    ),
]  # fmt: skip
every = pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.kind}-{c.state.value}")


def refused(desk: Desk, *change: Any, **more: Any) -> str:
    """Why a change is refused; it must leave everything as it was."""
    before = contents(desk.ledger)
    with pytest.raises(ChangeRefused) as caught:
        desk.do(*change, **more)
    assert contents(desk.ledger) == before
    return caught.value.reason


def prepare(desk: Desk, changes: tuple[Change, ...]) -> str:
    number = desk.open()
    for name, *args in changes:
        desk.do(name, number, *args)
    return number


@every
def test_a_change_is_a_state_an_event_a_version_and_word_to_the_person(
    desk: Desk, case: Case
) -> None:
    number = prepare(desk, case.before)
    version, told, past = desk.row(number).version, len(desk.told()), len(desk.events(number))
    desk.do(case.change[0], number, *case.change[1:], by=case.by, at=LATER, version=version)
    after = desk.row(number)
    assert (after.state, after.version, after.updated_at) == (case.state, version + 1, LATER)
    assert desk.events(number)[past:] == [(case.kind, case.by, LATER, case.detail)]
    texts = [bubble["text"] for bubble in desk.told()[told:]]
    if case.told is None:
        assert texts == []
    else:
        name, values = case.told
        assert texts == [WORDS.text(name, nomor=number, **values)]


@every
def test_a_stale_version_is_refused(desk: Desk, case: Case) -> None:
    number = prepare(desk, case.before)
    stale = desk.row(number).version
    desk.do("note", number, "meanwhile", by=ANI)
    name, *args = case.change
    assert refused(desk, name, number, *args, version=stale) == "changed"


@every
def test_a_ticket_that_does_not_exist_is_refused(desk: Desk, case: Case) -> None:
    name, *args = case.change
    assert refused(desk, name, "20261123-222222", *args) == "unknown"


@every
def test_outside_the_window_a_template_goes_out_or_the_event_says_that_none_did(
    desk: Desk, case: Case
) -> None:
    number = prepare(desk, case.before)
    before, name = len(desk.told()), case.change[0]
    more: dict[str, Any] = {}
    if name == "reply":
        assert refused(desk, name, number, *case.change[1:], at=SHUT) == "window"
        more = {"announce": Occasion.NEED_INFORMATION}
    desk.do(name, number, *case.change[1:], by=case.by, at=SHUT, **more)
    assert desk.row(number).state == case.state
    told, (kind, _, _, detail) = desk.told()[before:], desk.events(number)[-1]
    assert kind == case.kind
    if case.told is None:
        assert told == []
    elif name in OCCASIONS:
        words = [body["text"] for body in told]
        expected = TEMPLATES.reply(OCCASIONS[name], nomor=number, unit=str(case.change[1])).text
        assert words[-1] == expected and told[-1]["template"]
        # What the person has not read yet waits, and is not sent.
        assert len(words) == (1 if name == "forward" else 2)
        assert detail["told"] == "template"
    else:
        assert told == [] and detail == {"told": "nothing"}


def test_what_waits_is_announced_once_and_comes_when_the_person_writes(desk: Desk) -> None:
    number = desk.open()
    for text, told in (("pertama", "template"), ("kedua", "waits")):
        desk.do("reply", number, text, announce=Occasion.ANSWERED, at=SHUT)
        assert desk.events(number)[-1][3]["told"] == told
    desk.do("resolve", number, Resolution.SOLVED, "ketiga", at=SHUT)
    assert [state for _, state in desk.bubbles()] == [
        "parked",
        "queued",
        "parked",
        "parked",
        "queued",
    ]
    desk.receive("lihat", SHUT)
    answer(desk.ledger, "silakan", now=SHUT)
    words = [text for text, state in desk.bubbles() if state == "queued"]
    assert [
        word in text
        for word, text in zip(("pertama", "kedua", "ketiga", "silakan"), words, strict=True)
    ] == [True] * 4


def test_the_window_counts_from_the_last_message_and_not_in_web_chat(desk: Desk) -> None:
    whatsapp, web = desk.open(), desk.open(channel="webchat")
    desk.do("reply", whatsapp, "masih", at=SHUT - timedelta(seconds=1))
    desk.do("reply", web, "kapan saja", at=SHUT + timedelta(days=9))
    desk.hear("halo lagi", SHUT)
    desk.do("reply", whatsapp, "sekarang lagi", at=SHUT + timedelta(hours=23))
    assert len(desk.told()) == 3


def test_what_people_wrote_is_sealed(desk: Desk) -> None:
    number = desk.open()
    desk.do("reply", number, "rahasia sekali")
    desk.do("note", number, "rahasia sekali")
    desk.do(*FORWARD[:1], number, *FORWARD[1:])
    desk.do("accept", number, "rahasia sekali")
    desk.do("resolve", number, Resolution.SOLVED, "rahasia sekali")
    desk.do("rate", number, 1, by=USER)
    desk.do("comment", number, "rahasia sekali", by=USER)
    assert "rahasia" not in repr(contents(desk.ledger))
    assert desk.ledger.vault.open(desk.row(number).sealed_rating) == {"text": "rahasia sekali"}


# Who has it


def test_of_agents_who_claim_at_once_one_wins(desk: Desk) -> None:
    number = desk.open()

    def claim(place: int, version: int | None) -> str:
        # Every other one comes from another process.
        ledger = other if place % 2 else desk.ledger
        seen = Seen(number, version, f"agent:{place}", START)
        try:
            ledger.transact(CHANGES.claim, seen)
        except ChangeRefused as refusal:
            return refusal.reason
        return "won"

    with sibling(desk.ledger) as other:
        for version in (0, None):
            results = together([lambda p=p, v=version: claim(p, v) for p in range(6)])
            winner = results.index("won")
            lost = "changed" if version == 0 else "owned"
            assert sorted(results) == sorted(["won", *[lost] * 5])
            assert desk.row(number).owner_id == str(winner)
            assert [event[:2] for event in desk.events(number)[-1:]] == [
                ("claimed", f"agent:{winner}")
            ]
            desk.do("hand_over", number, None)


def test_a_ticket_of_somebody_else_is_not_claimed_but_handed_over(desk: Desk) -> None:
    number = desk.open()
    desk.do("claim", number)
    assert refused(desk, "claim", number, by=ANI) == "owned"
    desk.do("hand_over", number, "ani")
    assert (desk.row(number).owner_id, desk.row(number).state) == ("ani", "in_progress")
    desk.do("claim", number, by=ANI)
    desk.do("hand_over", number, None, by=ANI)
    assert (desk.row(number).owner_id, desk.row(number).state) == (None, "new")


def test_who_answers_or_resolves_has_it_unless_somebody_has(desk: Desk) -> None:
    first, second = desk.open(), desk.open(person="ali")
    desk.do("reply", first, "halo", by=ANI)
    desk.do("resolve", second, Resolution.SOLVED, by=ANI)
    desk.do("reply", first, "halo", by=BUDI, at=LATER)
    assert (desk.row(first).owner_id, desk.row(second).owner_id) == ("ani", "ani")
    assert desk.row(first).first_reply_at == START


# Steps


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ((), ("close",)),
        ((WAIT,), ("close",)),
        ((("claim",),), ("resume",)),
        ((SOLVED,), SOLVED),
        ((SOLVED, ("close",)), SOLVED),
        ((SOLVED, ("close",)), ("close",)),
        ((SOLVED,), FORWARD),
        ((FORWARD,), FORWARD),
    ],
)
def test_other_steps_are_refused(desk: Desk, before: tuple[Change, ...], change: Change) -> None:
    number = prepare(desk, before)
    assert refused(desk, change[0], number, *change[1:]) == "step"


def test_a_closed_ticket_is_not_answered(desk: Desk) -> None:
    number = prepare(desk, (SOLVED, ("close",)))
    assert refused(desk, "reply", number, "halo") == "closed"


def test_a_word_after_the_end_leaves_it_resolved(desk: Desk) -> None:
    number = prepare(desk, (SOLVED,))
    desk.do("reply", number, "sama-sama", True)
    assert (desk.row(number).state, desk.row(number).paused_at) == ("resolved", None)


# The clock: opened on Monday at 09.00 with 16 working hours, due on Wednesday at 09.00


def test_waiting_stops_the_clock_and_the_answer_starts_it(desk: Desk) -> None:
    number = desk.open()
    assert desk.row(number).due_at == wib(25, 9)
    desk.do("reply", number, "ADK?", True, at=wib(23, 11))
    assert (desk.row(number).paused_at, desk.row(number).due_at) == (wib(23, 11), wib(25, 9))
    desk.do("reply", number, "juga SPM", True, at=wib(23, 12))
    assert desk.row(number).paused_at == wib(23, 11)
    desk.answered(number, at=wib(24, 13))
    row = desk.row(number)
    assert (row.state, row.paused_at, row.paused_minutes) == ("in_progress", None, 600)
    assert row.due_at == wib(26, 11)
    desk.answered(number, "lagi", at=wib(24, 14))
    assert (desk.row(number).paused_minutes, desk.row(number).due_at) == (600, wib(26, 11))


def test_pauses_add_up_over_a_weekend(desk: Desk) -> None:
    number = desk.open()
    for begin, end in ((wib(23, 10), wib(23, 11)), (wib(23, 15), wib(24, 9))):
        desk.do("reply", number, "?", True, at=begin)
        desk.answered(number, at=end)
    assert (desk.row(number).paused_minutes, desk.row(number).due_at) == (180, wib(25, 12))
    desk.hear(at=wib(25, 11))
    desk.do("reply", number, "?", True, at=wib(25, 11))
    desk.answered(number, at=wib(30, 9))
    assert desk.row(number).paused_minutes == 180 + (5 + 8 + 8 + 1) * 60
    assert desk.row(number).due_at == wib(30, 10)


@pytest.mark.parametrize("change", [("resume",), FORWARD, SOLVED, ("reply", "tanpa menunggu")])
def test_whatever_ends_the_waiting_starts_the_clock(desk: Desk, change: Change) -> None:
    number = desk.open()
    desk.do("reply", number, "?", True, at=wib(23, 11))
    desk.do(change[0], number, *change[1:], at=wib(23, 13))
    row = desk.row(number)
    assert (row.paused_at, row.paused_minutes, row.due_at) == (None, 120, wib(25, 11))


def test_from_its_answer_on_a_reopened_ticket_has_lost_no_time(desk: Desk) -> None:
    number = desk.open()
    desk.do("reply", number, "?", True, at=wib(23, 10))
    desk.do("resolve", number, Resolution.SOLVED, at=wib(23, 11))
    desk.do("close", number, at=wib(25, 9))
    assert desk.row(number).paused_minutes == 60
    desk.answered(number, at=wib(26, 10))
    row = desk.row(number)
    assert (row.state, row.paused_minutes) == ("in_progress", (1 + 5 + 8 + 8 + 2) * 60)
    assert row.due_at == wib(30, 9)
    assert (desk.look(wib(26, 10)), desk.row(number).warned) == (0, 0)
    desk.hear(at=wib(26, 10))
    desk.do("reply", number, "?", True, at=wib(26, 11))
    desk.do("resume", number, at=wib(26, 12))
    assert (desk.row(number).paused_minutes, desk.row(number).due_at) == (25 * 60, wib(30, 10))


@pytest.mark.parametrize("by_person", [True, False])
@pytest.mark.parametrize("before", [(SOLVED,), (SOLVED, ("close",))])
def test_reopening_takes_the_end_back(
    desk: Desk, before: tuple[Change, ...], by_person: bool
) -> None:
    number = prepare(desk, before)
    assert (desk.row(number).resolution, desk.row(number).resolved_at) == ("solved", START)
    for times in (1, 2):
        if by_person:
            desk.answered(number, at=LATER)
        else:
            desk.do("resume", number, at=LATER)
        row = desk.row(number)
        assert (row.state, row.reopened) == ("in_progress", times)
        assert (row.resolution, row.resolved_at, row.closed_at) == (None, None, None)
        desk.do("resolve", number, Resolution.DOCUMENTED, at=LATER)


def test_a_route_brings_the_units_name_hours_and_due(desk: Desk) -> None:
    number = desk.open(service=None)
    assert desk.row(number).due_at == wib(25, 9)
    desk.do("route", number, BROADCAST, at=LATER)
    row = desk.row(number)
    assert (row.service, row.unit) == (BROADCAST, CATALOGUE.service(BROADCAST).unit)
    assert row.due_at == wib(24, 9)
    desk.do("route", number, None, at=LATER)
    row = desk.row(number)
    assert (row.service, row.unit, row.due_at) == (None, CATALOGUE.triage_unit, wib(25, 9))


def test_a_route_keeps_the_pauses(desk: Desk) -> None:
    number = desk.open()
    desk.do("reply", number, "?", True, at=wib(23, 11))
    desk.answered(number, at=wib(23, 13))
    desk.do("reply", number, "?", True, at=wib(23, 14))
    desk.do("route", number, BROADCAST, at=wib(23, 15))
    assert (desk.row(number).due_at, desk.row(number).paused_minutes) == (wib(24, 11), 120)
    desk.answered(number, at=wib(23, 16))
    assert (desk.row(number).due_at, desk.row(number).paused_minutes) == (wib(24, 13), 240)


# Forwarding


def test_another_unit_gets_the_ticket_an_outside_desk_does_not(desk: Desk) -> None:
    inside, outside = desk.open(), desk.open(person="ali")
    for number, to, out in ((inside, UNIT, False), (outside, "HAI Kemenkeu", True)):
        desk.do("route", number, SPAN_SERVICE)
        desk.do("claim", number)
        desk.do("forward", number, to, out, "")
    before = CATALOGUE.unit(SPAN_SERVICE)
    assert (desk.row(inside).unit, desk.row(inside).owner_id) == (UNIT, None)
    assert (desk.row(outside).unit, desk.row(outside).owner_id) == (before, "budi")


def test_a_receipt_belongs_to_the_last_forward_and_is_written_once(desk: Desk) -> None:
    number = desk.open()
    assert refused(desk, "accept", number, "nomor 1") == "no-forward"
    desk.do("forward", number, UNIT, False, "")
    desk.do("resume", number)
    desk.do("forward", number, "HAI Kemenkeu", True, "")
    desk.do("accept", number, "nomor 1", at=LATER)
    first, second = rows(desk.ledger, tables.ticket_forward, tables.ticket_forward.c.id)
    assert (first.accepted_at, first.sealed_receipt) == (None, None)
    assert (second.to_unit, second.sent_by, second.accepted_at) == ("HAI Kemenkeu", "budi", LATER)
    assert desk.ledger.vault.open(second.sealed_receipt) == {"text": "nomor 1"}


# The end and its rating


def test_the_end_asks_how_it_was(desk: Desk) -> None:
    number = prepare(desk, (SOLVED,))
    (bubble,) = desk.told()
    payloads = [f'/nilai{{"tiket":"{number}","nilai":"{rating}"}}' for rating in (5, 4, 3, 2, 1)]
    assert [choice["payload"] for choice in bubble["choices"]] == payloads
    assert bubble["choices"][0]["title"] == WORDS.text("utter_nilai_5")


@pytest.mark.parametrize("before", [(), (("claim",),), (WAIT,), (FORWARD,), (SOLVED, ("resume",))])
def test_only_what_is_finished_is_rated(desk: Desk, before: tuple[Change, ...]) -> None:
    number = prepare(desk, before)
    assert State(desk.row(number).state) in OPEN
    assert refused(desk, "rate", number, 5, by=USER) == "unfinished"


# Takeover


def heard(desk: Desk, text: str, at: datetime) -> UnitOfWork:
    """Let the person write while an agent holds the conversation."""
    desk.receive(text, at)
    work = UnitOfWork(claimed(desk.ledger, now=at), at)
    assert work.claim.holder_id is not None
    return work


async def test_what_is_heard_during_a_takeover_goes_onto_the_ticket(desk: Desk) -> None:
    number = desk.open()
    desk.do("take_over", number)
    desk.do("reply", number, "ADK?", True)
    told = len(desk.told())
    work = heard(desk, "ini ADK-nya", LATER)
    await HELD(work)
    desk.ledger.transact(unit_of_work.commit, work, "w1", LATER)
    detail = {"text": "ini ADK-nya", "inbox": work.claim.inbox_id}
    assert desk.events(number)[-1] == ("user_message", USER, LATER, detail)
    assert (desk.row(number).state, desk.row(number).paused_minutes) == ("in_progress", 60)
    assert len(desk.told()) == told
    assert [row.state for row in rows(desk.ledger, tables.inbox)] == ["done", "done"]


async def test_of_two_tickets_the_holders_hears(desk: Desk) -> None:
    mine, newer = desk.open(), desk.open(at=LATER)
    desk.do("take_over", mine)
    at = LATER + timedelta(minutes=1)
    work = heard(desk, "ini", at)
    await HELD(work)
    desk.ledger.transact(unit_of_work.commit, work, "w1", at)
    assert desk.events(mine)[-1][0] == "user_message" and desk.events(newer) == []


def test_a_solved_ticket_gives_the_conversation_back_in_the_same_bubble(desk: Desk) -> None:
    number = prepare(desk, (TAKE, SOLVED))
    assert rows(desk.ledger, tables.conversation)[0].holder_id is None
    assert len(desk.told()) == 2
    assert WORDS.text("utter_kabar_petugas_keluar") in desk.told()[-1]["text"]
    assert len(desk.told()[-1]["choices"]) == 5
    assert desk.events(number)[-1][3]["handed_back"] is True


async def test_who_only_presses_to_read_has_not_answered(desk: Desk) -> None:
    number = desk.open()
    desk.do("reply", number, "mohon kirim ADK", True)
    desk.do("take_over", number)
    conversation = desk.row(number).conversation_id
    desk.receive("Lihat balasan", kind=Kind.CHOICE, choice=issue(BUTTON_KEY, conversation, SHOW))
    work = UnitOfWork(claimed(desk.ledger), LATER)
    await HELD(work)
    desk.ledger.transact(unit_of_work.commit, work, "w1", LATER)
    assert desk.row(number).state == State.WAITING


def test_another_ticket_neither_ends_nor_solves_away_a_takeover(desk: Desk) -> None:
    mine, other = desk.open(), desk.open(at=LATER)
    desk.do("take_over", mine)
    assert refused(desk, "hand_back", other) == "free"
    desk.do("resolve", other, Resolution.SOLVED, at=LATER)
    assert rows(desk.ledger, tables.conversation)[0].held_ticket_id == desk.row(mine).id
    assert WORDS.text("utter_kabar_petugas_keluar") not in desk.told()[-1]["text"]


def test_without_a_takeover_nothing_is_heard(desk: Desk) -> None:
    number = desk.open()
    conversation = desk.row(number).conversation_id
    desk.ledger.transact(CHANGES.heard, conversation, "halo", 1, LATER)
    assert desk.events(number) == []


def test_one_agent_holds_a_conversation(desk: Desk) -> None:
    number = desk.open()
    assert refused(desk, "hand_back", number) == "free"
    desk.do("take_over", number)
    held = rows(desk.ledger, tables.conversation)[0]
    assert (held.holder_id, held.held_at, desk.row(number).owner_id) == ("budi", START, "budi")
    assert refused(desk, "take_over", number, by=ANI) == "held"
    assert refused(desk, "hand_back", number, by=ANI) == "holder"
    desk.do("hand_back", number, overrides=True, by=ANI)
    held = rows(desk.ledger, tables.conversation)[0]
    assert (held.holder_id, held.held_at, held.held_ticket_id) == (None, None, None)
    desk.do("take_over", number, by=ANI)
    assert rows(desk.ledger, tables.conversation)[0].holder_id == "ani"


@pytest.mark.parametrize("change", ["take_over", "hand_back"])
def test_a_turn_that_runs_meanwhile_is_lost_and_done_again(desk: Desk, change: str) -> None:
    number = desk.open()
    if change == "hand_back":
        desk.do("take_over", number)
    desk.receive("halo", LATER)
    work = UnitOfWork(claimed(desk.ledger, now=LATER), LATER, state={"slots": {}, "loop": None})
    desk.do(change, number, at=LATER)
    with pytest.raises(TurnLost):
        desk.ledger.transact(unit_of_work.commit, work, "w1", LATER)
    desk.ledger.transact(claims.give_back, work.claim, "w1", None)
    again = answer(desk.ledger, now=LATER)
    assert again.claim.inbox_id == work.claim.inbox_id
    assert again.claim.holder_id == ("budi" if change == "take_over" else None)


# All or nothing


@pytest.mark.parametrize("table", ["ticket", "ticket_event", "ticket_forward", "outbox"])
def test_a_failure_at_any_statement_undoes_the_change(desk: Desk, table: str) -> None:
    number = desk.open()
    before = contents(desk.ledger)

    def fail(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith((f"INSERT INTO {table} ", f"UPDATE {table} ")):
            raise RuntimeError("the disk is full")

    sa.event.listen(desk.ledger.engine, "after_cursor_execute", fail)
    with pytest.raises(RuntimeError, match="the disk is full"):
        desk.do("forward", number, UNIT, False, "")
    sa.event.remove(desk.ledger.engine, "after_cursor_execute", fail)
    assert contents(desk.ledger) == before


@pytest.mark.parametrize("table", ["ticket_event", "audit"])
def test_the_desk_of_these_tests_sees_a_rewritten_history(desk: Desk, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET kind = ''"):
        with pytest.raises(AssertionError, match="rewrites history"):
            desk.ledger.transact(lambda c, _v, s=statement: c.exec_driver_sql(s))
