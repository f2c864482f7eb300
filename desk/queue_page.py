"""The queue of tickets (`/antrean`)."""

from __future__ import annotations

from aiohttp import web

from desk.pages import render
from desk.security import requires

routes = web.RouteTableDef()


@routes.get("/antrean")
@requires()
async def show(request: web.Request) -> web.StreamResponse:
    """Show what waits."""
    return render(request, "antrean.html")
