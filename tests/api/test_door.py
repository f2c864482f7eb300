"""Who is let in: keys, tokens, scopes, rotation, and what a guesser learns (nothing)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from aiohttp.test_utils import TestClient

from bot.api import tickets as handlers
from bot.api import tokens
from bot.api.app import create_app
from bot.api.door import needed
from bot.api.parts import Api
from bot.ledger import api_clients, tables
from bot.ledger.api_clients import Scope
from bot.ledger.database import Ledger
from tests.api import contract
from tests.api.conftest import TICKET, Enter, Program
from tests.kit import Clock, rows

READ = frozenset({Scope.READ})
NEEDS = {
    ("POST", "/token"): (),
    ("POST", "/tickets"): (Scope.WRITE,),
    ("GET", "/tickets"): (Scope.READ, Scope.READ_ALL),
    ("GET", "/tickets/{number}"): (Scope.READ, Scope.READ_ALL),
    ("GET", "/tickets/{number}/messages"): (Scope.READ,),
    ("GET", "/tickets/{number}/files/{id}"): (Scope.READ,),
    ("POST", "/tickets/{number}/messages"): (Scope.WRITE,),
    ("POST", "/tickets/{number}/rating"): (Scope.WRITE,),
    ("POST", "/tickets/{number}/state"): (Scope.STATES,),
}
Form = dict[str, str]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def audited(ledger: Ledger) -> list[tuple[str, str | None]]:
    return [(row.kind, row.client_id) for row in rows(ledger, tables.audit, tables.audit.c.id)]


async def grant(http: TestClient[Any, Any], form: Form, **headers: str) -> tuple[int, Any, Any]:
    async with http.post("/api/token", data=form, headers=headers) as response:
        body = await response.json(content_type=None)
        contract.check("POST", "/token", response.status, response.content_type, body)
        return response.status, body, response.headers


def test_every_route_says_which_scope_it_needs(api: Api) -> None:
    found = {
        (route.method, route.resource.canonical): needed(route.handler)
        for route in create_app(api).router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert found == NEEDS


async def test_a_handler_that_names_no_scope_is_not_there(
    portal: Program, http: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(handlers.list_changed, "needs")
    async with http.get("/api/tickets", headers=portal.headers) as response:
        assert response.status == 404


@pytest.mark.parametrize(("method", "path"), [key for key in NEEDS if key[1] != "/token"])
async def test_each_scope_opens_its_routes_and_no_other(
    enter: Enter, method: str, path: str
) -> None:
    for scope in Scope:
        program = enter(f"only-{scope.name.lower().replace('_', '-')}", frozenset({scope}))
        answer = await program.call(method, path.replace("{number}", "x").replace("{id}", "x"), {})
        allowed = scope in NEEDS[method, path]
        assert (answer.status == 403) is not allowed, (scope, answer.body)
        if not allowed:
            assert answer.body["needs"] == [one.value for one in NEEDS[method, path]]


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Basic eDp5", "Bearer x", "Bearer nk_", "Bearer nk_portal",
        "Bearer nk_portal_", "Bearer nk_portal_x", "Bearer nk_nobody_x", "Bearer nk_crm_x",
        "Bearer nk_por tal_x", "Bearer é", "Bearer " + "x" * 5000,
        "Bearer eyJhbGciOiJub25lIn0.e30.",
    ],
)  # fmt: skip
async def test_wrong_credentials_get_one_and_the_same_answer(portal: Program, header: str) -> None:
    portal.headers = {"Authorization": header.encode().decode("latin-1")}
    refused = await portal.get("/tickets")
    assert refused.status == 401
    assert refused.body == {
        "type": "urn:nindy:problem:credentials",
        "title": "The credentials are missing, wrong or no longer good.",
        "status": 401,
        "code": "credentials",
    }
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="nindy"'


class TestTokens:
    """RFC 6749, section 4.4."""

    async def test_a_token_opens_what_it_was_asked_for(self, enter: Enter) -> None:
        portal = enter()
        given = await portal.token("tickets:read")
        assert (given["token_type"], given["expires_in"]) == ("Bearer", 900)
        assert given["scope"] == "tickets:read"
        portal.headers = bearer(given["access_token"])
        assert (await portal.get("/tickets")).status == 200
        assert (await portal.post("/tickets", TICKET)).status == 403

    async def test_basic_is_taken_too(self, portal: Program, http: TestClient[Any, Any]) -> None:
        pair = base64.b64encode(f"{portal.id}:{portal.secret}".encode()).decode()
        form = {"grant_type": "client_credentials"}
        status, body, headers = await grant(http, form, Authorization=f"Basic {pair}")
        assert (status, body["scope"]) == (200, "tickets:read tickets:write")
        assert headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        ("changes", "status", "error"),
        [
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"grant_type": None}, 400, "invalid_request"),
            ({"client_secret": None}, 400, "invalid_request"),
            ({"scope": "tickets:read_all"}, 400, "invalid_scope"),
            ({"scope": "root"}, 400, "invalid_scope"),
            ({"client_secret": "x"}, 401, "invalid_client"),
            ({"client_id": "nobody"}, 401, "invalid_client"),
        ],
    )
    async def test_what_is_wrong_is_said_as_the_standard_says(
        self,
        portal: Program,
        http: TestClient[Any, Any],
        changes: dict[str, str | None],
        status: int,
        error: str,
    ) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": portal.id,
            "client_secret": portal.secret,
            **changes,
        }
        given = {key: value for key, value in form.items() if value is not None}
        assert (await grant(http, given))[:2] == (status, {"error": error})

    async def test_other_forms_and_two_ways_at_once_are_refused(
        self, portal: Program, http: TestClient[Any, Any]
    ) -> None:
        form = {"grant_type": "client_credentials", "client_id": portal.id, "client_secret": "x"}
        for headers in ({"Authorization": "Basic eDp5"}, {"Authorization": "Basic ?"}):
            assert (await grant(http, form, **headers))[0] == 400
        async with http.post("/api/token", json=form) as response:
            assert response.status == 400
        twice = "grant_type=client_credentials&grant_type=password"
        media = {"Content-Type": "application/x-www-form-urlencoded"}
        async with http.post("/api/token", data=twice, headers=media) as response:
            assert response.status == 400
        async with http.post("/api/token", data="a=" + "x" * 70_000, headers=media) as response:
            body = await response.json(content_type=None)
            contract.check("POST", "/token", response.status, response.content_type, body)
            assert response.status == 413

    async def test_a_token_ends_with_its_time(self, portal: Program, clock: Clock) -> None:
        portal.headers = bearer((await portal.token())["access_token"])
        clock.forward(seconds=899)
        assert (await portal.get("/tickets")).status == 200
        clock.forward(seconds=1)
        assert (await portal.get("/tickets")).status == 401

    async def test_a_scope_that_the_client_lost_is_lost(self, enter: Enter, ledger: Ledger) -> None:
        portal = enter()
        portal.headers = bearer((await portal.token())["access_token"])
        with ledger.engine.begin() as connection:
            connection.execute(tables.api_client.update().values(scopes=["tickets:read"]))
        assert (await portal.get("/tickets")).status == 200
        assert (await portal.post("/tickets", TICKET)).status == 403

    @pytest.mark.parametrize(
        "forge",
        [
            lambda claims, key: jwt.encode(claims, b"another" * 6, "HS256"),
            lambda claims, key: jwt.encode(claims, None, "none"),
            lambda claims, key: jwt.encode(claims, key, "HS512"),
            lambda claims, key: jwt.encode({**claims, "aud": "x"}, key, "HS256"),
            lambda claims, key: jwt.encode({**claims, "mark": "0" * 16}, key, "HS256"),
            lambda claims, key: jwt.encode({**claims, "mark": ""}, key, "HS256"),
            lambda claims, key: jwt.encode({**claims, "sub": "lain"}, key, "HS256"),
            lambda claims, key: jwt.encode({"sub": "portal"}, key, "HS256"),
            lambda claims, key: jwt.encode(claims, key, "HS256")[:-3],
        ],
    )
    async def test_forged_tokens_open_nothing(
        self, enter: Enter, ledger: Ledger, forge: Callable[..., str]
    ) -> None:
        portal = enter()
        enter("lain")
        key = ledger.vault.derived("api-token")
        token = (await portal.token())["access_token"]
        claims = jwt.decode(
            token, key, ["HS256"], options={"verify_exp": False}, audience="nindy-api"
        )
        portal.headers = bearer(forge(claims, key))
        assert (await portal.get("/tickets")).status == 401

    def test_a_token_tells_nothing_that_its_holder_does_not_know(self, clock: Clock) -> None:
        said = tokens.Grant("portal", "tickets:read", "m" * 16, clock() + timedelta(minutes=1))
        token = tokens.issue(b"k" * 32, said)
        assert tokens.read(b"k" * 32, token) == said
        assert set(jwt.decode(token, options={"verify_signature": False})) == {
            "sub", "scope", "mark", "exp", "aud",
        }  # fmt: skip


class TestRevoking:
    """A program is shut out from the next request on."""

    async def test_disabling_ends_key_and_token(
        self, portal: Program, ledger: Ledger, clock: Clock
    ) -> None:
        key, token = portal.headers, bearer((await portal.token())["access_token"])
        ledger.transact(api_clients.set_disabled, portal.id, True, clock())
        for portal.headers in (key, token):
            assert (await portal.get("/tickets")).status == 401
        assert await portal.token() == {"error": "invalid_client"}
        ledger.transact(api_clients.set_disabled, portal.id, False, clock())
        for portal.headers in (key, token):
            assert (await portal.get("/tickets")).status == 200

    async def test_a_rotated_secret_is_good_for_a_day(
        self, portal: Program, ledger: Ledger, clock: Clock
    ) -> None:
        old = portal.headers
        token = bearer((await portal.token())["access_token"])
        new = ledger.transact(api_clients.rotate, portal.id, True, clock())
        new_key = bearer(f"nk_{portal.id}_{new}")
        for portal.headers in (old, token, new_key):
            assert (await portal.get("/tickets")).status == 200
        clock.forward(hours=24)
        portal.headers = old
        assert (await portal.get("/tickets")).status == 401
        portal.headers = new_key
        assert (await portal.get("/tickets")).status == 200

    async def test_a_secret_that_leaked_ends_at_once(
        self, portal: Program, ledger: Ledger, clock: Clock
    ) -> None:
        old, token = portal.headers, bearer((await portal.token())["access_token"])
        ledger.transact(api_clients.rotate, portal.id, False, clock())
        for portal.headers in (old, token):
            assert (await portal.get("/tickets")).status == 401

    def test_a_guess_is_known_without_the_ledger(self, enter: Enter, ledger: Ledger) -> None:
        portal = enter()
        assert api_clients.is_ours(ledger.vault, portal.id, portal.secret)
        for id, secret in (
            ("lain", portal.secret),
            (portal.id, "x" + portal.secret[1:]),
            (portal.id, portal.secret[:-1] + "x"),
            (portal.id, portal.secret[:-12]),
            (portal.id, ""),
            (portal.id, "é"),
        ):
            assert not api_clients.is_ours(ledger.vault, id, secret)

    def test_no_secret_is_kept(self, enter: Enter, ledger: Ledger) -> None:
        program = enter(url="https://pintu.contoh.go.id/kait")
        kept = str([rows(ledger, table) for table in (tables.api_client, tables.subscriber)])
        assert program.secret not in kept
        assert program.signing not in kept  # type: ignore[attr-defined]


class TestGuessing:
    """Wrong credentials are counted by address; right ones are always let in."""

    async def test_after_ten_a_guesser_waits_and_a_program_does_not(
        self, enter: Enter, ledger: Ledger, clock: Clock
    ) -> None:
        portal, guesser = enter(), enter("lain")
        guesser.headers = bearer("nk_portal_" + "x" * 43)
        answers = [await guesser.get("/tickets") for _ in range(12)]
        assert [one.status for one in answers] == [401] * 10 + [429] * 2
        assert int(answers[-1].headers["Retry-After"]) == answers[-1].body["retry_after"] == 90
        assert (await portal.get("/tickets")).status == 200
        assert audited(ledger).count(("client_refused", "portal")) == 10
        clock.forward(seconds=90)
        assert (await guesser.get("/tickets")).status == 401

    async def test_addresses_behind_our_proxy_are_counted_each_by_itself(
        self, enter: Enter
    ) -> None:
        guesser, other = enter("satu"), enter("dua")
        for program, address in ((guesser, "198.51.100.1"), (other, "198.51.100.2")):
            program.headers = {**bearer("nk_x_y"), "X-Forwarded-For": address}
        assert [(await guesser.get("/tickets")).status for _ in range(11)][-1] == 429
        assert (await other.get("/tickets")).status == 401
        # What the guesser says of himself stands before what the proxy writes.
        guesser.headers["X-Forwarded-For"] = "203.0.113.9, 198.51.100.1"
        assert (await guesser.get("/tickets")).status == 429

    async def test_tokens_and_the_grant_are_counted_with_it(
        self, portal: Program, http: TestClient[Any, Any]
    ) -> None:
        portal.headers = bearer("eyJ.x.y")
        for _ in range(9):
            assert (await portal.get("/tickets")).status == 401
        form = {"grant_type": "client_credentials", "client_id": "a-b", "client_secret": "x"}
        assert (await grant(http, form))[0] == 401
        assert (await grant(http, form))[0] == 429

    async def test_an_expired_token_is_no_guess(self, portal: Program, clock: Clock) -> None:
        portal.headers = bearer((await portal.token())["access_token"])
        clock.forward(hours=1)
        for _ in range(15):
            assert (await portal.get("/tickets")).status == 401

    async def test_what_matters_is_written_down(
        self, enter: Enter, http: TestClient[Any, Any], ledger: Ledger
    ) -> None:
        portal = enter(scopes=READ)
        await portal.token()
        await portal.post("/tickets", TICKET)
        form = {"grant_type": "client_credentials", "client_id": "x-y", "client_secret": "geheim"}
        await grant(http, form)
        assert audited(ledger) == [
            ("client_added", "portal"),
            ("client_token", "portal"),
            ("client_scope", "portal"),
            ("client_refused", None),
        ]

    async def test_a_program_that_asks_too_much_waits(self, enter: Enter, clock: Clock) -> None:
        busy, calm = enter("sibuk", READ), enter("tenang", READ)
        answers = await asyncio.gather(*(busy.get("/tickets") for _ in range(103)))
        assert sorted(one.status for one in answers) == [200] * 100 + [429] * 3
        assert (await calm.get("/tickets")).status == 200
        clock.forward(seconds=1)
        assert (await busy.get("/tickets")).status == 200


async def test_unknown_paths_and_methods_are_problems(portal: Program) -> None:
    assert (await portal.get("/lain")).body["code"] == "not_found"
    refused = await portal.call("DELETE", "/tickets")
    assert (refused.status, refused.body["code"]) == (405, "method")
    assert refused.headers["Allow"] == "GET,HEAD,POST"
