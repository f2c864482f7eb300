"""Who may open what: every route says it, and a route that says nothing opens for nobody."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.ledger import agents
from bot.ledger.agents import Role
from desk.cookies import GUEST, TOKEN
from desk.keys import AGENT, CSRF, DESK, SESSION

H = TypeVar("H", bound=Callable[..., Awaitable[web.StreamResponse]])
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOGIN = "/masuk"
_MARK = "nindy_roles"
READ_SECONDS = 30.0
"""So long a form may take to come."""
_SAFE = {"GET", "HEAD", "OPTIONS"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Stricter would make browsers send forms with the origin "null", which is refused below.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Forged(web.HTTPForbidden):
    """A change that does not come from one of our own pages."""


def requires(*roles: Role) -> Callable[[H], H]:
    """Let these roles in; with none named, everybody who has signed in."""

    def mark(handler: H) -> H:
        setattr(handler, _MARK, frozenset(roles or Role))
        return handler

    return mark


def public(handler: H) -> H:
    """Let everybody in; the handler sees no agent."""
    setattr(handler, _MARK, frozenset())
    return handler


def roles_of(handler: Any) -> frozenset[Role] | None:
    """Return who may use a handler: empty is everybody, None is nobody."""
    found: frozenset[Role] | None = getattr(handler, _MARK, None)
    return found


def is_page(request: web.Request) -> bool:
    """Say whether the answer is shown as a whole page (not put in by htmx, not read as data)."""
    return "HX-Request" not in request.headers and "text/html" in request.headers.get("Accept", "")


def local_path(path: str) -> str:
    """Return a path of this site, or the first page when it leads elsewhere."""
    plain = path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


async def protect(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers (a signal: errors and redirects get them too)."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks, and let in whom the route's handler names."""
    if request.match_info.http_exception is not None:
        return await handler(request)
    allowed = roles_of(request.match_info.handler)
    if allowed is None:
        raise web.HTTPForbidden
    desk = request.app[DESK]
    if not allowed:
        guest = desk.cookies.get(request, GUEST)
        request[CSRF] = desk.ledger.vault.key("csrf", guest) if guest else ""
        await _check_change(request)
        return await handler(request)
    token = desk.cookies.get(request, TOKEN)
    found = await desk.ledger.run(agents.of_session, token, desk.now()) if token else None
    if found is None:
        raise _sign_in_first(request)
    request[AGENT], request[SESSION] = found
    request[CSRF] = found[1].csrf
    if found[0].role not in allowed:
        raise web.HTTPForbidden
    await _check_change(request)
    return await handler(request)


def _sign_in_first(request: web.Request) -> web.HTTPException:
    if not is_page(request):
        return web.HTTPUnauthorized(headers={"HX-Redirect": LOGIN})
    back = request.path_qs if request.method == "GET" and request.path != "/" else ""
    return web.HTTPSeeOther(f"{LOGIN}?ke={quote(back, safe='')}" if back else LOGIN)


async def _form(request: web.Request) -> Mapping[str, object]:
    try:
        return await asyncio.wait_for(request.post(), READ_SECONDS)
    except asyncio.TimeoutError:
        raise web.HTTPRequestTimeout from None


async def _check_change(request: web.Request) -> None:
    if request.method in _SAFE:
        return
    origin = urlsplit(request.headers.get("Origin", ""))
    ours = urlsplit(request.app[DESK].url)
    if not origin.netloc or origin.netloc not in (request.host, ours.netloc):
        raise Forged
    token = request.headers.get("X-CSRF-Token", "")
    if not token and not request.content_type.endswith("json"):
        token = str((await _form(request)).get("csrf", ""))
    if not request[CSRF] or not hmac.compare_digest(token.encode(), request[CSRF].encode()):
        raise Forged
