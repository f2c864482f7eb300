"""``kill -9`` around a delivery: no event is lost, and no ticket is opened twice.

A program opens tickets over the API while the product is killed; its webhook and the CRM hear of
each. Between a webhook's 200 and our commit an event may come twice, under the same id: that is
counted and printed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.api.conftest import TICKET
from tests.product import Product

pytestmark = [pytest.mark.rasa, pytest.mark.chaos, pytest.mark.timeout(240)]

TICKETS = 8


async def _post(product: Product, api_key: str, path: str, body: Any, once: str) -> dict[str, Any]:
    """Ask until it is answered, as a program does whose server has gone away."""
    headers = {"Authorization": f"Bearer {api_key}", "Idempotency-Key": once}
    while True:
        try:
            async with product.session.post(
                product.edge + path, json=body, headers=headers
            ) as response:
                if response.status < 500:
                    assert response.status in (200, 201), await response.text()
                    return dict(await response.json())
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("failpoint", ["before_deliver:5", "after_deliver:5"])
async def test_killed_around_a_delivery(model: Path, tmp_path: Path, failpoint: str) -> None:
    heard: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(json.loads(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/kait", take)
    settings = {"NINDY_WEBHOOK_NETWORKS": "127.0.0.0/8", "NINDY_UPSTREAM_BUDGET": "2"}
    async with TestServer(app) as server, Product(tmp_path, **settings) as product:
        product.environment["NINDY_CRM_URL"] = f"{product.sandbox}/crm"
        api_key = product.let_in("portal", "tickets:write", str(server.make_url("/kait")))
        await product.start(failpoint)
        opening = asyncio.gather(
            *(_post(product, api_key, "/api/tickets", TICKET, f"t{n}") for n in range(TICKETS))
        )
        assert product.process is not None
        await asyncio.to_thread(product.process.wait, 60)
        assert product.process.returncode == -9, product.log[-2000:]
        await product.start()
        numbers = {made["number"] for made in await opening}
        assert len(numbers) == TICKETS
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            pushed = await product.get("/sandbox/crm")
            if {one["number"] for one in heard} == numbers and len(pushed["tickets"]) >= TICKETS:
                break
            await asyncio.sleep(0.2)
        assert {one["number"] for one in heard} == numbers, product.log[-3000:]
        assert sorted(one["number"] for one in pushed["tickets"]) == sorted(numbers)
        versions = defaultdict(list)
        for one in heard:
            versions[one["number"]].append((one["id"], one["version"]))
        for told in versions.values():
            assert len(set(told)) == 1, "an event comes again under its own id only"
        twice = len(heard) - TICKETS + pushed["pushes"] - TICKETS
        print(f"\nkilled {failpoint}: {TICKETS} tickets, lost 0, second tickets 0, twice {twice}")
        assert twice <= 8, "no more than was under way"
        product.kill()
