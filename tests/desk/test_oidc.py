"""OpenID Connect against a small provider of our own: what is believed, and what is not."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from yarl import URL as Url

from bot.ledger import agents, tables
from bot.ledger.database import Ledger
from desk.oidc import Provider
from tests.desk.conftest import UNIT, URL, Browser
from tests.kit import START, Clock, rows

CLIENT, SECRET = "meja:petugas", "rahasia/klien"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeProvider:
    """Publishes itself, takes a code once with its verifier, and gives the token a test wants."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.key: Any = KEY
        self.kid = "k1"
        self.algorithm = "RS256"
        self.asked: dict[str, str] = {}
        self.keys_read = 0
        self.issuer_said = ""
        self.broken = False
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        self.server = TestServer(app)

    @property
    def issuer(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    async def _discovery(self, _request: web.Request) -> web.Response:
        if self.broken:
            return web.Response(status=503)
        return web.json_response(
            {
                "issuer": self.issuer_said or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        )

    async def _keys(self, _request: web.Request) -> web.Response:
        self.keys_read += 1
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return web.json_response({"keys": [{**public, "kid": "k1", "use": "sig"}]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        basic = request.headers["Authorization"].removeprefix("Basic ")
        assert base64.b64decode(basic) == b"meja%3Apetugas:rahasia%2Fklien"
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != self.asked["code_challenge"] or form["code"] != "the-code":
            return web.json_response({"error": "invalid_grant"}, status=400)
        assert form["redirect_uri"] == self.asked["redirect_uri"]
        claims = {
            "iss": self.issuer,
            "sub": "orang-1",
            "aud": CLIENT,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": self.asked["nonce"],
            "name": "Rina Contoh",
            "peran": ["lainnya", "supervisor"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {"kid": self.kid}
        token = jwt.encode(claims, self.key, algorithm=self.algorithm, headers=headers)
        return web.json_response({"id_token": token, "access_token": "x", "token_type": "Bearer"})


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    made = FakeProvider()
    await made.server.start_server()
    yield made
    await made.server.close()


@pytest_asyncio.fixture
async def provider(fake: FakeProvider, clock: Clock) -> AsyncIterator[Provider]:
    async with aiohttp.ClientSession() as session:
        yield Provider(session, fake.issuer, CLIENT, SECRET, "peran", URL, clock)


async def sign_in(browser: Browser, fake: FakeProvider, ke: str = "/", **query: str) -> str:
    """Go to the provider and come back; return where the desk sends the browser then."""
    answer = await browser.get(f"/masuk/oidc?ke={ke}")
    fake.asked = dict(Url(answer.headers["Location"]).query)
    back = {"code": "the-code", "state": fake.asked["state"], **query}
    answer = await browser.get(str(Url("/masuk/oidc/kembali").with_query(back)))
    assert answer.status == 303
    return answer.headers["Location"]


async def test_an_account_is_made_at_the_first_time_and_follows_the_provider(
    browser: Browser, fake: FakeProvider, ledger: Ledger
) -> None:
    await browser.get("/masuk")
    assert "Masuk dengan akun instansi" in browser.page
    assert await sign_in(browser, fake, "/akun") == "/akun"
    assert fake.asked["code_challenge_method"] == "S256"
    assert fake.asked["redirect_uri"] == f"{URL}/masuk/oidc/kembali"
    assert (await browser.get("/akun")).status == 200
    assert "Rina Contoh" in browser.page and "Supervisor" in browser.page
    assert "Ganti kata sandi" not in browser.page
    fake.claims = {"peran": "unit_agent", "unit": UNIT, "name": "Rina Lain"}
    await sign_in(browser, fake)
    (agent,) = ledger.transact(agents.every)
    assert (agent.name, agent.role.value, agent.unit) == ("Rina Lain", "unit_agent", UNIT)
    assert agent.login.startswith("oidc-") and "orang-1" not in agent.login
    kinds = [row.kind for row in rows(ledger, tables.audit, tables.audit.c.id)]
    assert kinds == ["agent_added", "login", "agent_changed", "logout", "login"]
    assert fake.keys_read == 1


async def test_such_an_account_has_no_password(
    browser: Browser, fake: FakeProvider, ledger: Ledger
) -> None:
    await sign_in(browser, fake)
    (agent,) = ledger.transact(agents.every)
    assert (await browser.sign_in(agent.login)).status == 401
    await sign_in(browser, fake)
    await browser.get("/akun")
    assert (await browser.post("/akun/totp", password="")).status == 303


REFUSED: dict[str, Callable[[FakeProvider], object]] = {
    "issuer": lambda fake: fake.claims.update(iss="https://jahat.id"),
    "audience": lambda fake: fake.claims.update(aud="another"),
    "authorized party": lambda fake: fake.claims.update(aud=[CLIENT, "b"], azp="b"),
    "expired": lambda fake: fake.claims.update(exp=int(time.time()) - 120),
    "no expiry": lambda fake: fake.claims.update(exp=None),
    "nonce": lambda fake: fake.claims.update(nonce="another"),
    "no nonce": lambda fake: fake.claims.update(nonce=None),
    "no subject": lambda fake: fake.claims.update(sub=None),
    "foreign key": lambda fake: setattr(fake, "key", OTHER),
    "unknown key": lambda fake: setattr(fake, "kid", "k2"),
    "no role": lambda fake: fake.claims.update(peran=["lainnya"]),
    "role missing": lambda fake: fake.claims.update(peran=None),
    "two roles": lambda fake: fake.claims.update(peran=["admin", "agent"]),
    "unit unknown": lambda fake: fake.claims.update(peran="unit_agent", unit="Direktorat X"),
    "unit missing": lambda fake: fake.claims.update(peran="unit_agent"),
    "no name": lambda fake: fake.claims.update(name=None),
}


@pytest.mark.parametrize("what", list(REFUSED))
async def test_what_is_not_believed(
    browser: Browser, fake: FakeProvider, ledger: Ledger, what: str
) -> None:
    REFUSED[what](fake)
    assert await sign_in(browser, fake) == "/masuk"
    await browser.get("/masuk")
    assert "tidak berhasil" in browser.page
    assert ledger.transact(agents.every) == []
    assert [row.kind for row in rows(ledger, tables.audit)] == ["login_failed"]


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
async def test_a_token_without_the_issuers_signature(
    browser: Browser, fake: FakeProvider, ledger: Ledger, algorithm: str
) -> None:
    fake.algorithm = algorithm
    fake.key = SECRET.ljust(32) if algorithm == "HS256" else None
    assert await sign_in(browser, fake) == "/masuk"
    assert ledger.transact(agents.every) == []


@pytest.mark.parametrize(
    "query",
    [{"state": "another"}, {"state": ""}, {"code": ""}, {"code": "x"}, {"iss": "https://jahat.id"}],
    ids=str,
)
async def test_what_comes_back_must_belong_to_what_was_begun(
    browser: Browser, fake: FakeProvider, query: dict[str, str]
) -> None:
    assert await sign_in(browser, fake, **query) == "/masuk"


async def test_a_link_of_somebody_else_signs_nobody_in(
    open_browser: Callable[[], Browser], fake: FakeProvider, clock: Clock
) -> None:
    attacker, victim = open_browser(), open_browser()
    answer = await attacker.get("/masuk/oidc")
    fake.asked = dict(Url(answer.headers["Location"]).query)
    back = f"/masuk/oidc/kembali?code=the-code&state={fake.asked['state']}"
    assert (await victim.get(back)).headers["Location"] == "/masuk"
    clock.forward(minutes=10)
    assert (await attacker.get(back)).headers["Location"] == "/masuk"


async def test_a_disabled_account_stays_out(
    browser: Browser, fake: FakeProvider, ledger: Ledger
) -> None:
    await sign_in(browser, fake)
    ledger.transact(agents.disable, ledger.transact(agents.every)[0].id, START)
    assert await sign_in(browser, fake) == "/masuk"


async def test_a_provider_that_is_away_or_another_is_not_used(
    browser: Browser, fake: FakeProvider
) -> None:
    fake.issuer_said = "https://jahat.id"
    assert (await browser.get("/masuk/oidc")).headers["Location"] == "/masuk"
    fake.issuer_said, fake.broken = "", True
    assert (await browser.get("/masuk/oidc")).headers["Location"] == "/masuk"
    fake.broken = False
    assert (await browser.get("/masuk/oidc")).headers["Location"].startswith(fake.issuer)


async def test_unknown_keys_are_asked_for_once_a_minute(
    browser: Browser, fake: FakeProvider, clock: Clock
) -> None:
    fake.kid = "k2"
    for _ in range(3):
        await sign_in(browser, fake)
    assert fake.keys_read == 1
    clock.forward(seconds=61)
    await sign_in(browser, fake)
    assert fake.keys_read == 2
