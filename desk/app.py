"""The desk's server: pages for agents, and how the system is for those who watch it."""

from __future__ import annotations

import logging
from pathlib import Path

from aiohttp import web

from bot import metrics
from bot.log import told
from desk import (
    account_page,
    alarm_page,
    broadcast_editor,
    broadcast_pages,
    faq_editor,
    faq_entry_page,
    faq_pages,
    files_page,
    live_page,
    login_page,
    oidc_page,
    queue_page,
    supervisor_page,
    ticket_actions,
    ticket_page,
)
from desk.keys import DESK, Desk
from desk.pages import add_templates, errors
from desk.security import guard, protect, public, requires
from desk.work import WORK, Work

log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"
_FILES = {path.name: path for path in _STATIC.iterdir() if path.suffix in (".css", ".js")}


def create_app(desk: Desk, work: Work) -> web.Application:
    """Make the application.

    Args:
        desk: The parts that the pages share.
        work: What the pages about tickets share beside it.
    """
    app = web.Application(middlewares=[errors, guard])
    app[DESK] = desk
    app[WORK] = work
    add_templates(app)
    app.on_response_prepare.append(protect)
    app.on_shutdown.append(_end_streams)
    app.router.add_get("/", _first)
    app.router.add_get("/healthz", _health)
    app.router.add_get("/readyz", _ready)
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/static/{name}", _static)
    # The changes of a ticket come last: their path takes every word that is left.
    for module in (
        login_page,
        oidc_page,
        account_page,
        alarm_page,
        queue_page,
        supervisor_page,
        broadcast_pages,
        broadcast_editor,
        faq_pages,
        faq_entry_page,
        faq_editor,
        live_page,
        files_page,
        ticket_page,
        ticket_actions,
    ):
        app.add_routes(module.routes)
    return app


async def _end_streams(app: web.Application) -> None:
    app[WORK].live.close()


@requires()
async def _first(_request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": "/antrean"})


@public
async def _health(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


@public
async def _ready(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    try:
        counts = await desk.counts()
    except Exception as error:
        log.warning("not ready, nothing can be counted: %s", told(error))
        return web.Response(text="database is away", status=503)
    if metrics.may_read(request, desk.metrics_token):
        return web.json_response(counts)
    return web.Response(text="ok")


@public
async def _metrics(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    return await metrics.answer(request, desk.ledger, desk.now, desk.metrics_token)


@public
async def _static(request: web.Request) -> web.StreamResponse:
    path = _FILES.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    # May be kept, but asked about each time: after an update no page runs with old files.
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})
