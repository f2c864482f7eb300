"""Clients that begin a request and let us wait for the rest are not waited for."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import run
from tests.product import free_port

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
SHORT = 0.2


async def begin(server: TestServer, path: str, kind: str, more: str = "") -> bytes:
    """Send the head of a request and half of its body; return the first line of the answer."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    host = f"{server.host}:{server.port}"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\n{more}"
    writer.write(f"{head}Content-Length: 10\r\n\r\n12345".encode())
    try:
        return await reader.readline()
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("path", "kind", "limit", "status"),
    [
        ("/webhooks/whatsapp", JSON, "bot.channels.whatsapp.webhook.READ_SECONDS", 408),
        ("/webchat/sessions", JSON, "bot.channels.webchat.wire._READ_SECONDS", 422),
        ("/api/token", FORM, "bot.api.reading.READ_SECONDS", 400),
    ],
)
async def test_half_a_body_is_not_waited_for_at_the_edge(
    edge: TestServer,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    kind: str,
    limit: str,
    status: int,
) -> None:
    monkeypatch.setattr(limit, SHORT)
    assert (await begin(edge, path, kind)).split()[1] == str(status).encode()


async def test_half_a_form_is_not_waited_for_at_the_desk(
    desk: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.security.READ_SECONDS", SHORT)
    origin = f"Origin: {desk.make_url('/').origin()}\r\n"
    assert (await begin(desk, "/masuk", FORM, origin)).split()[1] == b"408"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_half_a_head_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(run, "_IDLE_SECONDS", SHORT)
    port = free_port()
    async with run._door(web.Application(), "127.0.0.1", port, "EDGE"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_heads_are_small(edge: TestServer, desk: TestServer) -> None:
    async with aiohttp.ClientSession() as http:
        for server in (edge, desk):
            many = {f"X-{number}": "x" for number in range(200)}
            for headers in ({"X-Long": "x" * 9_000}, many):
                async with http.get(server.make_url("/healthz"), headers=headers) as answer:
                    assert answer.status == 400
            async with http.get(server.make_url("/healthz?" + "x" * 9_000)) as answer:
                assert answer.status == 400
