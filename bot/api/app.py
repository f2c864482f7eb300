"""The API's application, hung under ``/api`` of the public edge."""

from __future__ import annotations

from aiohttp import web

from bot.api import files, grant, tickets
from bot.api.door import guard
from bot.api.parts import API, Api
from bot.api.problems import problems

PREFIX = "/api"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def create_app(api: Api) -> web.Application:
    """Make the application."""
    app = web.Application(middlewares=[problems, guard])
    app[API] = api
    app.on_response_prepare.append(_protect)
    app.router.add_post("/token", grant.grant)
    app.add_routes(tickets.routes)
    app.add_routes(files.routes)
    return app


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
