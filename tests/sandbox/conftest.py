"""A sandbox with a receiver of webhooks that answers as told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.app import create_app

SECRET = "rahasia-uji"
TOKEN = "token-uji"
NUMBER = "100000000000001"
GRAPH = f"/graph/v26.0/{NUMBER}/messages"


@dataclass
class Clock:
    moment: datetime = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **delta: float) -> None:
        self.moment += timedelta(**delta)


@dataclass
class Receiver:
    """Stands for the bot's edge; `answers` are given first, then always 200."""

    answers: list[int] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        wanted = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        assert request.headers["X-Hub-Signature-256"] == f"sha256={wanted}"
        self.raw.append(raw)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.bodies.append(json.loads(raw))
        return web.Response(status=status)

    def items(self, kind: str) -> list[dict[str, Any]]:
        return [
            item
            for body in self.bodies
            for entry in body["entry"]
            for change in entry["changes"]
            for item in change["value"].get(kind, [])
        ]


@dataclass
class Sandbox:
    client: TestClient[Any, Any]
    receiver: Receiver
    clock: Clock

    async def write(self, person: str = "siti", **body: Any) -> str:
        body = body or {"text": "Halo"}
        answer = await self.client.post(f"/sandbox/people/{person}/messages", json=body)
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["wamid"])

    async def send(self, person: str = "siti", **message: Any) -> tuple[int, dict[str, Any]]:
        """Send as the bot does; returns status and body."""
        body = {
            "messaging_product": "whatsapp",
            "to": "+" + (await self.person(person))["phone"],
            **(message or {"type": "text", "text": {"body": "Halo juga"}}),
        }
        return await self.post(body)

    async def post(self, body: Any, token: str = TOKEN, path: str = GRAPH) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.client.post(path, json=body, headers=headers)
        return answer.status, await answer.json()

    async def person(self, slug: str) -> dict[str, Any]:
        people = (await self.get("/sandbox/people"))["people"]
        return next(person for person in people if person["id"] == slug)

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status == 200
        return await answer.json()

    async def fault(self, **wanted: Any) -> None:
        answer = await self.client.put("/sandbox/faults", json=wanted)
        assert answer.status == 200, await answer.text()

    async def settled(self, wanted: Callable[[], bool]) -> None:
        """Wait until something has come true."""
        for _ in range(400):
            if wanted():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("never came true")


@pytest.fixture
async def sandbox(
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
    aiohttp_server: Callable[..., Awaitable[TestServer]],
) -> Sandbox:
    receiver, clock = Receiver(), Clock()
    edge = web.Application()
    edge.router.add_post("/webhooks/whatsapp", receiver.take)
    server = await aiohttp_server(edge)
    app = create_app(
        webhook_url=str(server.make_url("/webhooks/whatsapp")),
        app_secret=SECRET,
        access_token=TOKEN,
        phone_number_id=NUMBER,
        now=clock,
    )
    return Sandbox(await aiohttp_client(app), receiver, clock)
