"""Signing in and out: login and password, then the code; `/masuk` and `/keluar`."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.ledger import agents
from bot.ledger.agents import Agent
from desk.cookies import BROWSER, GUEST, HALF, TOKEN
from desk.keys import CSRF, DESK
from desk.login import Whence
from desk.pages import go, render
from desk.security import LOGIN, local_path, public, requires

routes = web.RouteTableDef()

_CODE = "/masuk/kode"
_HALF_LIFE = timedelta(minutes=5)
_BROWSER_LIFE = timedelta(days=180)


@routes.get(LOGIN)
@public
async def show(request: web.Request) -> web.StreamResponse:
    """Ask for login and password."""
    return page(request, "masuk.html", ke=local_path(request.query.get("ke", "/")))


@routes.post(LOGIN)
@public
async def give_password(request: web.Request) -> web.StreamResponse:
    """Judge login and password; ask for the code where there is one."""
    desk = request.app[DESK]
    form = await request.post()
    login = str(form.get("login", "")).strip().casefold()[:64]
    ke = local_path(str(form.get("ke", "/")))
    come_from = whence(request)
    if await desk.login.is_flooded(login, come_from):
        raise web.HTTPTooManyRequests
    agent = await desk.login.password(login, str(form.get("password", "")), come_from)
    if agent is None:
        return page(request, "masuk.html", 401, ke=ke, refused=True)
    if not agent.totp:
        return await signed_in(request, agent, ke)
    response = go(request, _CODE)
    until = (desk.now() + _HALF_LIFE).isoformat()
    half = {"login": agent.login, "until": until, "ke": ke}
    desk.cookies.seal(response, HALF, half, _HALF_LIFE)
    return response


@routes.get(_CODE)
@public
async def ask_code(request: web.Request) -> web.StreamResponse:
    """Ask for the code."""
    return page(request, "kode.html") if _half(request) else go(request, LOGIN)


@routes.post(_CODE)
@public
async def give_code(request: web.Request) -> web.StreamResponse:
    """Judge the code."""
    half = _half(request)
    if not half:
        return go(request, LOGIN, "masuk_lagi")
    code = "".join(str((await request.post()).get("code", "")).split())
    agent = await request.app[DESK].login.code(half["login"], code, whence(request))
    if agent is None:
        return page(request, "kode.html", 401, refused=True)
    response = await signed_in(request, agent, half["ke"])
    request.app[DESK].cookies.drop(response, HALF)
    return response


@routes.post("/keluar")
@requires()
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    desk = request.app[DESK]
    await desk.ledger.run(agents.sign_out, desk.cookies.get(request, TOKEN), desk.now())
    response = go(request, LOGIN, "keluar")
    desk.cookies.drop(response, TOKEN)
    return response


async def signed_in(request: web.Request, agent: Agent, ke: str) -> web.Response:
    """Give the browser a new session; one that it had before ends."""
    desk = request.app[DESK]
    before = desk.cookies.get(request, TOKEN)
    if before:
        await desk.ledger.run(agents.sign_out, before, desk.now())
    come_from = whence(request)
    token = await desk.login.finish(agent, come_from)
    response = go(request, ke)
    desk.cookies.put(response, TOKEN, token)
    number = come_from.browser if come_from.knows(agent.login) else secrets.token_hex(16)
    known = {"login": agent.login, "number": number}
    desk.cookies.seal(response, BROWSER, known, _BROWSER_LIFE)
    return response


def whence(request: web.Request) -> Whence:
    """Tell where a try to sign in comes from."""
    desk = request.app[DESK]
    known = desk.cookies.open(request, BROWSER)
    return Whence(desk.proxies.of(request), known.get("login", ""), known.get("number", ""))


def page(
    request: web.Request, template: str, status: int = 200, **context: Any
) -> web.StreamResponse:
    """Make a page for somebody not signed in, with a token for its form."""
    desk = request.app[DESK]
    guest = ""
    if not request[CSRF]:
        guest = secrets.token_urlsafe(32)
        request[CSRF] = desk.ledger.vault.key("csrf", guest)
    context = {"refused": False, "oidc": desk.provider is not None, **context}
    response = render(request, template, status, **context)
    if guest:
        desk.cookies.put(response, GUEST, guest)
    return response


def _half(request: web.Request) -> dict[str, Any]:
    desk = request.app[DESK]
    found = desk.cookies.open(request, HALF)
    fresh = bool(found) and datetime.fromisoformat(found["until"]) > desk.now()
    return found if fresh else {}
