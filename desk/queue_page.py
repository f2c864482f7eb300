"""The queue of tickets (`/antrean`) and, apart from it, that of complaints (`/pengaduan`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.ledger.agents import Agent, Role
from bot.masking import veil
from bot.privacy import Vault
from bot.tickets import queue
from bot.tickets.life import State
from bot.tickets.queue import PAGE, Filter, Line
from desk.keys import AGENT, DESK
from desk.pages import go, render
from desk.scope import READERS, narrow
from desk.security import requires
from desk.work import SOON, WORK, Work

routes = web.RouteTableDef()

_FIRST = "buka"


def filters(agent: Agent, work: Work, now: datetime) -> dict[str, Filter]:
    """Return the filters by the names that their links carry."""
    return {
        "buka": Filter(),
        "saya": Filter(owner_id=agent.id),
        "unit": Filter(unit=agent.unit or work.catalogue.triage_unit),
        "bebas": Filter(unassigned=True),
        "segera": Filter(due_after=now, due_before=work.calendar.due(now, SOON)),
        "lewat": Filter(due_before=now),
        "menunggu": Filter(states=(State.WAITING,)),
        "selesai": Filter(states=(State.RESOLVED, State.CLOSED)),
    }


@routes.get("/antrean")
@requires(*READERS, Role.COMPLAINT_OFFICER)
async def show(request: web.Request) -> web.StreamResponse:
    """Show what waits."""
    if request[AGENT].role is Role.COMPLAINT_OFFICER:
        return go(request, "/pengaduan")
    return await _show(request)


@routes.get("/pengaduan")
@requires(Role.COMPLAINT_OFFICER)
async def complaints(request: web.Request) -> web.StreamResponse:
    """Show the complaints that wait."""
    return await _show(request)


async def _show(request: web.Request) -> web.StreamResponse:
    desk, work, agent = request.app[DESK], request.app[WORK], request[AGENT]
    now = desk.now()
    known = filters(agent, work, now)
    name = request.query.get("saring", _FIRST)
    chosen = name if name in known else _FIRST
    number = request.query.get("nomor", "").strip()[:20]
    page = request.query.get("hal", "1")
    page_number = int(page) if page.isascii() and page.isdecimal() and len(page) < 5 else 1
    wanted = Filter(states=tuple(State), number=number) if number else known[chosen]
    counts, found, total = await desk.ledger.run(
        _read, agent, known, wanted, (max(page_number, 1) - 1) * PAGE
    )
    context: dict[str, Any] = {
        "counts": counts,
        "chosen": "" if number else chosen,
        "number": number,
        "rows": [(line, veil(line.subject), work.due(line, now)) for line in found],
        "total": total,
        "page": max(page_number, 1),
        "pages": max(-(-total // PAGE), 1),
        "services": {service.number: service.name for service in work.catalogue.services},
    }
    template = "antrean_daftar.html" if "HX-Request" in request.headers else "antrean.html"
    return render(request, template, **context)


def _read(
    connection: Connection,
    vault: Vault,
    agent: Agent,
    known: dict[str, Filter],
    wanted: Filter,
    start: int,
) -> tuple[dict[str, int], list[Line], int]:
    counts = {}
    for name, each in known.items():
        allowed = narrow(agent, each)
        counts[name] = queue.count(connection, vault, allowed) if allowed else 0
    allowed = narrow(agent, wanted)
    if allowed is None:
        return counts, [], 0
    lines = queue.lines(connection, vault, allowed, start)
    return counts, lines, queue.count(connection, vault, allowed)
