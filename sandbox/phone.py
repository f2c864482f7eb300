"""The phone in the browser: its files, and the stream of news."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from aiohttp import web
from aiohttp.client_exceptions import ClientConnectionResetError

from sandbox.world import World

STATIC = Path(__file__).with_name("static")
HEARTBEAT = 15.0
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Phone:
    """Answers ``/``, the static files, the news and the health checks."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.AbstractRouteDef]:
        """The paths."""
        return [
            web.get("/", self._page),
            web.static("/static", STATIC),
            web.get("/sandbox/events", self._news),
            web.get("/healthz", self._healthy),
            web.get("/readyz", self._ready),
        ]

    @staticmethod
    async def protect(_request: web.Request, answer: web.StreamResponse) -> None:
        """Add the strict headers to every answer."""
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "phone.html")

    async def _healthy(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _ready(self, _request: web.Request) -> web.Response:
        if self._world.webhooks.ready and not self._world.closing.is_set():
            return web.json_response({"status": "ready"})
        return web.json_response({"status": "not_ready"}, status=503)

    async def _news(self, request: web.Request) -> web.StreamResponse:
        """Stream news; ``?open=siti`` says that Siti's chat is on the screen."""
        events, person = self._world.events, request.query.get("open")
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        listener = events.listen(person)
        try:
            await answer.prepare(request)
            clock = {"hours": self._world.now.hours}
            about = {"run": events.run, "faults": self._world.faults.as_json(), "clock": clock}
            hello = json.dumps(about)
            await answer.write(f"retry: 1000\nevent: hello\ndata: {hello}\n\n".encode())
            if person is not None:
                self._world.statuses.opened(person)
            while not (listener.lost or self._world.closing.is_set()):
                news = await self._next(listener.queue)
                await answer.write(news.encode())
        except ClientConnectionResetError:
            pass
        finally:
            events.leave(listener)
        return answer

    async def _next(self, queue: asyncio.Queue[str]) -> str:
        closing = asyncio.ensure_future(self._world.closing.wait())
        arriving = asyncio.ensure_future(queue.get())
        try:
            await asyncio.wait(
                (closing, arriving), timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED
            )
            return arriving.result() if arriving.done() else ": still here\n\n"
        finally:
            closing.cancel()
            arriving.cancel()
