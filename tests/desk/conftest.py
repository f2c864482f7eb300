"""The desk's application with a held clock, an agent per role, and a browser without scripts."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from bot import passwords
from bot.ledger import agents
from bot.ledger.agents import Agent, Role
from bot.ledger.database import Ledger
from bot.live.rates import Rates
from bot.places import Proxies
from desk.app import create_app
from desk.cookies import Cookies
from desk.keys import Desk
from desk.login import Login
from desk.oidc import Provider
from desk.work import Work
from tests.desk.stage import make_work
from tests.kit import START, Clock, sqlite_ledger

PASSWORD = "merpati putih 17 ekor"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASH = CHEAP.hash(PASSWORD)
UNIT = "Direktorat Sistem Perbendaharaan"
URL = "http://meja.contoh.go.id"
PAGE = {"Accept": "text/html"}


class Browser:
    """Sends forms as a browser does, with Origin and the page's token; follows nothing."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.page = ""
        self.address = "198.51.100.1"
        """As the proxy before the desk tells it."""

    async def get(self, path: str, **headers: str) -> ClientResponse:
        response = await self.client.get(
            path, headers={**PAGE, **self._proxied, **headers}, allow_redirects=False
        )
        return await self._read(response)

    async def post(self, path: str, **form: str) -> ClientResponse:
        response = await self.client.post(
            path,
            data={"csrf": self.token, **form},
            headers={**PAGE, **self._proxied, "Origin": self.origin},
            allow_redirects=False,
        )
        return await self._read(response)

    async def sign_in(self, login: str, password: str = PASSWORD) -> ClientResponse:
        await self.get("/masuk")
        return await self.post("/masuk", login=login, password=password)

    @property
    def _proxied(self) -> dict[str, str]:
        return {"X-Forwarded-For": self.address}

    @property
    def origin(self) -> str:
        return str(self.client.make_url("")).rstrip("/")

    @property
    def token(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.page)
        return found.group(1) if found else ""

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found is not None, self.page
        return html.unescape(found.group(1))

    async def _read(self, response: ClientResponse) -> ClientResponse:
        text = await response.text()
        if response.content_type == "text/html":
            self.page = text
        return response


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost is `tests/unit/test_passwords.py`'s; here hundreds are compared."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    monkeypatch.setattr(passwords, "_NOBODYS", HASH)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
def provider() -> Provider | None:
    return None


@pytest.fixture
def work(ledger: Ledger) -> Work:
    return make_work(ledger)


@pytest.fixture
def desk(ledger: Ledger, clock: Clock, provider: Provider | None) -> Desk:
    async def counts() -> dict[str, int]:
        return {"inbox_waiting": 0}

    return Desk(
        ledger=ledger,
        now=clock,
        url=URL,
        cookies=Cookies(ledger.vault, secure=False),
        login=Login(ledger, clock, Rates(lambda: clock().timestamp())),
        proxies=Proxies((ip_network("127.0.0.1"),)),
        counts=counts,
        metrics_token="",
        provider=provider,
        units=frozenset({UNIT}),
    )


@pytest_asyncio.fixture
async def open_browser(desk: Desk, work: Work) -> AsyncIterator[Callable[[], Browser]]:
    server = TestServer(create_app(desk, work))
    await server.start_server()
    clients: list[TestClient] = []

    def another() -> Browser:
        clients.append(TestClient(server))
        return Browser(clients[-1])

    yield another
    for client in clients:
        await client.session.close()
    await server.close()


@pytest_asyncio.fixture
async def browser(open_browser: Callable[[], Browser]) -> Browser:
    return open_browser()


def add(ledger: Ledger, login: str = "budi", role: Role = Role.AGENT) -> Agent:
    unit = UNIT if role is Role.UNIT_AGENT else ""
    made = ledger.transact(agents.add, login, f"Nama {login}", role, unit, HASH, START)
    assert made is not None
    return made
