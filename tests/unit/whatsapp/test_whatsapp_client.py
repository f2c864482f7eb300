"""The Graph client against a server that answers whatever a test wants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer, unused_port

from bot.channels.message import Sender
from bot.channels.whatsapp import wire
from bot.channels.whatsapp.client import GraphClient
from bot.channels.whatsapp.errors import ERRORS, Action, GiveUp, TryLater, action_for, error_for
from bot.errors import ChannelError, Permanent, Retryable, Uncertain, Unwanted, WindowShut

NUMBER = "100000000000001"
TOKEN = "token-rahasia-uji"
PERSON = Sender(user_id="ID.13490000000000000001", phone="628110001111", name="Siti")
TEXT: dict[str, object] = {"type": "text", "text": {"preview_url": False, "body": "isi rahasia"}}
SHORT = aiohttp.ClientTimeout(total=0.5, connect=0.2)
PRIVATE = (TOKEN, "628110001111", "ID.1349", "isi rahasia", "Siti", "+62")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ACCEPTED = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+628110001111", "wa_id": "628110001111"}],
    "messages": [{"id": "wamid.OUT"}],
}


@asynccontextmanager
async def _client(handler: Handler) -> AsyncIterator[GraphClient]:
    app = web.Application()
    app.router.add_post(f"/v26.0/{NUMBER}/messages", handler)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield GraphClient(session, str(server.make_url("/v26.0")), NUMBER, TOKEN, SHORT)


def _answering(status: int, answer: object = None, body: str | None = None) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        if body is not None:
            return web.Response(status=status, text=body)
        return web.json_response(answer, status=status)

    return handle


def _refusal(code: object) -> dict[str, object]:
    details = "for +628110001111: isi rahasia"
    error = {"message": details, "code": code, "error_data": {"details": details}}
    return {"error": error}


async def _fails(handler: Handler) -> ChannelError:
    async with _client(handler) as client:
        with pytest.raises(ChannelError) as caught:
            await client.send(PERSON, TEXT, "out:1", None)
    said = f"{caught.value} {caught.value!r} {caught.value.detail}"
    assert not [private for private in PRIVATE if private in said]
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


async def test_what_is_sent() -> None:
    seen: list[Any] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request.headers["Authorization"], await request.json()))
        return web.json_response(ACCEPTED)

    async with _client(handle) as client:
        assert await client.send(PERSON, TEXT, "out:1", "wamid.IN") == "wamid.OUT"
        await client.send(Sender(user_id="ID.1"), TEXT, "out:2", None)
    assert seen[0] == (
        f"Bearer {TOKEN}",
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+628110001111",
            "type": "text",
            "text": {"preview_url": False, "body": "isi rahasia"},
            "biz_opaque_callback_data": "out:1",
            "context": {"message_id": "wamid.IN"},
        },
    )
    assert seen[1][1]["recipient"] == "ID.1"
    assert "to" not in seen[1][1]
    assert "context" not in seen[1][1]


@pytest.mark.parametrize(
    ("status", "code", "kind", "action"),
    [
        (400, 130429, Retryable, Action.SLOW_NUMBER),
        (429, 130429, Retryable, Action.SLOW_NUMBER),
        (400, 4, Retryable, Action.SLOW_NUMBER),
        (400, 131056, Retryable, Action.SLOW_PERSON),
        (429, 131056, Retryable, Action.SLOW_PERSON),
        (500, 131000, Retryable, Action.PASSING),
        (400, 131000, Retryable, Action.PASSING),
        (503, 2, Retryable, Action.PASSING),
        (400, 131047, WindowShut, Action.WINDOW),
        (400, 131026, Permanent, Action.RECIPIENT),
        (400, 131062, Permanent, Action.RECIPIENT),
        (400, 131050, Unwanted, Action.OPTED_OUT),
        (400, 100, Permanent, Action.BUG),
        (400, 132012, Permanent, Action.TEMPLATE),
        (500, 135000, Permanent, Action.BUG),
        (401, 190, Retryable, Action.ACCOUNT),
        (401, 0, Retryable, Action.ACCOUNT),
        (403, 210, Retryable, Action.ACCOUNT),
        (400, 131042, Retryable, Action.ACCOUNT),
        (200, 131047, WindowShut, Action.WINDOW),
        (400, 999999, Permanent, Action.BUG),
        (502, 999999, Retryable, Action.PASSING),
        (403, 999999, Retryable, Action.ACCOUNT),
    ],
)
async def test_refusals(status: int, code: int, kind: type[ChannelError], action: Action) -> None:
    error = await _fails(_answering(status, _refusal(code)))
    assert isinstance(error, kind)
    assert isinstance(error, (TryLater, GiveUp))
    assert (error.code, error.action) == (code, action)


@pytest.mark.parametrize(
    ("status", "kind", "action"),
    [
        (429, Retryable, Action.SLOW_NUMBER),
        (500, Retryable, Action.PASSING),
        (502, Retryable, Action.PASSING),
        (504, Retryable, Action.PASSING),
        (408, Retryable, Action.PASSING),
        (302, Retryable, Action.PASSING),
        (401, Retryable, Action.ACCOUNT),
        (400, Permanent, Action.BUG),
        (404, Permanent, Action.BUG),
    ],
)
@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"error":"x"}', '{"error":{"code":"x"}}'])
async def test_refusals_without_a_code(
    status: int, kind: type[ChannelError], action: Action, body: str
) -> None:
    error = await _fails(_answering(status, body=body))
    assert isinstance(error, kind)
    assert isinstance(error, (TryLater, GiveUp))
    assert (error.code, error.action) == (0, action)


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "null", "{}", '{"messages":[]}', '{"messages":[{"id":""}]}', "[" * 99_999],
)
async def test_an_answer_nobody_can_read_is_uncertain(body: str) -> None:
    assert isinstance(await _fails(_answering(200, body=body)), Uncertain)


async def test_a_time_out_after_sending_is_uncertain() -> None:
    async def handle(request: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.json_response(ACCEPTED)

    assert isinstance(await _fails(handle), Uncertain)


async def test_a_connection_lost_after_sending_is_uncertain() -> None:
    async def handle(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    assert isinstance(await _fails(handle), Uncertain)


def _torn(status: int) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"messages"')
        assert request.transport is not None
        request.transport.close()
        return response

    return handle


async def test_an_answer_torn_off_is_uncertain_only_when_it_accepts() -> None:
    assert isinstance(await _fails(_torn(200)), Uncertain)
    assert isinstance(await _fails(_torn(503)), Retryable)
    assert isinstance(await _fails(_torn(400)), Permanent)


async def test_redirects_are_not_followed() -> None:
    calls = 0

    async def handle(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=307, headers={"Location": str(request.url)})

    assert isinstance(await _fails(handle), Retryable)
    assert calls == 1


async def _unsent(client: GraphClient, to: Sender = PERSON) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await client.send(to, TEXT, "out:1", None)
    assert not [private for private in PRIVATE if private in f"{caught.value!r}"]
    return caught.value


async def test_nobody_listens() -> None:
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{unused_port()}/v26.0"
        error = await _unsent(GraphClient(session, url, NUMBER, TOKEN, SHORT))
    assert isinstance(error, TryLater)
    assert error.action is Action.PASSING


class _Resolver(AbstractResolver):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        await asyncio.sleep(self._seconds)
        raise OSError("no such host")

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("seconds", [0, 5], ids=["unknown host", "resolver hangs"])
async def test_a_connection_that_never_came_about(seconds: float) -> None:
    connector = aiohttp.TCPConnector(resolver=_Resolver(seconds))
    async with aiohttp.ClientSession(connector=connector) as session:
        error = await _unsent(GraphClient(session, "http://graph.test/v", NUMBER, TOKEN, SHORT))
    assert isinstance(error, TryLater)


async def test_a_closed_session_and_a_wrong_address() -> None:
    session = aiohttp.ClientSession()
    wrong = GraphClient(session, "nowhere", NUMBER, TOKEN, SHORT)
    assert isinstance(await _unsent(wrong), Permanent)
    await session.close()
    assert isinstance(await _unsent(wrong), Retryable)


async def test_a_person_without_an_address() -> None:
    async with _client(_answering(200, ACCEPTED)) as client:
        error = await _unsent(client, Sender(name="Siti"))
        assert isinstance(error, GiveUp)
        assert error.action is Action.RECIPIENT
        with pytest.raises(ValueError, match="callback"):
            await client.send(PERSON, TEXT, "x" * 513, None)


async def test_of_an_id_that_meta_did_not_give_nothing_is_said_to_meta() -> None:
    made, seen = wire.digest({"text": "x"}), list[Any]()

    async def handle(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.json_response(ACCEPTED)

    async with _client(handle) as client:
        await client.mark_read(made, typing=True)
        await client.send(PERSON, TEXT, "out:1", made)
    assert len(seen) == 1 and "context" not in seen[0]


async def test_mark_read() -> None:
    seen: list[Any] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.json_response({"success": True})

    async with _client(handle) as client:
        await client.mark_read("wamid.IN", typing=False)
        await client.mark_read("wamid.IN", typing=True)
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN"}
    assert seen == [read, {**read, "typing_indicator": {"type": "text"}}]


@pytest.mark.parametrize("status", [200, 400, 429, 500])
async def test_mark_read_never_fails(status: int) -> None:
    with structlog.testing.capture_logs() as logs:
        async with _client(_answering(status, _refusal(131000))) as client:
            await client.mark_read("wamid.IN", typing=True)
    assert [entry["event"] for entry in logs] == ["whatsapp_mark_read_failed"]
    assert not [private for private in PRIVATE if private in repr(logs)]


async def test_the_token_is_not_shown() -> None:
    async with aiohttp.ClientSession() as session:
        client = GraphClient(session, "http://x/v", NUMBER, TOKEN)
        assert TOKEN not in f"{client} {client!r}"


def test_table_of_errors() -> None:
    assert len(ERRORS) == 144
    for code, action in ERRORS.items():
        assert action_for(code) is action
        assert action_for(code, 500) is action
    assert action_for(None, 429) is Action.SLOW_NUMBER
    assert action_for(424242) is Action.BUG


@pytest.mark.parametrize("action", list(Action))
def test_every_action_has_its_exception(action: Action) -> None:
    error = error_for(action, 7, "x")
    later = {Action.SLOW_NUMBER, Action.SLOW_PERSON, Action.PASSING, Action.ACCOUNT}
    assert isinstance(error, Retryable if action in later else Permanent)
    assert (error.code, error.detail) == (7, "x")
