"""Events reach webhooks and the CRM over HTTP: signed, in order, again until they are taken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import jsonschema  # type: ignore[import-untyped]
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from ruamel.yaml import YAML

from actions.clients.breaker import Breaker
from actions.clients.http import Upstream
from bot.api import hooks
from bot.api.bubbles import ApiOut
from bot.api.courier import FIRST_PAUSE, GIVEN_UP, LONGEST_PAUSE, Courier, pause
from bot.api.crm import Crm
from bot.ledger import api_clients, deliveries, subscribers, tables
from bot.ledger.database import Ledger
from bot.ledger.deliveries import Parcel
from bot.live.wake import Wake
from bot.tickets.life import Resolution
from bot.turn.failpoints import Failpoints
from bot.turn.sender import Sender
from sandbox.app import create_app as create_sandbox
from tests.api import contract
from tests.api.conftest import ALL, Enter, Program
from tests.conftest import PROJECT
from tests.kit import START, Clock, owner, rows
from tests.ticketing import COMPLAINT, Desk

LOOPBACK = (ip_network("127.0.0.0/8"),)
CRM: Any = YAML(typ="safe", pure=True).load(PROJECT / "docs/upstream/crm.openapi.yaml")
Serve = Callable[..., Awaitable[TestServer]]


@dataclass
class Receiver:
    """A program's webhook: answers as told, first these, then always 204."""

    answers: list[Any] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    tries: int = 0
    headers: list[Any] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.tries += 1
        body = await request.read()
        self.headers.append(request.headers)
        self.raw.append(body)
        answer = self.answers.pop(0) if self.answers else 204
        if callable(answer):
            return await answer(request)
        if 200 <= answer < 300:
            contract.fits(contract.spec()["components"]["schemas"]["Event"], json.loads(body))
            self.got.append(json.loads(body))
        return web.Response(status=answer, headers={"Location": "/elsewhere"})


@pytest.fixture
async def receiver(aiohttp_server: Serve) -> Receiver:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/kait", made.take)
    server = await aiohttp_server(app)
    made.url = str(server.make_url("/kait"))  # type: ignore[attr-defined]
    return made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with hooks.open_session(LOOPBACK) as opened:
        yield opened


@pytest.fixture
def courier(ledger: Ledger, clock: Clock, session: aiohttp.ClientSession) -> Courier:
    carry = hooks.Hooks(session, LOOPBACK, clock)
    return Courier(ledger, carry, {}, Wake(), clock, Failpoints())


@pytest.fixture
def portal(enter: Enter, receiver: Receiver) -> Program:
    return enter(url=receiver.url)  # type: ignore[attr-defined]


def checked(secret: str, header: str, body: bytes, now: datetime = START) -> bool:
    """Check a signature with the very lines that docs/api.md gives to integrators."""
    lines = re.findall(r"```python\n(.*?)```", (PROJECT / "docs/api.md").read_text(), re.DOTALL)
    names = {
        "hmac": hmac,
        "hashlib": hashlib,
        "time": SimpleNamespace(time=now.timestamp),
        "secret": secret,
        "header": header,
        "body": body,
    }
    exec(lines[0], names)
    return bool(names["good"])


async def send(ledger: Ledger, clock: Clock, tmp_path: Path) -> None:
    """Empty the outbox through the channel of the API."""
    with owner(tmp_path) as name:
        channels = {deliveries.API: ApiOut(ledger, Wake(), clock)}
        settle = timedelta(seconds=60)
        await Sender(ledger, channels, name, Wake(), clock, Failpoints(), settle).drain()


def bubbles(ledger: Ledger) -> list[str]:
    return [row.state for row in rows(ledger, tables.outbox, tables.outbox.c.position)]


