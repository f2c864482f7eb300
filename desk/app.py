"""The desk's server. Until the desk itself is here it says so, and whether the system is well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

_PAGE = Path(__file__).parent / "static" / "placeholder.html"

Counts = Callable[[], Awaitable[dict[str, int]]]


def create_app(counts: Counts) -> web.Application:
    """Make the application.

    Args:
        counts: Gives the numbers of the readiness page: what waits, what failed.
    """

    async def page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(_PAGE, headers={"Content-Security-Policy": "default-src 'self'"})

    async def ready(_request: web.Request) -> web.Response:
        return web.json_response(await counts())

    async def health(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", ready)
    return app
