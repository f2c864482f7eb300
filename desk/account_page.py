"""One's own account: password, code, sessions (`/akun`)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pyotp
import segno
from aiohttp import web
from cryptography.fernet import InvalidToken

from bot import passwords
from bot.ledger import agents, logins, sessions
from desk.keys import AGENT, DESK, SESSION
from desk.login_page import whence
from desk.pages import go, render
from desk.security import requires

routes = web.RouteTableDef()

_PAGE = "/akun"
_ISSUER = "Nindy HAI-DJPb"
_PENDING = timedelta(minutes=10)


@routes.get(_PAGE)
@requires()
async def show(request: web.Request) -> web.StreamResponse:
    """Show the account and where it is signed in."""
    desk = request.app[DESK]
    mine = await desk.ledger.run(sessions.of_agent, request[AGENT].id, desk.now())
    shortest = passwords.SHORTEST
    return render(request, "akun.html", sessions=mine, here=request[SESSION].key, least=shortest)


@routes.post("/akun/sandi")
@requires()
async def change_password(request: web.Request) -> web.StreamResponse:
    """Replace the password; all other sessions end."""
    desk, agent = request.app[DESK], request[AGENT]
    form = await request.post()
    fresh = str(form.get("new", ""))
    if not await _knows_password(request):
        return go(request, _PAGE, "sandi_salah")
    if fresh != form.get("again"):
        return go(request, _PAGE, "sandi_beda")
    if not passwords.allowed(fresh, agent.login):
        return go(request, _PAGE, "sandi_lemah")
    kept = await asyncio.to_thread(passwords.hashed, fresh)
    here = request[SESSION].key
    await desk.ledger.run(agents.set_password, agent.id, kept, desk.now(), here)
    return go(request, _PAGE, "sandi_berubah")


@routes.post("/akun/totp")
@requires()
async def begin_totp(request: web.Request) -> web.StreamResponse:
    """Show a fresh secret; it counts once a code of it was given."""
    if request[AGENT].totp or not await _knows_password(request):
        return go(request, _PAGE, "sandi_salah")
    return _show_secret(request, pyotp.random_base32())


@routes.post("/akun/totp/aktif")
@requires()
async def confirm_totp(request: web.Request) -> web.StreamResponse:
    """Keep the secret when the authenticator has it."""
    desk, agent = request.app[DESK], request[AGENT]
    form = await request.post()
    secret = _pending(request, str(form.get("pending", "")))
    if agent.totp or not secret:
        return go(request, _PAGE, "totp_lama")
    code = "".join(str(form.get("code", "")).split())
    step = logins.step_of(secret, code, desk.now())
    if step is None:
        return _show_secret(request, secret, wrong=True)
    await desk.ledger.run(agents.set_totp, agent.id, secret, step, desk.now())
    return go(request, _PAGE, "totp_aktif")


@routes.post("/akun/sesi")
@requires()
async def end_session(request: web.Request) -> web.StreamResponse:
    """End one of the sessions, or with no key all but this one."""
    desk, agent = request.app[DESK], request[AGENT]
    key = str((await request.post()).get("key", ""))
    if key:
        await desk.ledger.run(agents.end_session, agent.id, key, desk.now())
    else:
        await desk.ledger.run(agents.end_others, agent.id, request[SESSION].key, desk.now())
    return go(request, _PAGE, "sesi_berakhir")


async def _knows_password(request: web.Request) -> bool:
    agent = request[AGENT]
    given = str((await request.post()).get("password", ""))
    return agent.local and await request.app[DESK].login.confirm(agent, given, whence(request))


def _show_secret(request: web.Request, secret: str, wrong: bool = False) -> web.StreamResponse:
    desk, agent = request.app[DESK], request[AGENT]
    uri = pyotp.TOTP(secret).provisioning_uri(name=agent.login, issuer_name=_ISSUER)
    until = (desk.now() + _PENDING).isoformat()
    # Travels with the form, sealed, so that what was never finished leaves nothing behind.
    pending = desk.ledger.vault.seal({"totp": secret, "agent": agent.id, "until": until}).decode()
    picture = segno.make(uri, micro=False).svg_data_uri(scale=5, border=4)
    context: dict[str, Any] = {"uri": uri, "secret": secret, "picture": picture}
    status = 422 if wrong else 200
    return render(request, "totp.html", status, pending=pending, wrong=wrong, **context)


def _pending(request: web.Request, sealed: str) -> str:
    desk = request.app[DESK]
    try:
        found = desk.ledger.vault.open(sealed.encode())
    except InvalidToken:
        return ""
    if not isinstance(found, dict) or found.get("agent") != request[AGENT].id:
        return ""
    late = datetime.fromisoformat(found["until"]) <= desk.now()
    return "" if late else str(found.get("totp", ""))
