"""What those who watch the system see: one name from webhook to send, and counts without names."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY

from bot import log, metrics
from bot.channels.message import Reply, Sender
from bot.errors import Permanent, TurnFailed
from bot.ledger import levels
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.turn.failpoints import Failpoints
from bot.turn.intake import Delivery, Intake
from bot.turn.sender import Sender as Outbox
from bot.turn.worker import Worker
from tests.kit import START, Clock, message, receive

NIK, PHONE, MAIL = "3174012345678901", "628123456789", "siti.aminah@contoh.go.id"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log as it is written, by Nindy's own configuration."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    log.configure("INFO")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


async def echo(work: UnitOfWork) -> None:
    work.state = {"slots": {}, "loop": None}
    work.replies = [Reply(f"re: {work.claim.message.text}")]


async def fail(work: UnitOfWork) -> None:
    raise TurnFailed("no")


async def accept(outgoing: Outgoing) -> str:
    return f"wamid.{outgoing.id}"


async def refuse(outgoing: Outgoing) -> str:
    raise Permanent(131026)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class System:
    """Intake, worker and sender over one ledger."""

    def __init__(self, ledger: Ledger, owner: Owner, wake: Wake, clock: Clock, **of: Any) -> None:
        points, respond = Failpoints(), of.get("respond", echo)
        self.intake = Intake(ledger, wake, clock)
        self.worker = Worker(ledger, respond, echo, echo, owner, wake, clock, points)
        channels = {"whatsapp": of.get("send", accept)}
        self.sender = Outbox(ledger, channels, owner, wake, clock, points, timedelta(seconds=60))

    async def hear(self, *texts: str) -> None:
        sender = Sender(user_id="ID.siti", phone=PHONE)
        given = tuple(message(text, sender, text=text) for text in texts)
        await self.intake.store(Delivery(given, (), ()))
        await self.worker.drain()
        await self.sender.drain()


async def test_one_name_leads_from_the_webhook_to_the_bubble(
    ledger: Ledger, owner: Owner, wake: Wake, clock: Clock, lines: io.StringIO
) -> None:
    system = System(ledger, owner, wake, clock)
    await system.hear("satu")
    await system.hear("dua")
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    names: dict[str, list[str]] = {}
    for line in found:
        names.setdefault(line["trace"], []).append(line["event"])
    way = ["message received", "turn done", "bubble sent"]
    assert list(names.values()) == [way, way]


async def test_nothing_personal_is_in_the_log_or_on_the_page(
    ledger: Ledger, owner: Owner, wake: Wake, clock: Clock, lines: io.StringIO
) -> None:
    secret = f"nik saya {NIK}, surel {MAIL}"
    await System(ledger, owner, wake, clock, send=refuse).hear(secret, secret + "!")
    page = metrics.page(await ledger.run(levels.read, START)).body
    assert isinstance(page, bytes)
    for planted in (NIK, PHONE, MAIL, "ID.siti"):
        assert planted not in lines.getvalue()
        assert planted.encode() not in page


async def test_turns_and_bubbles_are_counted_by_how_they_ended(
    ledger: Ledger, owner: Owner, wake: Wake, clock: Clock
) -> None:
    names = [("nindy_turn_seconds_count", {"outcome": o}) for o in ("answered", "failed")]
    names += [
        ("nindy_send_seconds_count", {"channel": "whatsapp", "outcome": o})
        for o in ("sent", "Permanent")
    ]
    before = [value(name, **labels) for name, labels in names]
    await System(ledger, owner, wake, clock).hear("satu")
    await System(ledger, owner, wake, clock, send=refuse).hear("dua")
    await System(ledger, owner, wake, clock, respond=fail).hear("tiga")
    after = [value(name, **labels) for name, labels in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1, 1, 1]


async def test_what_waits_is_shown_with_its_age(ledger: Ledger, clock: Clock) -> None:
    receive(ledger, message("a"), message("b"), now=START - timedelta(seconds=90))
    text = metrics.page(await ledger.run(levels.read, clock())).body
    assert isinstance(text, bytes)
    assert b"\nnindy_inbox_waiting 2.0\n" in text and b"\nnindy_inbox_oldest_seconds 90.0\n" in text
    assert b'nindy_tickets_open{state="new"} 0.0' in text


async def test_the_edge_is_timed_by_route_and_status() -> None:
    async def hello(request: web.Request) -> web.Response:
        if "no" in request.query:
            raise web.HTTPForbidden
        return web.Response()

    app = web.Application()
    metrics.time_edge(app)
    app.router.add_get("/hello/{who}", hello)
    async with TestClient(TestServer(app)) as client:
        for path in ("/hello/siti", "/hello/budi", "/hello/budi?no=1", "/elsewhere"):
            await client.get(path)
    name = "nindy_edge_seconds_count"
    assert value(name, route="GET /hello/{who}", status="200") == 2
    assert value(name, route="GET /hello/{who}", status="403") == 1
    assert value(name, route="GET unknown", status="404") == 1
