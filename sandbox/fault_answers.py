"""How a misbehaving upstream answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from sandbox.events import Events
from sandbox.faults import OFF, Fault, Faults

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HUGE = 50 * 1024 * 1024
CHUNK = 64 * 1024
POLL = 0.2

GARBAGE = "<!DOCTYPE html><html><body><h1>Sistem sedang dalam pemeliharaan</h1></body></html>"
TRUNCATED = b'{"status": "terdaf'
WRONG_TYPES = {
    "status": 17,
    "cocok": "ya",
    "nama_kl": ["Kementerian"],
    "kode_satker": 29018,
    "nama_satker": None,
    "nomor_rekening": 12345678901,
    "tipe_supplier": 2,
    "nrs": {},
    "nrk": {},
    "alasan": 0,
    "diperbarui": [],
}
WRONG_CHARSET = '{"status": "diproses", "nama_satker": "Kantor Cafétéria"}'.encode("latin-1")


def drop(request: web.Request) -> web.Response:
    """Cut the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # never reaches anybody


async def wait_for_client(request: web.Request, closing: asyncio.Event) -> web.Response:
    """Say nothing until the client has gone or the sandbox stops."""
    while request.transport is not None and not closing.is_set():  # noqa: ASYNC110
        await asyncio.sleep(POLL)
    return drop(request)


async def _later(seconds: float, request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(seconds)
    return await handler(request)


class FaultAnswers:
    """Answers in place of an upstream while its switch is on."""

    def __init__(self, faults: Faults, events: Events, closing: asyncio.Event) -> None:
        self._faults = faults
        self._events = events
        self._closing = closing

    @property
    def middleware(self) -> Middleware:
        """The middleware for the whole application."""

        @web.middleware
        async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
            target = request.path.split("/", 2)[1]
            if target not in ("span", "sakti", "digit", "crm"):
                return await handler(request)
            fault = self._faults.strike(target)
            if fault.kind == OFF:
                return await handler(request)
            await request.read()  # kept: the client may be gone when the handler wants it
            self._events.note(target, fault.kind)
            return await self._answer(fault, request, handler)

        return misbehave

    async def _answer(
        self, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        match fault.kind:
            case "down":
                return drop(request)
            case "error":
                return web.json_response({"error": "internal"}, status=500)
            case "slow":
                # Shielded: a client that gave up does not undo what it asked for.
                return await asyncio.shield(_later(fault.seconds, request, handler))
            case "hang":
                return await wait_for_client(request, self._closing)
            case "garbage":
                return web.Response(text=GARBAGE, content_type="text/html")
            case "truncated":
                return web.Response(body=TRUNCATED, content_type="application/json")
            case "wrong_types":
                return web.json_response(WRONG_TYPES)
            case "huge":
                return await self._huge(request)
            case "drip":
                return await self._drip(request, await handler(request))
            case "redirect_loop":
                raise web.HTTPTemporaryRedirect(request.path)
            case "wrong_charset":
                headers = {"Content-Type": "application/json; charset=utf-8"}
                return web.Response(body=WRONG_CHARSET, headers=headers)
            case _:  # accept_then_drop
                await handler(request)
                return drop(request)

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        await answer.write(b'{"status": "')
        for _ in range(HUGE // CHUNK):
            if self._closing.is_set():
                break
            await answer.write(b"x" * CHUNK)
        await answer.write(b'"}')
        return answer

    async def _drip(self, request: web.Request, real: web.StreamResponse) -> web.StreamResponse:
        body = real.body if isinstance(real, web.Response) else b"{}"
        body = body if isinstance(body, bytes) else b"{}"
        answer = web.StreamResponse(
            status=real.status,
            headers={"Content-Type": "application/json", "Content-Length": str(len(body))},
        )
        await answer.prepare(request)
        for at in range(len(body)):
            if self._closing.is_set() or request.transport is None:
                break
            await answer.write(body[at : at + 1])
            await asyncio.sleep(1)
        return answer
