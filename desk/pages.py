"""Templates, messages to be shown once, and pages for what went wrong."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.clock import JAKARTA
from desk.cookies import FLASH
from desk.keys import AGENT, CSRF, DESK
from desk.security import Forged, Handler, is_page, roles_of

log = logging.getLogger(__name__)

_TEMPLATES = Path(__file__).parent / "templates"
_FLASH_LIFE = timedelta(minutes=1)


def add_templates(app: web.Application) -> None:
    """Let the pages of an application be made of templates."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wib"] = lambda at: at.astimezone(JAKARTA).strftime("%d-%m-%Y %H.%M WIB")


def render(
    request: web.Request, template: str, status: int = 200, **context: Any
) -> web.StreamResponse:
    """Make a page; a waiting message is shown in it and forgotten."""
    shared = _shared(request)
    response = aiohttp_jinja2.render_template(
        template, request, {**shared, **context}, status=status
    )
    if shared["flash"]:
        request.app[DESK].cookies.drop(response, FLASH)
    return response


def go(request: web.Request, path: str, flash: str = "") -> web.Response:
    """Send the browser to a page, where the message of this name (`pesan.html`) is shown once."""
    response = web.Response(status=303, headers={"Location": path})
    if flash:
        request.app[DESK].cookies.put(response, FLASH, flash, _FLASH_LIFE)
    return response


def _shared(request: web.Request) -> dict[str, Any]:
    agent = request.get(AGENT)
    return {
        "agent": agent,
        "csrf": request.get(CSRF, ""),
        "flash": request.app[DESK].cookies.get(request, FLASH),
        "path": request.path,
        "may_open": _may_open(request) if agent else set(),
    }


def _may_open(request: web.Request) -> set[str]:
    return {
        route.resource.canonical
        for route in request.app.router.routes()
        if route.method == "GET"
        and route.resource is not None
        and request[AGENT].role in (roles_of(route.handler) or ())
    }


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what went wrong into a page, without a word of how it is built inside."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kind = "csrf" if isinstance(error, Forged) else str(error.status)
        return _error(request, kind, error.status, error.headers.get("HX-Redirect"))
    except Exception:
        # The path may hold a ticket's number, but never what people wrote.
        log.exception("desk page failed")
        return _error(request, "500", 500, None)


def _error(
    request: web.Request, kind: str, status: int, redirect: str | None
) -> web.StreamResponse:
    if is_page(request):
        return render(request, "galat.html", status, kind=kind)
    headers = {"HX-Redirect": redirect} if redirect else None
    return web.Response(status=status, text=kind, headers=headers)
