"""Trouble with our WhatsApp account (`/gangguan`), shown at the head of every page."""

from __future__ import annotations

from aiohttp import web

from bot.ledger import alarms
from bot.ledger.agents import Role
from desk.keys import AGENT, DESK
from desk.pages import go, render
from desk.security import requires

routes = web.RouteTableDef()

_MENDERS = (Role.SUPERVISOR, Role.ADMIN)


@routes.get("/gangguan")
@requires()
async def show(request: web.Request) -> web.StreamResponse:
    """Show what stands; nothing at all when all is well."""
    ledger = request.app[DESK].ledger
    return render(
        request,
        "gangguan.html",
        held_up=await ledger.run(alarms.held_up),
        standing=await ledger.run(alarms.standing),
        can_clear=request[AGENT].role in _MENDERS,
    )


@routes.post("/gangguan/{id:[0-9]{1,18}}/selesai")
@requires(*_MENDERS)
async def clear(request: web.Request) -> web.Response:
    """Note that it was dealt with; the same trouble may be told again."""
    desk, alarm_id = request.app[DESK], int(request.match_info["id"])
    await desk.ledger.run(alarms.clear, alarm_id, request[AGENT].id, desk.now())
    return go(request, "/antrean", "gangguan_selesai")
