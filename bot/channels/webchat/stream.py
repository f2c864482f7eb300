"""The stream of a conversation (server-sent events); the hub feeds it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator

from aiohttp import web

from bot.channels.webchat import events, tokens, wire
from bot.channels.webchat.guard import visit
from bot.channels.webchat.hub import Stream
from bot.channels.webchat.keys import CHAT, PLACE, Chat
from bot.channels.webchat.tokens import Token
from bot.errors import ChatRefused
from bot.ledger.chat_sessions import Session

routes = web.RouteTableDef()

LONGEST = 600.0
"""Seconds after which the client comes back, so that a token that ran out is noticed."""
PING = 20.0
WRITE_SECONDS = 20.0
"""A client that takes nothing for so long is dropped; it resumes when it comes back."""
OF_SESSION = 10
AT_MOST = 5000
"""Open streams of a session, and of this process."""
_BUFFER = 64 * 1024
"""Bytes that the kernel keeps for a client that reads slowly."""


@routes.get("/events")
async def stream(request: web.Request) -> web.StreamResponse:
    """Send everything after ``Last-Event-ID``, then whatever comes."""
    chat, by = request.app[CHAT], await visit(request)
    after = wire.number(request.headers.get("Last-Event-ID"), 0, 0)
    with _counted(chat, by.session, request[PLACE]):
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        )
        with chat.hub.stream(by.session, after, lambda: request.transport is None) as fed:
            await response.prepare(request)
            _keep_little(request)
            with contextlib.suppress(ConnectionResetError, asyncio.TimeoutError):
                await _write(request, response, events.RETRY)
                await _pass_on(request, response, fed, by.token)
    return response


async def _pass_on(
    request: web.Request, response: web.StreamResponse, fed: Stream, token: Token
) -> None:
    chat = request.app[CHAT]
    until = time.monotonic() + min(LONGEST, (token.expires_at - chat.clock()).total_seconds())
    due = token.is_due(chat.clock())
    while not fed.ended and (left := until - time.monotonic()) > 0:
        batch = await fed.take(min(PING, left))
        if not due and token.is_due(chat.clock()):
            due, now = True, chat.clock()
            fresh = tokens.renew(chat.token_key, token, now)
            expires = (now + tokens.LIFE).isoformat(timespec="seconds")
            batch += events.sse("token", {"token": fresh, "expires_at": expires})
        await _write(request, response, batch or events.PING)


async def _write(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    try:
        await asyncio.wait_for(response.write(data), WRITE_SECONDS)
    except asyncio.TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise


@contextlib.contextmanager
def _counted(chat: Chat, session: Session, place: str) -> Iterator[None]:
    if len(chat.hub) >= AT_MOST:
        raise ChatRefused("away")
    if chat.hub.of(session.key) >= OF_SESSION or chat.streams_at[place] >= chat.streams_of_address:
        raise ChatRefused("busy", int(PING))
    chat.streams_at[place] += 1
    try:
        yield
    finally:
        chat.streams_at[place] -= 1
        if not chat.streams_at[place]:
            del chat.streams_at[place]


def _keep_little(request: web.Request) -> None:
    transport = request.transport
    raw = transport.get_extra_info("socket") if transport is not None else None
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
