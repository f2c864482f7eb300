"""The widget's files and the page that shows it (``static/``)."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from bot.channels.webchat.guard import public

_STATIC = Path(__file__).parent / "static"
_HASHED = re.compile(r".*\.[0-9a-f]{8,}\.(js|css)|.*-[0-9A-Za-z]{8,}\.(js|css)")
_KEPT = "public, max-age=31536000, immutable"
_ASKED_ABOUT = "public, max-age=300, must-revalidate"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@public
async def file(request: web.Request) -> web.StreamResponse:
    """Give one of the widget's files to any page."""
    name = request.match_info["name"]
    path = _STATIC / name
    if path.suffix not in (".js", ".css") or not path.is_file():
        raise web.HTTPNotFound
    headers = {
        "Cache-Control": _KEPT if _HASHED.fullmatch(name) else _ASKED_ABOUT,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return web.FileResponse(path, headers=headers)


async def page(_request: web.Request) -> web.StreamResponse:
    """Show the page with the widget on it."""
    path = _STATIC / "demo.html"
    if not path.is_file():
        raise web.HTTPNotFound
    headers = {
        "Content-Security-Policy": _PAGE_POLICY,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.FileResponse(path, headers=headers)
