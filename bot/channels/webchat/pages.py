"""The files of the web chat that a browser loads, and the page that shows them (`/`)."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).with_name("static")
DEMO = {"/": "demo.html", "/tentang": "tentang.html", "/demo.css": "demo.css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ASK_EACH_TIME = "no-cache"
_FIVE_MINUTES = "public, max-age=300"
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes
    type: str
    etag: str


class Pages:
    """Answers the launcher, the chat, its style sheet, and the demo page.

    The files are built from ``webchat/`` (`make webchat`) and stand in the repository.
    """

    def __init__(self) -> None:
        self._files = {path.name: _read(path) for path in STATIC.iterdir()}
        (self._chat,) = (name for name in self._files if name.startswith("chat-"))

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/webchat/nindy.js", self._launcher)
        app.router.add_get("/webchat/nindy.css", self._sheet)
        app.router.add_get(r"/webchat/chat-{hash:[0-9a-f]+}.js", self._module)
        for path in DEMO:
            app.router.add_get(path, self._demo)

    async def _launcher(self, request: web.Request) -> web.Response:
        return _public(self._answer(request, "nindy.js", _FIVE_MINUTES))

    async def _sheet(self, request: web.Request) -> web.Response:
        return _public(self._answer(request, "nindy.css", _FIVE_MINUTES))

    async def _module(self, request: web.Request) -> web.Response:
        # A launcher from before an update asks for the old name: it gets today's chat, unkept.
        asked = request.path.rpartition("/")[2]
        kept = _FOR_EVER if asked == self._chat else _ASK_EACH_TIME
        return _public(self._answer(request, self._chat, kept))

    async def _demo(self, request: web.Request) -> web.Response:
        answer = self._answer(request, DEMO[request.path], _ASK_EACH_TIME)
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    def _answer(self, request: web.Request, name: str, kept: str) -> web.Response:
        file = self._files[name]
        headers = {
            "Cache-Control": kept,
            "Content-Type": file.type,
            "ETag": f'"{file.etag}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if any(tag.value == file.etag for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(
                body=file.packed, headers={**headers, "Content-Encoding": "gzip"}
            )
        return web.Response(body=file.body, headers=headers)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(
        body=body,
        packed=gzip.compress(body, mtime=0),
        type=f"{kind}; charset=utf-8",
        etag=hashlib.sha256(body).hexdigest()[:20],
    )


def _public(answer: web.Response) -> web.Response:
    """Let every site load it: the launcher fetches the chat as a module, which asks for CORS."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
