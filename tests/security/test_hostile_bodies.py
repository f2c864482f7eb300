"""Bodies that unfold, nest, lie about themselves or spell oddly: refused, and nothing falls."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from bot.app import House
from bot.clock import now
from bot.ledger import api_clients, tables
from bot.ledger.api_clients import Scope
from tests.kit import rows
from tests.security.conftest import SECRET
from tests.security.volume import share

UNFOLDED = 200 * 1024**2
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as made:
        yield made


@pytest_asyncio.fixture
async def doors(
    house: House, edge: TestServer, http: aiohttp.ClientSession
) -> dict[str, dict[str, str]]:
    """The paths of the edge that read JSON, with what lets a request in there."""
    made = house.ledger.transact(api_clients.add, "portal", "P", frozenset(Scope), "", now())
    assert made is not None
    async with http.post(edge.make_url("/webchat/sessions"), json={}) as answer:
        token = (await answer.json())["token"]
    program = {"Authorization": f"Bearer nk_portal_{made[0]}", "Idempotency-Key": "k"}
    return {
        "/webchat/messages": {"Authorization": f"Bearer {token}", **JSON},
        "/webchat/sessions": {**JSON},
        "/api/tickets": {**program, **JSON},
        "/webhooks/whatsapp": {**JSON},
    }


def signed(path: str, raw: bytes) -> dict[str, str]:
    if path != "/webhooks/whatsapp":
        return {}
    digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def bomb(encoding: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    piece = b" " * 1024**2
    packed = b"".join(packer.compress(piece) for _ in range(UNFOLDED // len(piece)))
    return packed + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_unfolds_is_cut_off(
    edge: TestServer,
    http: aiohttp.ClientSession,
    doors: dict[str, dict[str, str]],
    encoding: str,
) -> None:
    packed = bomb(encoding)
    assert len(packed) < UNFOLDED / 500
    before = _megabytes()
    for path, headers in doors.items():
        all_of_them = {**headers, "Content-Encoding": encoding}
        async with http.post(edge.make_url(path), data=packed, headers=all_of_them) as answer:
            assert answer.status in (400, 413, 422), path
    assert _megabytes() - before < 100


def _megabytes() -> float:
    """The most memory that this process has ever had."""
    with open("/proc/self/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


ODD = {
    "nested lists": b"[" * 60_000,
    "nested objects": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "a number without end": b'{"text":' + b"9" * 60_000 + b"}",
    "no number": b'{"text": NaN, "id": Infinity}',
    "twice the same": b'{"id": "a", "id": "b", "id": null}',
    "NUL": b'{"id": "\\u0000", "text": "\\u0000"}',
    "half a character": b'{"id": "\\ud800", "text": "\\udfff"}',
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "prototype": b'{"__proto__": {"admin": true}, "constructor": 1}',
    "nothing": b"",
    "a text": b'"halo"',
    "true": b"true",
}


async def test_an_odd_body_is_refused_and_stores_nothing(
    house: House,
    edge: TestServer,
    http: aiohttp.ClientSession,
    doors: dict[str, dict[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    good = {"/webhooks/whatsapp": {200}, "/webchat/sessions": {201, 422}}
    for name, raw in ODD.items():
        for path, headers in doors.items():
            all_of_them = {**headers, **signed(path, raw)}
            async with http.post(edge.make_url(path), data=raw, headers=all_of_them) as answer:
                # A session may begin without a body; what Meta signed is taken, read as nothing.
                assert answer.status in good.get(path, {400, 422}), (name, path)
    assert rows(house.ledger, tables.inbox) == []
    assert rows(house.ledger, tables.ticket) == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_no_guessed_token_opens_a_session(
    house: House, edge: TestServer, http: aiohttp.ClientSession, doors: dict[str, dict[str, str]]
) -> None:
    good = doors["/webchat/messages"]["Authorization"].removeprefix("Bearer ")
    session, expires, origin, seal = good.split(".")
    url = edge.make_url("/webchat/messages")
    guesses = [
        f"{secrets.token_urlsafe(16)}.{expires}.{origin}.{seal}",
        f"{session}.{int(expires) + 1}.{origin}.{seal}",
        f"{session}.9999999999.{origin}.{seal}",
        f"{session}.{expires}.{'A' * len(origin)}.{seal}",
        f"{session}.{expires}.{origin}.{secrets.token_urlsafe(32)}",
        f"{session}.{expires}.{origin}.",
        f"{session}.{expires}.{origin}",
        session,
        f"{good}.{seal}",
        good.upper(),
        good.replace(".", "\u2024"),
    ]
    for number in range(share(2_000)):
        guess = guesses[number % len(guesses)]
        async with http.get(url, headers={"Authorization": f"Bearer {guess}"}) as answer:
            # 429: even the guessing has a rate.
            assert answer.status in (401, 429), guess
