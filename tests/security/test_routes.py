"""Every route of every door has a rule here, and without what the rule asks it gives nothing.

The roles of the desk are in `tests/desk/test_security.py`, the scopes of the API in
`tests/api/test_door.py`; this looks from outside, at the whole of what is served.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from enum import Enum

import aiohttp
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import doors
from bot.app import House
from bot.clock import now
from bot.ledger import agents, api_clients, sessions
from bot.ledger.agents import Role
from bot.ledger.api_clients import Scope
from desk.cookies import TOKEN, Cookies
from desk.security import roles_of
from tests.kit import contents
from tests.security.conftest import METRICS, ORIGIN

Key = tuple[str, str]


class Asks(Enum):
    """What a route of the edge asks of whoever comes."""

    NOTHING = "nothing"
    META = "Meta's signature or verify token"
    SESSION = "a web chat's token"
    PROGRAM = "a program's credentials"


EDGE: dict[Key, Asks] = {
    ("GET", "/"): Asks.NOTHING,
    ("GET", "/tentang"): Asks.NOTHING,
    ("GET", "/demo.css"): Asks.NOTHING,
    ("GET", "/healthz"): Asks.NOTHING,
    ("GET", "/readyz"): Asks.NOTHING,
    ("GET", "/webhooks/whatsapp"): Asks.META,
    ("POST", "/webhooks/whatsapp"): Asks.META,
    ("GET", "/webchat/nindy.js"): Asks.NOTHING,
    ("GET", "/webchat/nindy.css"): Asks.NOTHING,
    ("GET", "/webchat/{name}"): Asks.NOTHING,
    ("GET", "/webchat/config"): Asks.NOTHING,
    ("POST", "/webchat/sessions"): Asks.NOTHING,
    ("DELETE", "/webchat/sessions"): Asks.SESSION,
    ("POST", "/webchat/messages"): Asks.SESSION,
    ("GET", "/webchat/messages"): Asks.SESSION,
    ("POST", "/webchat/seen"): Asks.SESSION,
    ("POST", "/webchat/ratings"): Asks.SESSION,
    ("GET", "/webchat/transcript"): Asks.SESSION,
    ("GET", "/webchat/events"): Asks.SESSION,
    ("POST", "/webchat/uploads"): Asks.SESSION,
    ("GET", "/webchat/attachments/{id}"): Asks.SESSION,
    ("POST", "/api/token"): Asks.PROGRAM,
    ("POST", "/api/tickets"): Asks.PROGRAM,
    ("GET", "/api/tickets"): Asks.PROGRAM,
    ("GET", "/api/tickets/{number}"): Asks.PROGRAM,
    ("GET", "/api/tickets/{number}/messages"): Asks.PROGRAM,
    ("POST", "/api/tickets/{number}/messages"): Asks.PROGRAM,
    ("POST", "/api/tickets/{number}/rating"): Asks.PROGRAM,
    ("POST", "/api/tickets/{number}/state"): Asks.PROGRAM,
    ("GET", "/api/tickets/{number}/files/{id}"): Asks.PROGRAM,
}
WATCHERS: dict[Key, int] = {
    ("GET", "/healthz"): 200,
    ("GET", "/readyz"): 200,
    ("GET", "/metrics"): 401,
}
"""The door of those who watch, and what a stranger gets there."""
FILLED = {
    "id": "00000000-0000-4000-8000-000000000000", "name": "chat-0.js", "number": "20261123-ABC234",
    "step": "x", "what": "ambil",
}  # fmt: skip


def keys(app: web.Application) -> set[Key]:
    return {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


def filled(path: str, **other: str) -> str:
    return path.format(**{**FILLED, **other})


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as made:
        yield made


async def test_every_route_has_a_rule(house: House) -> None:
    assert keys(doors.edge(house)) == set(EDGE)
    assert keys(doors.status(house, lambda: True)) == set(WATCHERS)


async def test_what_asks_for_something_is_shut_without_it(
    house: House, edge: TestServer, http: aiohttp.ClientSession
) -> None:
    """With nothing, and with what opens another door."""
    secret, _ = house.ledger.transact(
        api_clients.add, "portal", "Portal", frozenset(Scope), "", now()
    ) or ("", "")
    async with http.post(edge.make_url("/webchat/sessions"), json={}) as answer:
        token = (await answer.json())["token"]
    programs, visitors = f"Bearer nk_portal_{secret}", f"Bearer {token}"
    agent = house.ledger.transact(agents.add, "budi", "Budi", Role.ADMIN, "", None, now())
    assert agent is not None
    cookie = f"nindy_meja={house.ledger.transact(sessions.start, agent.id, now())}"
    before = contents(house.ledger)
    for (method, path), asks in EDGE.items():
        if asks is Asks.NOTHING:
            continue
        wrong: list[dict[str, str]] = [{}, {"Cookie": cookie}]
        wrong += [{"Authorization": f"Bearer {secrets.token_urlsafe(24)}"}]
        wrong += [{"Authorization": programs}] if asks is not Asks.PROGRAM else []
        wrong += [{"Authorization": visitors}] if asks is not Asks.SESSION else []
        for headers in wrong:
            url = edge.make_url(filled(path))
            async with http.request(method, url, headers=headers) as answer:
                # 400 and 429 are the grant's: it found no credentials, or counted the guesses.
                assert answer.status in (400, 401, 403, 429), (method, path, headers)
                assert "20261123" not in await answer.text()
    after = contents(house.ledger)
    assert {name for name in before if before[name] != after[name]} <= {"audit"}


async def test_no_method_is_served_but_those(edge: TestServer, http: aiohttp.ClientSession) -> None:
    for path in {path for _, path in EDGE}:
        for method in {"POST", "PUT", "PATCH", "DELETE", "TRACE"} - {
            m for m, p in EDGE if p == path
        }:
            async with http.request(method, edge.make_url(filled(path))) as answer:
                assert answer.status in (401, 403, 404, 405), (method, path)


async def test_every_answer_of_the_edge_is_guarded(
    edge: TestServer, http: aiohttp.ClientSession
) -> None:
    for (method, path), asks in EDGE.items():
        async with http.request(method, edge.make_url(filled(path))) as answer:
            if path.startswith(("/webchat", "/api")):
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            if answer.content_type == "text/html" and answer.status == 200:
                policy = answer.headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
            if asks in (Asks.SESSION, Asks.PROGRAM):
                assert answer.headers["Cache-Control"] == "no-store", path
            assert "Set-Cookie" not in answer.headers


async def test_web_chat_is_for_the_pages_of_the_settings_alone(
    edge: TestServer, http: aiohttp.ClientSession
) -> None:
    for origin in ("https://jahat.id", "null", f"{ORIGIN}.jahat.id", ORIGIN.upper()):
        for (method, path), asks in EDGE.items():
            if asks is not Asks.SESSION:
                continue
            async with http.request(
                method, edge.make_url(filled(path)), headers={"Origin": origin}
            ) as answer:
                assert answer.status == 403, (method, path)
                assert "Access-Control-Allow-Origin" not in answer.headers


async def test_metrics_ask_for_their_token(house: House, http: aiohttp.ClientSession) -> None:
    server = TestServer(doors.status(house, lambda: True))
    await server.start_server()
    try:
        for (method, path), status in WATCHERS.items():
            async with http.request(method, server.make_url(path)) as answer:
                assert answer.status == status
        right = {"Authorization": f"Bearer {METRICS}"}
        async with http.get(server.make_url("/metrics"), headers=right) as answer:
            assert answer.status == 200
    finally:
        await server.close()


async def test_no_change_at_the_desk_is_made_by_another_sites_page(
    house: House, desk: TestServer, http: aiohttp.ClientSession
) -> None:
    """Every POST there is, by who may do it: without our origin, or without the page's token."""
    cookies, ours = Cookies(house.ledger.vault, secure=False), str(desk.make_url("/").origin())
    opened = {}
    for role in Role:
        unit = "Direktorat Sistem Perbendaharaan" if role is Role.UNIT_AGENT else ""
        agent = house.ledger.transact(agents.add, role.value, "Nama", role, unit, None, now())
        assert agent is not None
        token = house.ledger.transact(sessions.start, agent.id, now())
        found = house.ledger.transact(sessions.find, token, now())
        assert found is not None
        opened[role] = (token, found.csrf)
    before = contents(house.ledger)
    posts = [route for route in desk.runner.app.router.routes() if route.method == "POST"]  # type: ignore[union-attr]
    assert len(posts) > 20
    for route in posts:
        assert route.resource is not None
        url = desk.make_url(filled(route.resource.canonical, id="0"))
        roles = roles_of(route.handler)
        assert roles is not None
        role = min(roles, default=Role.AGENT)
        other = next(one for one in Role if one is not role)
        token, csrf = opened[role]
        wrong = [
            ({}, csrf),
            ({"Origin": "null"}, csrf),
            ({"Origin": "https://jahat.id"}, csrf),
            ({"Origin": ours}, ""),
            ({"Origin": ours}, opened[other][1]),
            ({"Origin": ours}, csrf[:-1]),
        ]
        for headers, said in wrong:
            headers = {**headers, "Cookie": f"{cookies.name(TOKEN)}={token}"}
            async with http.post(
                url, data={"csrf": said}, headers=headers, allow_redirects=False
            ) as answer:
                assert answer.status == 403, (url.path, headers)
    assert contents(house.ledger) == before
