"""The widget's files, and the pages that show it (``static/``)."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.channels.webchat.guard import public

STATIC = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
_DEMO = {"/": "demo.html", "/tentang": "tentang.html", "/demo.css": "demo.css"}
_STRICT = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
# The launcher of another site fetches the chat as a module, which asks for CORS.
_EVERYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_ASKED_ABOUT = {"Cache-Control": "no-cache"}
_FIVE_MINUTES = {"Cache-Control": "public, max-age=300"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes
    type: str
    etag: str


def widget_routes() -> list[web.RouteDef]:
    """Make the routes of what other sites load, below web chat's own prefix.

    The files are built from ``webchat/`` (`make webchat`) and stand in the repository.
    """
    files = {path.name: _read(path) for path in STATIC.iterdir() if path.suffix in (".js", ".css")}
    (today,) = (name for name in files if name.startswith("chat-"))

    @public
    async def launcher(request: web.Request) -> web.Response:
        return _answer(request, files["nindy.js"], {**_EVERYWHERE, **_FIVE_MINUTES})

    @public
    async def sheet(request: web.Request) -> web.Response:
        return _answer(request, files["nindy.css"], {**_EVERYWHERE, **_FIVE_MINUTES})

    @public
    async def chat(request: web.Request) -> web.Response:
        # A launcher from before an update asks for the old name: it gets today's chat, unkept.
        kept = _FOR_EVER if request.match_info["name"] == today else _ASKED_ABOUT
        return _answer(request, files[today], {**_EVERYWHERE, **kept})

    return [
        web.get("/nindy.js", launcher),
        web.get("/nindy.css", sheet),
        web.get(r"/{name:chat-[0-9a-f]+\.js}", chat),
    ]


def demo_routes() -> list[web.RouteDef]:
    """Make the routes of the pages that show the widget."""
    files = {path: _read(STATIC / name) for path, name in _DEMO.items()}

    async def page(request: web.Request) -> web.Response:
        return _answer(request, files[request.path], {**_STRICT, **_ASKED_ABOUT})

    return [web.get(path, page) for path in files]


def _answer(request: web.Request, file: _File, more: dict[str, str]) -> web.Response:
    headers = {
        "Content-Type": file.type,
        "ETag": f'"{file.etag}"',
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        **more,
    }
    if any(tag.value == file.etag for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=file.packed, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=file.body, headers=headers)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    return _File(
        body=body,
        packed=gzip.compress(body, mtime=0),
        type=f"{_TYPES[path.suffix]}; charset=utf-8",
        etag=hashlib.sha256(body).hexdigest()[:20],
    )
