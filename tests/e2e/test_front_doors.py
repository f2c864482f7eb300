"""The real product with another program: a ticket over the API, its webhook, and the CRM."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.api.conftest import TICKET
from tests.product import Product

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(180)]


@pytest_asyncio.fixture
async def product(model: Path, tmp_path: Path) -> AsyncIterator[Product]:
    async with Product(tmp_path, NINDY_WEBHOOK_NETWORKS="127.0.0.0/8") as running:
        running.environment["NINDY_CRM_URL"] = f"{running.sandbox}/crm"
        await running.start()
        await running.ask("hangat", "halo", 60)
        yield running


async def until(wanted: Callable[[], Awaitable[bool]], product: Product) -> None:
    deadline = time.monotonic() + 30
    while not await wanted():
        assert time.monotonic() < deadline, product.log[-3000:]
        await asyncio.sleep(0.05)


async def test_a_ticket_is_routed_told_and_pushed(product: Product) -> None:
    heard: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(json.loads(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/kait", take)
    async with TestServer(app) as server:
        keys = {
            "portal": product.let_in("portal", "tickets:write", str(server.make_url("/kait"))),
            "crm-djpb": product.let_in("crm-djpb", "states:write"),
        }

        async def post(who: str, path: str, body: Any) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {keys[who]}", "Idempotency-Key": path}
            url = f"{product.edge}/api{path}"
            async with product.session.post(url, json=body, headers=headers) as response:
                assert response.status in (200, 201), await response.text()
                return dict(await response.json())

        told = {
            "subject": "Lupa kata sandi SAKTI",
            "chronology": "Operator lupa kata sandi SAKTI dan tidak bisa masuk sejak pagi.",
        }
        made = await post("portal", "/tickets", {**TICKET, **told, "service": None})
        assert made["service"] == 9, "the model has routed it"
        news = {"version": 0, "state": "resolved", "resolution": "solved", "text": "Sudah direset."}
        await post("crm-djpb", f"/tickets/{made['number']}/state", news)

        async def arrived() -> bool:
            pushed = (await product.get("/sandbox/crm"))["tickets"]
            return len(heard) == 3 and [one["state"] for one in pushed] == ["resolved"]

        await until(arrived, product)
    assert [one["type"] for one in heard] == ["ticket.opened", "ticket.changed", "ticket.message"]
    assert "Sudah direset." in heard[2]["text"]
    for marker in ("siti@contoh.go.id", "Siti Contoh", keys["portal"], "Lupa kata sandi"):
        assert marker not in product.log
