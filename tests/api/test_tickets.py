"""Front doors open, read, continue and rate tickets, each its own."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from bot.ledger import tables
from bot.ledger.api_clients import Scope
from bot.ledger.database import Ledger
from bot.tickets.life import Resolution
from tests.api.conftest import OWN, TICKET, Enter, Matcher, Program
from tests.kit import Clock, rows
from tests.ticketing import CALENDAR, CATALOGUE, COMPLAINT, Desk

TIK_3 = 10


async def test_a_ticket_is_opened_as_the_bot_opens_one(
    portal: Program, ledger: Ledger, clock: Clock
) -> None:
    made = await portal.post("/tickets", {**TICKET, "service": 7})
    assert made.status == 201
    number = made.body["number"]
    assert made.headers["Location"] == f"/api/tickets/{number}"
    assert (made.body["state"], made.body["service"]) == ("new", 7)
    assert made.body["unit"] == CATALOGUE.unit(7)
    due = CALENDAR.due(clock(), CATALOGUE.hours(7))
    assert datetime.fromisoformat(made.body["due_at"]) == due
    assert (made.body["reference"], made.body["person"]) == ("CSO-77", "pengguna-12")
    row = rows(ledger, tables.ticket)[0]
    content = ledger.vault.open(row.sealed_content)
    assert (row.number, row.channel, row.client_id, row.user_group) == (number, "api", "portal", 1)
    assert content["email"] == "siti@contoh.go.id"
    assert content["chronology"] == TICKET["chronology"]
    assert (await portal.get(f"/tickets/{number}")).body == made.body


async def test_the_matcher_routes_what_names_no_service(portal: Program, matcher: Matcher) -> None:
    matcher.found = ((7, 0.97), (8, 0.02))
    assert (await portal.post("/tickets", TICKET)).body["service"] == 7
    assert matcher.asked == [f"{TICKET['subject']}\n{TICKET['chronology']}"]
    matcher.found = ((7, 0.3), (8, 0.29))
    unsorted = await portal.post("/tickets", TICKET)
    assert unsorted.body["service"] is None
    assert unsorted.body["unit"] == CATALOGUE.triage_unit


async def test_a_matcher_that_fails_costs_no_ticket(
    portal: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_self: Matcher, _text: str) -> Any:
        raise RuntimeError

    monkeypatch.setattr(Matcher, "__call__", broken)
    assert (await portal.post("/tickets", TICKET)).body["service"] is None


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"subject": None}, {("subject", "missing")}),
        ({"subject": "abc"}, {("subject", "length")}),
        ({"subject": "x" * 151}, {("subject", "length")}),
        ({"subject": "dua\nbaris di sini"}, {("subject", "characters")}),
        ({"chronology": "nol\x00 di dalam teks"}, {("chronology", "characters")}),
        ({"chronology": "\ud800 pengganti tunggal"}, {("chronology", "characters")}),
        ({"chronology": ["daftar"]}, {("chronology", "type")}),
        ({"name": "12345"}, {("name", "form")}),
        ({"email": "bukan surel"}, {("email", "form")}),
        ({"group": 14}, {("group", "choice")}),
        ({"group": True}, {("group", "choice")}),
        ({"group": None}, {("group", "missing")}),
        ({"service": 0}, {("service", "choice")}),
        ({"service": "7"}, {("service", "choice")}),
        ({"nik": "3171014508900001"}, {("nik", "unknown")}),
        ({"3171014508900001": "x", "siti@contoh.id": "x"}, {("", "unknown")}),
        ({"subject": "", "email": "x"}, {("subject", "length"), ("email", "form")}),
    ],
)
async def test_every_wrong_member_is_named_and_nothing_is_written(
    portal: Program, ledger: Ledger, changes: dict[str, Any], faults: set[tuple[str, str]]
) -> None:
    refused = await portal.post("/tickets", {**TICKET, **changes})
    assert (refused.status, refused.body["code"]) == (422, "invalid")
    assert {(one["member"], one["code"]) for one in refused.body["errors"]} == faults
    assert "3171014508900001" not in str(refused.body)
    assert rows(ledger, tables.ticket) == rows(ledger, tables.api_answer) == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b"\xff{}", b"[" * 60_000])
async def test_what_is_no_object_is_malformed(portal: Program, raw: bytes) -> None:
    refused = await portal.post("/tickets", raw)
    assert (refused.status, refused.body["code"]) == (400, "malformed")


async def test_other_media_and_large_bodies_are_refused(portal: Program) -> None:
    plain = await portal.post("/tickets", TICKET, **{"Content-Type": "text/plain"})
    assert (plain.status, plain.body["code"]) == (415, "media_type")
    large = await portal.post("/tickets", b'{"subject": "' + b"x" * 70_000)
    assert (large.status, large.body["code"]) == (413, "too_large")


async def test_a_group_that_is_not_served_hears_who_is_and_where_to_turn(
    portal: Program, ledger: Ledger
) -> None:
    refused = await portal.post("/tickets", {**TICKET, "group": 7, "service": TIK_3})
    assert (refused.status, refused.body["code"]) == (403, "group_not_served")
    assert [one["number"] for one in refused.body["groups_served"]] == [1, 2, 3, 8, 9]
    doors = [one.number for one in CATALOGUE.doors(7, TIK_3)]
    assert [one["number"] for one in refused.body["turn_to"]] == doors != []
    assert rows(ledger, tables.ticket) == []
    # The key stands for nothing yet, so the program may mend the request.
    await portal.open(group=7, service=doors[0])


async def test_a_complaint_needs_its_own_scope(
    enter: Enter, matcher: Matcher, ledger: Ledger
) -> None:
    portal = enter()
    for service, found in ((COMPLAINT, ()), (None, ((COMPLAINT, 0.99),))):
        matcher.found = found
        refused = await portal.post("/tickets", {**TICKET, "service": service})
        assert (refused.status, refused.body["code"]) == (403, "complaints_elsewhere")
        assert refused.body["channels"][0]["addresses"]
    assert rows(ledger, tables.ticket) == []
    wise = enter("wise", OWN | {Scope.COMPLAINTS})
    number = await wise.open(service=COMPLAINT)
    assert (await wise.get(f"/tickets/{number}")).body["service"] == COMPLAINT


async def test_a_ticket_that_becomes_a_complaint_is_gone_for_who_may_not_read_it(
    enter: Enter, desk: Desk
) -> None:
    portal, watcher = enter(), enter("watcher", frozenset({Scope.READ_ALL}))
    wise = enter("wise", OWN | {Scope.COMPLAINTS})
    number, theirs = await portal.open(), await wise.open()
    for one in (number, theirs):
        assert (await watcher.get(f"/tickets/{one}")).status == 200
        desk.do("route", one, COMPLAINT)
        assert (await watcher.get(f"/tickets/{one}")).status == 404
    assert (await portal.get(f"/tickets/{number}")).status == 404
    assert (await portal.get(f"/tickets/{number}/messages")).status == 404
    assert (await portal.post(f"/tickets/{number}/messages", {"text": "halo"})).status == 404
    for program in (portal, watcher):
        assert (await program.get("/tickets")).body["tickets"] == []
    assert (await wise.get(f"/tickets/{theirs}")).status == 200


async def test_another_programs_ticket_is_as_one_that_does_not_exist(
    enter: Enter, desk: Desk
) -> None:
    portal, other = enter(), enter("lain", OWN | {Scope.STATES})
    number, whatsapp = await portal.open(), desk.open()
    answers = [
        [
            await other.get(f"/tickets/{which}"),
            await other.get(f"/tickets/{which}/messages"),
            await other.post(f"/tickets/{which}/messages", {"text": "halo"}),
            await other.post(f"/tickets/{which}/rating", {"rating": 5}),
        ]
        for which in (number, whatsapp, "20260101-AAAAAA", "x" * 500, "%00")
    ]
    for known in answers:
        assert [one.status for one in known] == [404] * 4
        assert [one.body for one in known] == [one.body for one in answers[2]]
    assert (await other.get("/tickets")).body == {"tickets": [], "next": None}


async def test_the_scope_for_all_reads_other_channels_but_not_what_is_said(
    enter: Enter, desk: Desk
) -> None:
    watcher = enter("watcher", frozenset({Scope.READ_ALL}))
    number, complaint = desk.open(), desk.open(COMPLAINT, person="budi")
    shown = (await watcher.get(f"/tickets/{number}")).body
    assert (shown["channel"], shown["reference"]) == ("whatsapp", "")
    assert (await watcher.get(f"/tickets/{complaint}")).status == 404
    assert (await watcher.get(f"/tickets/{number}/messages")).status == 403
    listed = (await watcher.get("/tickets")).body["tickets"]
    assert [one["number"] for one in listed] == [number]


async def test_a_conversation_goes_both_ways_until_it_is_rated(
    portal: Program, desk: Desk, clock: Clock
) -> None:
    number = await portal.open()
    early = await portal.post(f"/tickets/{number}/rating", {"rating": 5})
    assert (early.status, early.body["code"]) == (409, "unfinished")
    desk.do("reply", number, "Mohon kirim nomor SPM.", True, at=clock.forward(minutes=5))
    assert (await portal.get(f"/tickets/{number}")).body["paused"] is True
    clock.forward(minutes=5)
    told = await portal.post(
        f"/tickets/{number}/messages", {"text": "Nomornya 00012T.\nTerima kasih"}
    )
    assert (told.body["state"], told.body["paused"]) == ("in_progress", False)
    desk.do("resolve", number, Resolution.SOLVED, "Sudah terbit.", at=clock.forward(minutes=5))
    lines = (await portal.get(f"/tickets/{number}/messages")).body["messages"]
    assert [one["from"] for one in lines] == ["hai", "person", "hai"]
    assert "Mohon kirim nomor SPM." in lines[0]["text"]
    assert lines[1]["text"] == "Nomornya 00012T.\nTerima kasih"
    rated = await portal.post(f"/tickets/{number}/rating", {"rating": 4})
    assert (rated.body["state"], rated.body["rating"]) == ("closed", 4)
    again = await portal.post(f"/tickets/{number}/rating", {"rating": 1})
    assert (again.status, again.body["code"]) == (409, "rated")
    for rating in (0, 6, "5", None):
        wrong = await portal.post(f"/tickets/{number}/rating", {"rating": rating})
        assert wrong.status == 422


async def test_what_a_person_adds_has_its_place_in_the_conversation(
    portal: Program, ledger: Ledger
) -> None:
    number = await portal.open()
    for text in ("Nomornya 00012T.", "Terima kasih"):
        await portal.post(f"/tickets/{number}/messages", {"text": text})
    places = [row.position for row in rows(ledger, tables.inbox, tables.inbox.c.id)]
    [conversation] = rows(ledger, tables.conversation)
    assert 0 < places[0] < places[1] == conversation.position


async def test_a_message_starts_no_turn(portal: Program, ledger: Ledger) -> None:
    number = await portal.open()
    await portal.post(f"/tickets/{number}/messages", {"text": "menu"})
    assert [row.state for row in rows(ledger, tables.inbox)] == ["done"]


async def test_two_tickets_of_one_person_do_not_mix(portal: Program, desk: Desk) -> None:
    first, second = await portal.open(), await portal.open()
    desk.do("reply", first, "Untuk yang pertama.")
    assert (await portal.get(f"/tickets/{second}/messages")).body["messages"] == []
    assert len((await portal.get(f"/tickets/{first}/messages")).body["messages"]) == 1


class TestOnce:
    """A change with a key is made once."""

    async def test_the_same_request_gets_the_same_answer(
        self, portal: Program, ledger: Ledger, desk: Desk, matcher: Matcher
    ) -> None:
        first = await portal.post("/tickets", TICKET, key="k1")
        desk.do("claim", first.body["number"])
        # Even when the matcher has changed its mind and would refuse today.
        matcher.found = ((COMPLAINT, 0.99),)
        again = await portal.post("/tickets", dict(reversed(TICKET.items())), key="k1")
        assert (again.status, again.body) == (201, first.body)
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(rows(ledger, tables.ticket)) == 1

    async def test_a_key_for_another_request_is_refused(self, portal: Program) -> None:
        number = (await portal.post("/tickets", TICKET, key="k1")).body["number"]
        other = await portal.post("/tickets", {**TICKET, "subject": "Lain lagi"}, key="k1")
        path = await portal.post(f"/tickets/{number}/messages", {"text": "halo"}, key="k1")
        for refused in (other, path):
            assert (refused.status, refused.body["code"]) == (422, "key_reused")

    async def test_programs_do_not_share_keys(self, enter: Enter, ledger: Ledger) -> None:
        for program in (enter(), enter("lain")):
            assert (await program.post("/tickets", TICKET, key="k1")).status == 201
        assert len(rows(ledger, tables.ticket)) == 2

    @pytest.mark.parametrize("key", ["", " ", "x" * 256, "spasi di", "é"])
    async def test_a_change_without_a_good_key_is_refused(self, portal: Program, key: str) -> None:
        refused = await portal.post("/tickets", TICKET, key=key)
        assert (refused.status, refused.body["code"]) == (400, "key_missing")

    async def test_many_at_once_open_one_ticket(self, portal: Program, ledger: Ledger) -> None:
        made = await asyncio.gather(
            *(portal.post("/tickets", TICKET, key="race") for _ in range(20))
        )
        assert {one.status for one in made} == {201}
        assert len({one.body["number"] for one in made}) == 1
        assert len(rows(ledger, tables.ticket)) == 1

    async def test_a_message_sent_twice_is_written_once(
        self, portal: Program, ledger: Ledger
    ) -> None:
        number = await portal.open()
        for _ in range(2):
            said = await portal.post(f"/tickets/{number}/messages", {"text": "halo"}, key="m1")
            assert said.status == 200
        assert len(rows(ledger, tables.inbox)) == 1


class TestList:
    """Tickets in the order in which they changed, page by page."""

    async def test_pages_go_on_while_tickets_change(
        self, portal: Program, desk: Desk, clock: Clock
    ) -> None:
        numbers = []
        for _ in range(5):
            numbers.append(await portal.open())
            clock.forward(seconds=1)
        first = (await portal.get("/tickets?limit=2")).body
        assert [one["number"] for one in first["tickets"]] == numbers[:2]
        desk.do("claim", numbers[0], at=clock.forward(seconds=1))
        desk.do("claim", numbers[3], at=clock.forward(seconds=1))
        seen, cursor = [], first["next"]
        while cursor:
            page = (await portal.get(f"/tickets?limit=2&cursor={cursor}")).body
            seen += [one["number"] for one in page["tickets"]]
            cursor = page["next"]
        # What changed is listed again behind the others; nothing is missed.
        assert seen == [numbers[2], numbers[4], numbers[0], numbers[3]]

    async def test_tickets_of_the_same_moment_are_all_listed(self, portal: Program) -> None:
        numbers = {await portal.open() for _ in range(7)}
        seen: list[str] = []
        path = "/tickets?limit=3"
        while True:
            page = (await portal.get(path)).body
            seen += [one["number"] for one in page["tickets"]]
            if page["next"] is None:
                break
            path = f"/tickets?limit=3&cursor={page['next']}"
        assert len(seen) == len(set(seen)) == 7 and set(seen) == numbers

    async def test_state_and_moment_narrow(self, portal: Program, desk: Desk, clock: Clock) -> None:
        old = await portal.open()
        later = clock.forward(minutes=1)
        new = await portal.open()
        moment = later.strftime("%Y-%m-%dT%H:%M:%SZ")
        shown = (await portal.get(f"/tickets?updated_since={moment}")).body["tickets"]
        assert [one["number"] for one in shown] == [new]
        east = (await portal.get("/tickets?updated_since=2026-11-23T09:01:00+07:00")).body
        assert [one["number"] for one in east["tickets"]] == [new]
        desk.do("claim", old)
        shown = (await portal.get("/tickets?state=in_progress")).body["tickets"]
        assert [one["number"] for one in shown] == [old]

    @pytest.mark.parametrize(
        "query",
        [
            "limit=0", "limit=101", "limit=x", "limit=-1", "limit=²", "state=done", "sort=x",
            "updated_since=kemarin", "updated_since=2026-11-23T09:00:00",
            "updated_since=0001-01-01T00:00:00%2B14:00",
            "cursor=x", "cursor=WzEsMl0", "cursor=%C3%A9", "cursor=" + "W1" * 3000,
        ],
    )  # fmt: skip
    async def test_a_wrong_question_is_named(self, portal: Program, query: str) -> None:
        refused = await portal.get(f"/tickets?{query}")
        assert (refused.status, refused.body["code"]) == (422, "invalid")
        assert refused.body["errors"][0]["member"] == query.partition("=")[0]
