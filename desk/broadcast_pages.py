"""Broadcasts at the desk (`/broadcast`): the list, one of them with its report, and its steps."""

from __future__ import annotations

from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.broadcast import report
from bot.broadcast.changes import Broadcasts
from bot.broadcast.life import APPROVERS, AUTHORS, GOING, STOPPABLE, BroadcastRefused, Seen
from bot.broadcast.report import Dossier
from bot.broadcast.waves import DAY, reached
from bot.channels.whatsapp.errors import action_for
from bot.ledger.agents import Role
from bot.privacy import Vault
from desk.keys import AGENT, DESK
from desk.pages import go, render
from desk.security import requires
from desk.steps import Step, noted, plain, take
from desk.table import download
from desk.work import WORK

routes = web.RouteTableDef()

READERS = (*AUTHORS, Role.AUDITOR)
_COLUMNS = ("phone", "state", "reason", "code", "queued_at")
_SHOWN = 200
"""Recipients on the page; the table to download has all."""


@routes.get("/broadcast")
@requires(*READERS)
async def every(request: web.Request) -> web.StreamResponse:
    """Show the broadcasts."""
    found = await request.app[DESK].ledger.run(report.lines)
    return render(request, "broadcast_daftar.html", lines=found)


@routes.get("/broadcast/{id:[0-9]{1,18}}")
@requires(*READERS)
async def show(request: web.Request) -> web.StreamResponse:
    """Show one."""
    return await page(request)


@routes.get("/broadcast/{id:[0-9]{1,18}}/penerima.csv")
@requires(*READERS)
async def recipients(request: web.Request) -> web.StreamResponse:
    """Give the recipients as CSV, their numbers masked."""
    found = await _found(request)
    rows = await request.app[DESK].ledger.run(report.recipients, found.line.id)
    name = f"broadcast-{found.line.id}.csv"
    return download(name, _COLUMNS, ([getattr(row, one) for one in _COLUMNS] for row in rows))


@routes.post("/broadcast/{id:[0-9]{1,18}}/langkah/{step}")
@requires(*AUTHORS)
async def work_on(request: web.Request) -> web.StreamResponse:
    """Submit or stop it."""
    return await _change(request, _WORK)


@routes.post("/broadcast/{id:[0-9]{1,18}}/putusan/{step}")
@requires(*APPROVERS)
async def decide(request: web.Request) -> web.StreamResponse:
    """Approve or reject it."""
    return await _change(request, _DECISIONS)


async def page(
    request: web.Request, status: int = 200, refused: BroadcastRefused | None = None
) -> web.StreamResponse:
    """Make the page; 409 with the reason when a step was refused."""
    desk, work, agent = request.app[DESK], request.app[WORK], request[AGENT]
    found = await _found(request)
    rows = await desk.ledger.run(report.recipients, found.line.id, _SHOWN)
    return render(
        request,
        "broadcast.html",
        status,
        found=found,
        line=found.line,
        rows=rows,
        total=sum(found.counts.values()),
        going=found.line.state in GOING,
        refused=refused,
        group=next((g.name for g in work.catalogue.groups if g.number == found.group), ""),
        reached=await desk.ledger.run(_reached, desk.now()),
        waves=work.waves,
        can_write=agent.role in AUTHORS,
        may_decide=agent.role in APPROVERS,
        own=agent.id in found.writers,
        can_stop=found.line.state in STOPPABLE,
        failure=lambda code: action_for(code).value if code else "none",
    )


async def _found(request: web.Request) -> Dossier:
    found = await request.app[DESK].ledger.run(report.read, int(request.match_info["id"]))
    if found is None:
        raise web.HTTPNotFound
    return found


def _reached(connection: Connection, vault: Vault, now: Any) -> int:
    return reached(connection, now - DAY)


async def _change(request: web.Request, steps: dict[str, Step[Broadcasts]]) -> web.StreamResponse:
    id = int(request.match_info["id"])
    try:
        step = await take(request, steps, request.app[WORK].broadcasts, partial(Seen, id))
    except BroadcastRefused as refused:
        return await page(request, 409, refused)
    return go(request, f"/broadcast/{id}", f"broadcast_{step}")


_WORK: dict[str, Step[Broadcasts]] = {"ajukan": plain("submit"), "hentikan": plain("stop")}
_DECISIONS: dict[str, Step[Broadcasts]] = {"setujui": noted("approve"), "tolak": noted("reject")}
