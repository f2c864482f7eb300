"""Local servers that stand in for an outside system, well-behaved or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpRawServer

from actions.clients.http import Upstream

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as opened:
        yield opened


@pytest.fixture
def upstream_to(
    aiohttp_raw_server: AiohttpRawServer, session: aiohttp.ClientSession
) -> Callable[..., Awaitable[Upstream]]:
    """An `Upstream` to a server with the given handler."""

    async def build(handler: Handler, budget: float = 0.4, **options: Any) -> Upstream:
        server = await aiohttp_raw_server(handler)
        url = str(server.make_url("/span"))
        return Upstream("span", url, "the-token", session, budget, **options)

    return build


@pytest.fixture
async def upstream_to_raw(
    session: aiohttp.ClientSession,
) -> AsyncIterator[Callable[..., Awaitable[Upstream]]]:
    """An `Upstream` to a server that writes bytes of its own making."""
    servers: list[asyncio.AbstractServer] = []

    async def build(talk: Talk, budget: float = 0.4, **options: Any) -> Upstream:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                await talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the client has hung up, as it should
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        port = server.sockets[0].getsockname()[1]
        return Upstream("span", f"http://127.0.0.1:{port}", "", session, budget, **options)

    yield build
    for server in servers:
        server.close()
