"""A site on a fresh ledger, a second site of another origin, and a browser."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.kit import sqlite_ledger
from tests.product import free_port
from tests.web.conftest import open_chromium
from tests.web.webchat.site import Browsing, Later, Site, Visitor
from tests.webchat.stage import ORIGIN, Door

HOST_PAGE = """<!doctype html><html lang="id">
<head><meta charset="utf-8"><title>Satker Contoh</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<script src="{edge}/webchat/nindy.js" defer{attributes}></script></head>
<body><main><h1>Satker Contoh</h1><p>Situs lain.</p></main></body></html>"""


@pytest.fixture
def host_port() -> int:
    return free_port()


@pytest_asyncio.fixture
async def site(tmp_path: Path, host_port: int) -> AsyncIterator[Site]:
    port = free_port()
    edge = f"http://127.0.0.1:{port}"
    with sqlite_ledger(tmp_path) as ledger:
        origins = f"{edge},http://localhost:{host_port},{ORIGIN}"
        clock = Later()
        door = Door(ledger, clock, tmp_path, port, webchat_origins=origins)
        async with aiohttp.ClientSession() as door.session:
            await door.start()
            yield Site(door, edge, clock)
            await door.stop()


@pytest_asyncio.fixture
async def host(site: Site, host_port: int) -> AsyncIterator[str]:
    """A site of another origin; the query of its address becomes the tag's attributes."""

    async def page(request: web.Request) -> web.Response:
        attributes = "".join(
            f' data-{html.escape(key)}="{html.escape(value)}"'
            for key, value in request.query.items()
        )
        policy = (
            f"default-src 'none'; script-src {site.edge}; connect-src {site.edge}; img-src data:"
        )
        return web.Response(
            text=HOST_PAGE.format(edge=site.edge, attributes=attributes),
            content_type="text/html",
            headers={"Content-Security-Policy": policy},
        )

    app = web.Application()
    app.router.add_get("/", page)
    server = TestServer(app, host="localhost", port=host_port)
    await server.start_server()
    yield f"http://localhost:{host_port}"
    await server.close()


@pytest_asyncio.fixture
async def browsing(site: Site) -> AsyncIterator[Browsing]:
    async with open_chromium() as browser:
        opened = Browsing(browser, site.edge)
        yield opened
    for visitor in opened.visitors:
        visitor.quiet()


@pytest_asyncio.fixture
async def visitor(browsing: Browsing) -> Visitor:
    return await browsing.visitor()
