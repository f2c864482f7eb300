"""Every answer that docs/api.openapi.yaml promises is one that the server gives."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestClient

from bot.api.parts import Api
from bot.api.problems import TITLES
from bot.ledger.api_clients import Scope
from bot.tickets.life import Resolution
from tests.api import contract
from tests.api.conftest import ALL, TICKET, Enter, Program
from tests.ticketing import COMPLAINT, Desk

LARGE = b'{"text": "' + b"x" * 70_000
PLAIN = {"Content-Type": "text/plain"}


def test_the_file_names_every_code_and_every_scope() -> None:
    codes = contract.spec()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert set(codes) == set(TITLES)
    flows = contract.spec()["components"]["securitySchemes"]["oauth"]["flows"]
    assert set(flows["clientCredentials"]["scopes"]) == {scope.value for scope in Scope}


async def test_every_documented_answer_is_given(
    enter: Enter, http: TestClient[Any, Any], api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract.SEEN.clear()
    whole, none = enter("semua", ALL), enter("tanpa", frozenset())
    poor, busy = enter("salah"), enter("sibuk", ALL)
    poor.headers = {"Authorization": "Bearer x"}
    number = (await whole.post("/tickets", TICKET, key="one")).body["number"]
    finished = await whole.open()
    desk.do("resolve", finished, Resolution.SOLVED)
    bodies = {
        "/tickets": TICKET,
        f"/tickets/{number}/messages": {"text": "halo"},
        f"/tickets/{finished}/rating": {"rating": 5},
        f"/tickets/{number}/state": {"version": 1, "state": "in_progress", "text": "halo"},
    }
    file = f"/tickets/{number}/files/x"
    reads = ("/tickets", f"/tickets/{number}", f"/tickets/{number}/messages", file)
    for path, body in bodies.items():
        done = await whole.post(path, body)
        assert done.status in (200, 201), done.body
        await whole.post(path, body, key="")
        await whole.post(path, b"[]")
        await whole.post(path, LARGE)
        await whole.post(path, body, **PLAIN)
        await whole.post(path, {})
        await none.post(path, body)
        await poor.post(path, body)
        if "{" in (contract.operation("post", path) or ("", {}))[0]:
            await whole.post(path.replace(number, "x").replace(finished, "x"), body)
    await whole.post(f"/tickets/{finished}/rating", {"rating": 5})
    await whole.post(f"/tickets/{number}/state", {"version": 0, "state": "closed"})
    await whole.post("/tickets", {**TICKET, "service": COMPLAINT})
    await whole.get("/tickets?limit=x")
    for path in reads:
        for program in (whole, none, poor):
            await program.get(path)
        await whole.get(path.replace(number, "x"))
    await _grants(http, whole)
    for _ in range(100):
        await api.requests.take(busy.id)
    for path in reads:
        await busy.get(path)
    for path, body in bodies.items():
        await busy.post(path, body)
    for _ in range(10):
        await api.guesses.take("127.0.0.1")
    await _grant(http, client_id="tak-ada", client_secret="x")
    with monkeypatch.context() as patched:
        await _away(whole, api, bodies, reads, patched)
        await _grant(http, client_id=whole.id, client_secret=whole.secret)
    # What a file's bytes are answered with is `test_files.py`'s.
    given = contract.SEEN | {("get", "/tickets/{number}/files/{id}", "200")}
    assert contract.documented() - given == set()


async def _grants(http: TestClient[Any, Any], program: Program) -> None:
    await program.token()
    await _grant(http)
    await _grant(http, client_id=program.id, client_secret="x")
    await _grant(http, client_id="x" * 70_000)


async def _grant(http: TestClient[Any, Any], **form: str) -> None:
    data = {"grant_type": "client_credentials", **form}
    async with http.post("/api/token", data=data) as response:
        body = await response.json(content_type=None)
        contract.check("POST", "/token", response.status, response.content_type, body)


async def _away(
    program: Program,
    api: Api,
    bodies: dict[str, Any],
    reads: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the database away nothing is said to be done."""

    async def run(*_args: Any, **_more: Any) -> Any:
        raise sa.exc.OperationalError("SELECT", None, Exception("away"))

    monkeypatch.setattr(type(api.ledger), "run", run)
    answers = [await program.get(path) for path in reads]
    answers += [await program.post(path, body) for path, body in bodies.items()]
    assert {(one.status, one.body["code"]) for one in answers} == {(503, "away")}
    assert {one.headers["Retry-After"] for one in answers} == {"5"}


async def test_what_fails_inside_tells_nothing(
    portal: Program, http: TestClient[Any, Any], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_args: Any, **_more: Any) -> Any:
        raise RuntimeError("rahasia di dalam")

    monkeypatch.setattr(type(api.ledger), "run", run)
    async with http.get("/api/tickets", headers=portal.headers) as response:
        assert response.status == 500
        text = await response.text()
    assert "internal" in text and "rahasia" not in text and "Traceback" not in text
