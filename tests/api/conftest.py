"""The API on a ledger of its own, with a held clock, and programs that use it."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.api.app import create_app
from bot.api.parts import Api
from bot.attachments.files import Files
from bot.ledger import api_clients
from bot.ledger.api_clients import Scope
from bot.ledger.database import Ledger
from bot.live.rates import Rates
from bot.live.wake import Wake
from bot.places import Proxies
from bot.routing import Candidates
from tests.api import contract
from tests.filing import store
from tests.kit import START, Clock, sqlite_ledger
from tests.ticketing import CALENDAR, CATALOGUE, CHANGES, Desk

ALL = frozenset(Scope)
OWN = frozenset({Scope.WRITE, Scope.READ})
TICKET = {
    "subject": "SP2D belum terbit",
    "chronology": "Sejak Senin SPM sudah disetujui,\ntetapi SP2D belum terbit.",
    "name": "Siti Aminah",
    "email": "siti@contoh.go.id",
    "satker": "527010",
    "group": 1,
    "reference": "CSO-77",
    "person": "pengguna-12",
}


@dataclass
class Matcher:
    """Stands for the matcher: gives what a test wants."""

    found: Candidates = ()
    asked: list[str] = field(default_factory=list)

    async def __call__(self, text: str) -> Candidates:
        self.asked.append(text)
        return self.found


@dataclass
class Answer:
    status: int
    body: dict[str, Any]
    headers: Any


class Program:
    """A program that uses the API; every answer is held against the contract."""

    def __init__(self, client: TestClient[Any, Any], id: str, secret: str) -> None:
        self._client = client
        self._numbers = itertools.count(1)
        self.id, self.secret = id, secret
        self.headers = {"Authorization": f"Bearer nk_{id}_{secret}"}

    async def call(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> Answer:
        """Ask; a change gets a key of its own unless one is given (an empty one is left out)."""
        given = {**self.headers, **headers}
        if method == "POST" and path != "/token":
            key = f"{self.id}-{next(self._numbers)}" if key is None else key
            given |= {"Idempotency-Key": key} if key else {}
            given.setdefault("Content-Type", "application/json")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        async with self._client.request(
            method, f"/api{path}", data=data, headers={k: v for k, v in given.items() if v}
        ) as response:
            answer = json.loads(await response.read())
            place = path.partition("?")[0]
            contract.check(method, place, response.status, response.content_type, answer)
            assert response.headers["Cache-Control"] == "no-store"
            return Answer(response.status, answer, response.headers)

    async def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> Answer:
        return await self.call("POST", path, body, key, **headers)

    async def get(self, path: str) -> Answer:
        return await self.call("GET", path)

    async def open(self, **changes: Any) -> str:
        """Open a ticket; return its number."""
        made = await self.post("/tickets", {**TICKET, **changes})
        assert made.status == 201, made.body
        return str(made.body["number"])

    async def token(self, scope: str = "") -> dict[str, Any]:
        """Get an access token."""
        async with self._client.post(
            "/api/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.id,
                "client_secret": self.secret,
                "scope": scope,
            },
        ) as response:
            answer: dict[str, Any] = await response.json()
            contract.check("POST", "/token", response.status, response.content_type, answer)
            return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


@pytest.fixture
def matcher() -> Matcher:
    return Matcher()


@pytest.fixture
def files(ledger: Ledger, tmp_path: Path) -> Files:
    return store(tmp_path, ledger.vault)


@pytest.fixture
def api(ledger: Ledger, clock: Clock, matcher: Matcher, files: Files) -> Api:
    proxies, rates = Proxies((ip_network("127.0.0.1"),)), Rates(lambda: clock().timestamp())
    return Api(ledger, clock, Wake(), CHANGES, CALENDAR, CATALOGUE, matcher, files, proxies, rates)


Enter = Callable[..., Program]


@pytest.fixture
async def http(api: Api) -> AsyncIterator[TestClient[Any, Any]]:
    edge = web.Application()
    edge.add_subapp("/api", create_app(api))
    async with TestClient(TestServer(edge)) as made:
        yield made


@pytest.fixture
def enter(ledger: Ledger, http: TestClient[Any, Any]) -> Enter:
    """Let a program in."""

    def let_in(id: str = "portal", scopes: frozenset[Scope] = OWN, url: str = "") -> Program:
        made = ledger.transact(api_clients.add, id, f"Nama {id}", scopes, url, START)
        assert made is not None
        program = Program(http, id, made[0])
        program.signing = made[1]  # type: ignore[attr-defined]
        return program

    return let_in


@pytest.fixture
def portal(enter: Enter) -> Program:
    return enter()
