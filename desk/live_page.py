"""The stream of news (`/langsung`) and the sign of life of a ticket's page."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import web

from desk.keys import AGENT, DESK
from desk.live import told
from desk.pages import render
from desk.scope import WRITERS, sees
from desk.security import requires
from desk.work import WORK

routes = web.RouteTableDef()

LONGEST = 300.0
"""Seconds after which the browser has to come again, so that a session that ended is noticed."""
_PING = 20.0


@routes.get("/langsung")
@requires()
async def stream(request: web.Request) -> web.StreamResponse:
    """Tell which tickets change, until the page is closed."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    until = time.monotonic() + LONGEST
    async with request.app[WORK].live.page() as queue:
        await response.prepare(request)
        await response.write(b"retry: 2000\n\n")
        with contextlib.suppress(ConnectionResetError):
            while (left := until - time.monotonic()) > 0:
                try:
                    one = await asyncio.wait_for(queue.get(), min(_PING, left))
                except asyncio.TimeoutError:
                    await response.write(b": ping\n\n")
                    continue
                if one is None:
                    break
                if event := told(request[AGENT], one):
                    await response.write(event)
    return response


@routes.post("/tiket/{number}/lihat")
@requires(*WRITERS)
async def here(request: web.Request) -> web.StreamResponse:
    """Note that the agent looks at a ticket, and say who else does."""
    desk, number = request.app[DESK], request.match_info["number"]
    if not await desk.ledger.run(sees, request[AGENT], number):
        raise web.HTTPNotFound
    others = request.app[WORK].live.here(number, request[AGENT], desk.now())
    return render(request, "tiket_hadir.html", others=others)
