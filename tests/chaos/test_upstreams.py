"""R7 and R8: outside systems fail in every way, and take what they do not confirm.

The dialogue is the real one, the outside systems are the sandbox with its switches. A tenth meets
every fault once, with a short budget for each look-up; the whole meets every fault in every matter
with the budget of the product, and looks at the promised ten seconds.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from actions.clients.breaker import Breaker
from actions.clients.http import Upstream
from actions.clients.sakti import Sakti
from bot.api.courier import FIRST_PAUSE, LONGEST_PAUSE, Courier
from bot.api.crm import Crm
from bot.channels.message import Reply
from bot.errors import UpstreamError
from bot.ledger import subscribers
from bot.ledger.deliveries import Parcel
from bot.live.wake import Wake
from bot.turn.failpoints import Failpoints
from sandbox.app import create_app
from sandbox.faults import OFF, UPSTREAM
from tests.chaos.storm import VOLUME, WHOLE
from tests.conversations.stage import stage
from tests.kit import START, Clock, sqlite_ledger
from tests.ticketing import Desk

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300 + 180 * VOLUME)]

BUDGET = 8.0 if WHOLE else 0.8
PROMISED = 10.0
MONDAY = datetime(2026, 11, 23, 9)
LOST_ANSWERS = 50 * VOLUME

MATTERS: dict[str, tuple[str, str, list[str]]] = {
    "info_sp2d": ("span", "informasi SP2D", ["cek sp2d 260261301000123 rek 0012345678901"]),
    "status_supplier": (
        "span",
        "status pendaftaran supplier",
        ["cek supplier tipe 2 rek 0012345678901"],
    ),
    "register_kontrak": (
        "span",
        "nomor register kontrak",
        ["cek register kontrak satker 527010 nomor kontrak 001/PPK/2026"],
    ),
    "digit_status": (
        "digit",
        "akun Digit",
        ["cek status akun digit nip 198508122010121001 email siti@contoh.go.id"],
    ),
    "digit_address": (
        "digit",
        "akun Digit",
        ["akun digit", "2", "198508122010121001", "siti@contoh.go.id"],
    ),
    "digit_change": (
        "digit",
        "akun Digit",
        ["akun digit", "3", "3404051207850002", "budi@contoh.go.id"],
    ),
    "reset_sakti": (
        "sakti",
        "reset SAKTI",
        ["lupa password sakti nik 3171014508900001 satker 527010"],
    ),
}
"""What is asked: of which system, what it is called, and how a person says it."""

SYSTEMS = {"span": "SPAN", "sakti": "SAKTI", "digit": "Digit"}
SAYS = {
    **dict.fromkeys(("down", "error", "accept_then_drop"), "sedang tidak bisa dihubungi"),
    **dict.fromkeys(("slow", "hang", "drip"), "terlalu lama menjawab"),
    **dict.fromkeys(
        ("garbage", "truncated", "wrong_types", "huge", "redirect_loop", "wrong_charset"),
        "jawaban yang tidak bisa dibaca",
    ),
}
"""What a person hears of each fault."""

_MET = list(SAYS)
CASES = [
    (fault, matter)
    for number, fault in enumerate(_MET)
    for place, matter in enumerate(MATTERS)
    if WHOLE or place == number % len(MATTERS)
]


def test_every_fault_that_the_sandbox_knows_is_met() -> None:
    assert set(SAYS) == set(UPSTREAM) - {OFF}
    assert {matter for _, matter in CASES} == set(MATTERS)
    assert {fault for fault, _ in CASES} == set(SAYS)


@pytest.mark.rasa
@pytest.mark.parametrize(("fault", "matter"), CASES)
async def test_r7_a_fault_is_said_with_a_way_out(
    tmp_path: Path, dialogue: Any, executor: Any, fault: str, matter: str
) -> None:
    system, title, words = MATTERS[matter]
    async with stage(tmp_path, dialogue, executor, MONDAY, BUDGET) as play:
        for line in words[:-1]:
            await play.say(line)
        await play.faults({system: {"kind": fault, "seconds": 30}})
        began = time.monotonic()
        reply = await play.say(words[-1])
        took = time.monotonic() - began
        _apologises(reply, SAYS[fault], SYSTEMS[system], title)
        if WHOLE:
            assert took <= PROMISED
        again = await play.press("Buat tiket")
        assert title in again.text


def _apologises(reply: Reply, says: str, system: str, title: str) -> None:
    for words in (system, says, title):
        assert words in reply.text, reply.text
    assert [choice.title for choice in reply.choices] == ["Coba lagi", "Buat tiket", "Menu"]


@pytest.mark.rasa
async def test_r7_a_system_that_keeps_failing_is_left_alone_for_half_a_minute(
    tmp_path: Path, dialogue: Any, executor: Any
) -> None:
    (line,) = MATTERS["info_sp2d"][2]
    moment = 0.0
    async with stage(tmp_path, dialogue, executor, MONDAY) as play:
        breaker = play.clients.span.upstream.breaker = Breaker(clock=lambda: moment)

        async def asked() -> int:
            url = play._server.make_url("/sandbox/faults")
            async with play.session.get(url) as response:
                return int((await response.json())["span"]["hits"])

        async def answer(number: int) -> str:
            play.person = f"orang-{number}"
            return (await play.say(line)).text

        # A word that nothing mends is not asked twice: each question is one call.
        await play.faults({"span": "garbage"})
        for number in range(5):
            assert breaker.state == "closed"
            assert "tidak bisa dibaca" in await answer(number)
        assert breaker.state == "open" and await asked() == 5
        assert "sedang tidak bisa dihubungi" in await answer(5)
        moment += 29.9
        assert "sedang tidak bisa dihubungi" in await answer(6)
        assert await asked() == 5
        moment += 0.1
        assert breaker.state == "half_open"
        assert "tidak bisa dibaca" in await answer(7)
        assert await asked() == 6 and breaker.state == "open"
        moment += 30
        await play.faults({"span": "off"})
        assert "Kantor Pelayanan Contoh Jakarta" in await answer(8)
        assert breaker.state == "closed"


async def test_r8_changes_whose_answer_is_lost_are_made_once() -> None:
    made, told = 0, 0
    async with _sandbox() as server, aiohttp.ClientSession() as session:
        base = str(server.make_url("")).rstrip("/")

        def connected() -> Sakti:
            # A breaker of its own each time: that one opens is not what is looked at here.
            return Sakti(Upstream("sakti", f"{base}/sakti", "", session, 0.5, Breaker()))

        for number in range(LOST_ANSWERS):
            # Every second answer is lost however often a turn asks; the next turn has the same key.
            await _lose(session, server, "sakti", 1 if number % 2 else 99)
            for _ in range(2):
                try:
                    await _reset(connected(), f"percakapan:{number}")
                    told += 1
                    break
                except UpstreamError:
                    await _lose(session, server, "sakti", 0)
            else:
                raise AssertionError("told by nobody")
        async with session.get(server.make_url("/sandbox/upstream-calls")) as response:
            made = len((await response.json())["calls"])
    print(f"\nR8: {LOST_ANSWERS} changes whose answer was lost: {made} made, {told} told")
    assert made == told == LOST_ANSWERS


async def test_r8_tickets_whose_push_is_not_confirmed_are_in_the_crm_once(tmp_path: Path) -> None:
    clock = Clock()
    with sqlite_ledger(tmp_path) as ledger:
        ledger.transact(subscribers.set_crm, True, START)
        desk = Desk(ledger)
        numbers = {desk.open(person=f"p{n}") for n in range(LOST_ANSWERS)}
        async with _sandbox() as server, aiohttp.ClientSession() as session:
            await _lose(session, server, "crm", LOST_ANSWERS)
            upstream = Upstream(
                "crm", str(server.make_url("/crm")), "", session, 0.5, Breaker(failures=10**9)
            )

            async def nobody(_parcel: Parcel) -> None:
                raise AssertionError("no webhook is asked for")

            courier = Courier(ledger, nobody, {"crm": Crm(upstream)}, Wake(), clock, Failpoints())
            pushed: dict[str, Any] = {}
            for _ in range(20):
                await courier.drain()
                async with session.get(server.make_url("/sandbox/crm")) as response:
                    pushed = await response.json()
                clock.forward(seconds=FIRST_PAUSE + LONGEST_PAUSE)
    print(
        f"\nR8: {LOST_ANSWERS} tickets, {pushed['pushes']} pushes, {len(pushed['tickets'])} there"
    )
    assert {one["number"] for one in pushed["tickets"]} == numbers
    assert len(pushed["tickets"]) == LOST_ANSWERS
    assert pushed["pushes"] >= 2 * LOST_ANSWERS, "each was asked for again"


@asynccontextmanager
async def _sandbox() -> AsyncIterator[TestServer]:
    nothing = {"webhook_url": "http://127.0.0.1:1/", "app_secret": "x"}
    app = create_app(**nothing, access_token="x", phone_number_id="1")
    async with TestServer(app) as server:
        yield server


async def _lose(
    session: aiohttp.ClientSession, server: TestServer, system: str, times: int
) -> None:
    """Let a system take so many calls without an answer."""
    fault = {"kind": "accept_then_drop", "times": times} if times else OFF
    url = server.make_url("/sandbox/faults")
    async with session.put(url, json={system: fault}) as answer:
        assert answer.status == 200, await answer.text()


async def _reset(sakti: Sakti, key: str) -> None:
    user = {"nik": "3171014508900001", "kode_satker": "527010", "jenis": "password"}
    await sakti.reset(**user, request_id=key, idempotency_key=key)