async def test_a_front_door_hears_all_that_happens_to_its_ticket(
    portal: Program, desk: Desk, courier: Courier, receiver: Receiver, clock: Clock, tmp_path: Path
) -> None:
    number = await portal.open()
    await courier.drain()
    desk.do("reply", number, "Mohon kirim nomor SPM.", True, at=clock())
    await send(desk.ledger, clock, tmp_path)
    assert bubbles(desk.ledger) == ["sent"]
    await courier.drain()
    assert bubbles(desk.ledger) == ["delivered"]
    await portal.post(f"/tickets/{number}/messages", {"text": "Nomornya 00012T."})
    desk.do("resolve", number, Resolution.SOLVED, "Sudah terbit.", at=clock())
    await send(desk.ledger, clock, tmp_path)
    await courier.drain()
    assert [(one["type"], one["state"]) for one in receiver.got] == [
        ("ticket.opened", "new"),
        ("ticket.changed", "waiting"),
        ("ticket.message", "waiting"),
        ("ticket.changed", "in_progress"),
        ("ticket.changed", "resolved"),
        ("ticket.message", "resolved"),
    ]
    assert {one["number"] for one in receiver.got} == {number}
    assert {(one["reference"], one["person"]) for one in receiver.got} == {
        ("CSO-77", "pengguna-12")
    }
    assert "Mohon kirim nomor SPM." in receiver.got[2]["text"]
    lines = (await portal.get(f"/tickets/{number}/messages")).body["messages"]
    assert [one["id"] for one in lines if one["from"] == "hai"] == [
        one["id"] for one in receiver.got if one["type"] == "ticket.message"
    ]


