"""Signing in through OpenID Connect; an account is made at the first time."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.errors import SignInError
from bot.ledger import agents
from bot.ledger.agents import OIDC as PREFIX
from bot.ledger.agents import Agent, Role
from bot.privacy import Vault
from desk.cookies import OIDC
from desk.keys import DESK
from desk.login_page import signed_in
from desk.oidc import CALLBACK, Identity
from desk.pages import go
from desk.security import LOGIN, local_path, public

log = logging.getLogger(__name__)

routes = web.RouteTableDef()

_LIFE = timedelta(minutes=10)


@routes.get("/masuk/oidc")
@public
async def begin(request: web.Request) -> web.StreamResponse:
    """Send the browser to the provider."""
    desk = request.app[DESK]
    if desk.provider is None:
        raise web.HTTPNotFound
    try:
        url, kept = await desk.provider.begin()
    except SignInError as error:
        log.warning("OpenID Connect: %s", error)
        return go(request, LOGIN, "oidc_gagal")
    response = go(request, url)
    until = (desk.now() + _LIFE).isoformat()
    ke = local_path(request.query.get("ke", "/"))
    desk.cookies.seal(response, OIDC, {**kept, "until": until, "ke": ke}, _LIFE)
    return response


@routes.get(CALLBACK)
@public
async def come_back(request: web.Request) -> web.StreamResponse:
    """Judge what the provider says and open a session."""
    desk = request.app[DESK]
    if desk.provider is None:
        raise web.HTTPNotFound
    kept = desk.cookies.open(request, OIDC)
    try:
        if not kept or datetime.fromisoformat(kept["until"]) <= desk.now():
            raise SignInError("too late")
        identity = await desk.provider.finish(request.query, kept)
        if (identity.unit in desk.units) != (identity.role is Role.UNIT_AGENT):
            raise SignInError("unit")
        agent = await desk.ledger.run(_account, desk.provider.issuer, identity, desk.now())
        if agent.disabled:
            raise SignInError("disabled")
    except SignInError as error:
        log.warning("OpenID Connect: %s", error)
        await desk.ledger.run(_refused, desk.now())
        response = go(request, LOGIN, "oidc_gagal")
    else:
        response = await signed_in(request, agent, kept["ke"])
    desk.cookies.drop(response, OIDC)
    return response


def _account(
    connection: Connection, vault: Vault, issuer: str, identity: Identity, now: datetime
) -> Agent:
    # By issuer and subject alone: names and addresses pass from one person to another.
    login = PREFIX + vault.key("oidc", issuer, identity.subject)[:32]
    name, role, unit = identity.name, identity.role, identity.unit
    found = agents.find(connection, vault, login)
    if found is None:
        agents.add(connection, vault, login, name, role, unit, None, now)
    elif (found.name, found.role, found.unit) != (name, role, unit):
        agents.set_place(connection, vault, found.id, name, role, unit, now)
    found = agents.find(connection, vault, login)
    assert found is not None  # noqa: S101  found or made above
    return found


def _refused(connection: Connection, vault: Vault, now: datetime) -> None:
    agents.write_down(connection, "login_failed", None, now)