async def test_events_are_signed_with_both_secrets_while_one_is_rotated(
    portal: Program, ledger: Ledger, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    old: str = portal.signing  # type: ignore[attr-defined]
    await portal.open()
    await courier.drain()
    header, body = receiver.headers[0][hooks.SIGNATURE], receiver.raw[0]
    assert checked(old, header, body)
    assert receiver.headers[0]["X-Nindy-Event"] == receiver.got[0]["id"]
    assert not checked("other", header, body)
    assert not checked(old, header, body + b" ")
    assert not checked(old, header.replace("t=17", "t=18"), body)
    assert not checked(old, header, body, START + timedelta(minutes=6))
    new = ledger.transact(subscribers.rotate, portal.id, True, clock())
    await portal.open()
    await courier.drain()
    for secret in (old, new):
        assert checked(secret, receiver.headers[1][hooks.SIGNATURE], receiver.raw[1])


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
async def test_what_is_not_taken_comes_again_under_the_same_id(
    portal: Program, courier: Courier, receiver: Receiver, clock: Clock, status: int
) -> None:
    receiver.answers = [status]
    await portal.open()
    await courier.drain()
    assert (receiver.tries, receiver.got) == (1, [])
    clock.forward(seconds=FIRST_PAUSE)
    await courier.drain()
    assert len(receiver.got) == 1 and receiver.tries == 2
    assert receiver.raw[0] == receiver.raw[1]


async def test_answers_that_never_end_or_break_off_cost_one_try(
    portal: Program, courier: Courier, receiver: Receiver, clock: Clock, ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def drop(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with pytest.raises((ConnectionError, aiohttp.ClientConnectionError)):
            while True:
                await answer.write(b"x" * 65536)
        return answer

    receiver.answers = [drop, endless]
    await portal.open()
    await courier.drain()
    assert [row.error for row in rows(ledger, tables.delivery)] == ["connection"]
    clock.forward(seconds=FIRST_PAUSE)
    await courier.drain()
    # 200 was said; what follows it is not read.
    assert [row.state for row in rows(ledger, tables.delivery)] == ["done"]


async def test_a_program_that_hangs_is_left(
    portal: Program, courier: Courier, receiver: Receiver, ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    released = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    receiver.answers = [hang]
    await portal.open()
    session = courier._hooks._session  # type: ignore[attr-defined]
    monkeypatch.setattr(session, "_timeout", aiohttp.ClientTimeout(total=0.2))
    await courier.drain()
    released.set()
    assert [row.error for row in rows(ledger, tables.delivery)] == ["timeout"]


async def test_after_a_day_an_event_is_given_up_and_seen(
    portal: Program, desk: Desk, courier: Courier, receiver: Receiver, clock: Clock,
    tmp_path: Path, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    receiver.answers = [500] * 1000
    number = await portal.open()
    opened = clock()
    while clock() < opened + GIVEN_UP:
        await courier.drain()
        clock.forward(hours=1)
    assert 24 <= receiver.tries <= 40
    await courier.drain()
    assert [row.state for row in rows(desk.ledger, tables.delivery)] == ["dead"]
    assert "an event is given up" in caplog.text
    # What is said to the person fails visibly at the desk.
    desk.do("reply", number, "Halo", at=clock())
    await send(desk.ledger, clock, tmp_path)
    clock.forward(days=1)
    await courier.drain()
    await courier.drain()
    assert bubbles(desk.ledger) == ["failed"]
    receiver.answers = []
    desk.ledger.transact(deliveries.revive, portal.id, clock())
    await courier.drain()
    assert {one["type"] for one in receiver.got} >= {"ticket.opened", "ticket.message"}


def test_pauses_double_up_to_an_hour() -> None:
    for attempts in range(1, 100):
        longest = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
        assert longest / 2 <= pause(attempts).total_seconds() <= longest


async def test_a_webhook_that_now_leads_inside_is_not_called(
    portal: Program, ledger: Ledger, clock: Clock, receiver: Receiver, courier: Courier
) -> None:
    await portal.open()
    async with hooks.open_session(()) as session:
        strict = Courier(ledger, hooks.Hooks(session, (), clock), {}, Wake(), clock, Failpoints())
        await strict.drain()
        assert [row.error for row in rows(ledger, tables.delivery)] == ["address"]
        # A name that leads inside: the connection itself is refused.
        port = receiver.url.rpartition(":")[2]  # type: ignore[attr-defined]
        with ledger.engine.begin() as connection:
            connection.execute(tables.subscriber.update().values(url=f"https://localhost:{port}"))
        clock.forward(seconds=FIRST_PAUSE)
        await strict.drain()
    assert [row.error for row in rows(ledger, tables.delivery)] == ["address"]
    assert receiver.tries == 0


async def test_a_program_without_a_webhook_reads_what_is_said(
    enter: Enter, desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    plain = enter("tanpa-kait")
    number = await plain.open()
    desk.do("reply", number, "Halo", at=clock())
    await send(desk.ledger, clock, tmp_path)
    assert bubbles(desk.ledger) == ["sent"]
    assert rows(desk.ledger, tables.delivery) == []
    assert "Halo" in (await plain.get(f"/tickets/{number}/messages")).body["messages"][0]["text"]


async def test_what_nobody_may_read_fails_at_the_desk(
    portal: Program, enter: Enter, desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    became, closed_off = await portal.open(), await enter("lain").open()
    desk.do("route", became, COMPLAINT)
    desk.ledger.transact(api_clients.set_disabled, "lain", True, clock())
    for number in (became, closed_off):
        desk.do("reply", number, "Halo", at=clock())
    await send(desk.ledger, clock, tmp_path)
    assert bubbles(desk.ledger) == ["failed", "failed"]


async def test_a_bubble_that_is_handed_over_twice_is_one_event(
    portal: Program, desk: Desk, clock: Clock, tmp_path: Path, courier: Courier, receiver: Receiver
) -> None:
    number = await portal.open()
    desk.do("reply", number, "Halo", at=clock())
    await send(desk.ledger, clock, tmp_path)
    with desk.ledger.engine.begin() as connection:
        connection.execute(tables.outbox.update().values(state="unknown"))
    await send(desk.ledger, clock, tmp_path)
    await courier.drain()
    assert [one["type"] for one in receiver.got].count("ticket.message") == 1


async def test_it_runs_until_it_is_stopped_and_ends_what_is_under_way(
    portal: Program, courier: Courier, receiver: Receiver
) -> None:
    release, began = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        began.set()
        await release.wait()
        return web.Response()

    receiver.answers = [slow]
    running = asyncio.create_task(courier.run())
    await portal.open()
    await asyncio.wait_for(began.wait(), 10)
    courier.stop()
    assert not running.done()
    release.set()
    await asyncio.wait_for(running, 10)
    assert [row.state for row in rows(courier._ledger, tables.delivery)] == ["done"]


class TestCrm:
    """Tickets are pushed to the CRM (the sandbox's), each once."""

    @pytest.fixture
    async def pushed(
        self, aiohttp_server: Serve, ledger: Ledger, clock: Clock
    ) -> AsyncIterator[tuple[Courier, TestServer]]:
        nothing = {"webhook_url": "http://127.0.0.1:1/", "app_secret": "x"}
        app = create_sandbox(**nothing, access_token="x", phone_number_id="1")
        server = await aiohttp_server(app)
        ledger.transact(subscribers.set_crm, True, START)
        async with aiohttp.ClientSession() as session:
            url = str(server.make_url("/crm"))
            # Its breaker counts real seconds, and this clock is held.
            patient = Breaker(failures=10**9)
            crm = Crm(Upstream("crm", url, "kunci-crm", session, 0.5, patient))

            async def nobody(_parcel: Parcel) -> None:
                raise AssertionError

            yield (
                Courier(ledger, nobody, {"crm": crm}, Wake(), clock, Failpoints()),
                server,
            )

    async def kept(self, server: TestServer) -> Any:
        url = server.make_url("/sandbox/crm")
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.json()

    async def fault(self, server: TestServer, kind: str, times: int) -> None:
        url, body = server.make_url("/sandbox/faults"), {"crm": {"kind": kind, "times": times}}
        async with aiohttp.ClientSession() as session, session.put(url, json=body) as answer:
            assert answer.status == 200

    async def test_tickets_of_every_channel_are_there_and_complaints_are_not(
        self, pushed: tuple[Courier, TestServer], desk: Desk, enter: Enter
    ) -> None:
        courier, server = pushed
        over_api = await enter(scopes=ALL).open()
        number = desk.open()
        desk.open(COMPLAINT, person="budi")
        desk.do("claim", number)
        await courier.drain()
        found = {one["number"]: one for one in (await self.kept(server))["tickets"]}
        assert found.keys() == {over_api, number}
        assert (found[number]["state"], found[number]["version"]) == ("in_progress", 1)
        resolver = jsonschema.RefResolver.from_schema(CRM)
        schema = CRM["components"]["schemas"]["Ticket"]
        for one in found.values():
            jsonschema.Draft7Validator(schema, resolver=resolver).validate(one)

    @pytest.mark.parametrize(
        "kind", ["accept_then_drop", "error", "down", "garbage", "truncated", "wrong_types"]
    )
    async def test_an_answer_that_is_lost_makes_no_second_ticket(
        self, pushed: tuple[Courier, TestServer], desk: Desk, clock: Clock, kind: str
    ) -> None:
        courier, server = pushed
        numbers = {desk.open(person=f"orang-{n}") for n in range(5)}
        # Longer than the tries of one push last.
        await self.fault(server, kind, 40)
        for _ in range(12):
            await courier.drain()
            clock.forward(minutes=20)
        await self.fault(server, "off", 1)
        clock.forward(hours=1)
        await courier.drain()
        kept = (await self.kept(server))["tickets"]
        assert len(kept) == len(numbers) and {one["number"] for one in kept} == numbers
        assert {row.state for row in rows(desk.ledger, tables.delivery)} == {"done"}

    def test_the_contract_says_that_it_is_our_own(self) -> None:
        about = CRM["info"]["description"]
        assert "Nindy's own contract" in about and "is published" in about
        assert "NINDY_CRM_URL" in CRM["servers"][0]["description"]
        example = CRM["paths"]["/tickets"]["post"]["requestBody"]["content"]["application/json"]
        resolver = jsonschema.RefResolver.from_schema(CRM)
        jsonschema.Draft7Validator(
            CRM["components"]["schemas"]["Ticket"], resolver=resolver
        ).validate(example["example"])
