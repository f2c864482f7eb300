"""The question over HTTP: what each answer becomes, and that the budget holds."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from actions.clients.breaker import Breaker
from actions.clients.http import Upstream
from bot.errors import (
    BadAnswer,
    NotFound,
    Refused,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)

Build = Callable[..., Awaitable[Upstream]]
PERSONAL = {"nik": "3171010101900001", "email": "budi.santoso@example.go.id"}
SLACK = 3.0  # seconds over the budget that a busy machine may take


async def ask(upstream: Upstream, key: str | None = None) -> dict[str, object]:
    return await upstream.post("/x", PERSONAL, request_id="req-1", idempotency_key=key)


def answering(status: int, body: str = "", content_type: str = "application/json") -> object:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(
            status=status, body=body.encode(), headers={"Content-Type": content_type}
        )

    return handler


async def test_a_question_and_its_answer(upstream_to: Build) -> None:
    seen: list[web.BaseRequest] = []
    bodies: list[object] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append(request)
        bodies.append(await request.json())
        return web.json_response({"baik": True})

    assert await ask(await upstream_to(handler), key="wamid-1") == {"baik": True}
    (request,) = seen
    assert (request.method, request.path_qs) == ("POST", "/span/x")
    assert request.headers["Authorization"] == "Bearer the-token"
    assert request.headers["X-Request-Id"] == "req-1"
    assert request.headers["Idempotency-Key"] == "wamid-1"
    assert bodies == [PERSONAL]


async def test_without_a_token_and_a_change_there_are_no_such_headers(
    aiohttp_raw_server: Callable[..., Awaitable[object]], session: aiohttp.ClientSession
) -> None:
    headers: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        headers.extend(request.headers)
        return web.json_response({})

    server = await aiohttp_raw_server(handler)
    await ask(Upstream("span", str(server.make_url("/")), "", session))  # type: ignore[attr-defined]
    assert "Authorization" not in headers
    assert "Idempotency-Key" not in headers


async def test_an_empty_idempotency_key_is_a_mistake(upstream_to: Build) -> None:
    with pytest.raises(ValueError, match="idempotency"):
        await ask(await upstream_to(answering(200, "{}")), key="")


@pytest.mark.parametrize(
    ("status", "body", "expected", "detail"),
    [
        (404, '{"error": "not_found"}', NotFound, "not_found"),
        (404, '{"error": "no_such_path"}', BadAnswer, "http_404"),
        (404, "[]", BadAnswer, "http_404"),
        (404, "", BadAnswer, "http_404"),
        (409, '{"error": "locked"}', Refused, "locked"),
        (409, '{"error": "wrong_state"}', Refused, "wrong_state"),
        (409, '{"error": "budi santoso"}', Refused, "http_409"),
        (409, '{"error": ["locked"]}', Refused, "http_409"),
        (423, "<html>", Refused, "http_423"),
        (401, "{}", UpstreamUnavailable, "credentials"),
        (403, "{}", UpstreamUnavailable, "credentials"),
        (422, '{"error": "invalid"}', BadAnswer, "invalid"),
        (429, "{}", UpstreamUnavailable, "rate_limited"),
        (500, "{}", UpstreamUnavailable, "http_500"),
        (503, "<html>", UpstreamUnavailable, "http_503"),
        (301, "", BadAnswer, "http_301"),
        (201, "{}", BadAnswer, "http_201"),
        (204, "", BadAnswer, "http_204"),
        (400, "{}", BadAnswer, "http_400"),
        (418, "{}", BadAnswer, "http_418"),
    ],
)
async def test_what_a_status_becomes(
    upstream_to: Build, status: int, body: str, expected: type[UpstreamError], detail: str
) -> None:
    upstream = await upstream_to(answering(status, body))
    with pytest.raises(UpstreamError) as caught:
        await ask(upstream)
    assert type(caught.value) is expected
    assert caught.value.detail == detail
    assert caught.value.system == "span"


async def test_a_404_in_html_is_not_a_missing_record(upstream_to: Build) -> None:
    upstream = await upstream_to(answering(404, '{"error": "not_found"}', "text/html"))
    with pytest.raises(BadAnswer):
        await ask(upstream)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>Sedang pemeliharaan</html>", "text/html"),
        ('{"a": 1}', "text/plain"),
        ('{"a": 1}', "application/json; charset=utf-16"),
        ('{"a": 1}', "application/json; charset=iso-8859-1"),
        ('{"a": "terpo', "application/json"),
        ("", "application/json"),
        ("[]", "application/json"),
        ("null", "application/json"),
        ('"a"', "application/json"),
        ("[" * 60_000, "application/json"),
        ('{"a": ' + "9" * 60_000 + "}", "application/json"),
        ("\ufeff{}", "application/json"),
        (" " * 70_000, "application/json"),
    ],
)
async def test_an_answer_outside_the_contract(
    upstream_to: Build, body: str, content_type: str
) -> None:
    upstream = await upstream_to(answering(200, body, content_type))
    with pytest.raises(BadAnswer) as caught:
        await ask(upstream)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "body", ['{"nama": "Jos\xe9"}'.encode("latin-1"), json.dumps({"a": 1}).encode("utf-16")]
)
async def test_bytes_that_are_not_utf8(upstream_to: Build, body: bytes) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    with pytest.raises(BadAnswer):
        await ask(await upstream_to(handler))


async def test_a_compressed_answer_is_refused_unread(upstream_to: Build) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        body = gzip.compress(b'{"a": "' + b"0" * 50_000_000 + b'"}', 1)
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=body, headers=headers)

    with pytest.raises(BadAnswer, match="content_encoding"):
        await ask(await upstream_to(handler, budget=5))


@pytest.mark.parametrize("declared", [True, False])
async def test_a_huge_answer_is_cut_off(upstream_to_raw: Build, declared: bool) -> None:
    written = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        length = b"Content-Length: 50000000\r\n" if declared else b""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + length + b"\r\n")
        for _ in range(500):
            writer.write(b" " * 100_000)
            await writer.drain()
            written += 100_000

    with pytest.raises(BadAnswer, match="too_long"):
        await ask(await upstream_to_raw(talk, budget=5))
    assert written < 20_000_000  # what the buffers of the system swallowed


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_refusal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("talk", [hang, drip_head, drip_body, drip_refusal])
@pytest.mark.parametrize("per_try", [0.1, 3.5])
async def test_the_budget_holds_for_a_server_that_never_ends(
    upstream_to_raw: Build, talk: object, per_try: float
) -> None:
    upstream = await upstream_to_raw(talk, per_try=per_try)
    started = time.monotonic()
    with pytest.raises(UpstreamTimeout):
        await ask(upstream)
    assert time.monotonic() - started < 0.4 + SLACK


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    pass


async def truncate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    writer.write(head + b'{"status": "akt')
    await writer.drain()


@pytest.mark.parametrize("talk", [hang_up, truncate])
async def test_a_cut_connection_is_tried_again_within_the_budget(
    upstream_to_raw: Build, talk: Callable[..., Awaitable[None]]
) -> None:
    tries = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        await talk(reader, writer)

    upstream = await upstream_to_raw(counting, budget=1.5)
    started = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match="connection"):
        await ask(upstream)
    assert time.monotonic() - started < 1.5 + SLACK
    assert tries > 1


async def test_a_server_that_does_not_speak_http(upstream_to_raw: Build) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.go.id ESMTP\r\n\r\n")
        await writer.drain()

    with pytest.raises(BadAnswer, match="protocol"):
        await ask(await upstream_to_raw(talk))


async def test_nobody_listens(session: aiohttp.ClientSession, unused_tcp_port: int) -> None:
    upstream = Upstream("span", f"http://127.0.0.1:{unused_tcp_port}", "", session, 0.4)
    started = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match="connection"):
        await ask(upstream)
    assert time.monotonic() - started < 0.4 + SLACK


async def test_redirects_are_not_followed(upstream_to: Build) -> None:
    tries = 0

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal tries
        tries += 1
        return web.Response(status=307, headers={"Location": str(request.url)})

    with pytest.raises(BadAnswer, match="http_307"):
        await ask(await upstream_to(handler))
    assert tries == 1


async def test_every_try_carries_the_same_key(upstream_to: Build) -> None:
    keys: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        return web.json_response({}, status=503 if len(keys) < 3 else 200)

    assert await ask(await upstream_to(handler, budget=8.0), key="wamid-7") == {}
    assert keys == ["wamid-7"] * 3


@pytest.mark.parametrize("status", [401, 404, 409, 422, 429])
async def test_what_another_try_would_not_mend_is_asked_once(
    upstream_to: Build, status: int
) -> None:
    tries = 0

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal tries
        tries += 1
        return web.json_response({"error": "not_found"}, status=status)

    with pytest.raises(UpstreamError):
        await ask(await upstream_to(handler, budget=2.0))
    assert tries == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [(401, "open"), (418, "open"), (404, "closed"), (409, "closed"), (422, "closed")],
)
async def test_which_answers_open_the_breaker(upstream_to: Build, status: int, state: str) -> None:
    upstream = await upstream_to(answering(status, '{"error": "not_found"}'))
    for _ in range(5):
        with pytest.raises(UpstreamError):
            await ask(upstream)
    assert upstream.breaker.state == state


async def test_an_open_breaker_answers_without_asking_until_a_trial_succeeds(
    upstream_to: Build,
) -> None:
    now = 0.0
    status = 401
    asked = 0

    async def handler(request: web.BaseRequest) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({}, status=status)

    upstream = await upstream_to(handler, breaker=Breaker(clock=lambda: now))
    for _ in range(7):
        with pytest.raises(UpstreamUnavailable) as caught:
            await ask(upstream)
    assert asked == 5
    assert caught.value.detail == "breaker_open"
    assert REGISTRY.get_sample_value("nindy_upstream_breaker_open", {"system": "span"}) == 1
    now, status = 30.0, 200
    # Nobody has asked since, and those who watch see it all the same.
    assert REGISTRY.get_sample_value("nindy_upstream_breaker_open", {"system": "span"}) == 0
    assert await ask(upstream) == {}
    assert upstream.breaker.state == "closed"


async def test_a_result_that_cannot_be_read_counts_as_a_failure(upstream_to: Build) -> None:
    upstream = await upstream_to(answering(200, '{"cocok": "ya"}'))
    for _ in range(5):
        with pytest.raises(BadAnswer, match="member cocok"):
            await upstream.ask("/x", {}, lambda answer: answer.flag("cocok"), request_id="r")
    assert upstream.breaker.state == "open"


async def test_a_cancelled_trial_gives_its_place_back(upstream_to_raw: Build) -> None:
    now, asked = 0.0, asyncio.Event()

    async def hang_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await hang(reader, writer)

    breaker = Breaker(failures=1, clock=lambda: now)
    upstream = await upstream_to_raw(hang_on, budget=5.0, breaker=breaker)
    ticket = breaker.enter()
    assert ticket is not None
    breaker.leave(ticket, False)
    now = 30.0
    trial = asyncio.create_task(ask(upstream))
    await asyncio.wait_for(asked.wait(), 5)
    assert breaker.enter() is None
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial
    assert breaker.state == "half_open"
    assert breaker.enter() is not None


LEAKY = json.dumps({"error": f"user {PERSONAL['nik']} {PERSONAL['email']}"})


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, LEAKY),
        (200, LEAKY[:-5]),
        (404, LEAKY),
        (409, LEAKY),
        (422, LEAKY),
        (500, LEAKY),
        (400, LEAKY),
        (401, LEAKY),
    ],
)
async def test_no_personal_data_in_exceptions_and_logs(
    upstream_to: Build, caplog: pytest.LogCaptureFixture, status: int, body: str
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream = await upstream_to(answering(status, body))
    with pytest.raises(UpstreamError) as caught:
        await upstream.ask(
            "/x", PERSONAL, lambda answer: answer.one_of("error", ("a",)), request_id="req-1"
        )
    told = [repr(caught.value), str(caught.value), repr(caught.value.__dict__)]
    assert caught.value.__cause__ is None
    for record in caplog.records:
        if record.name != "aiohttp.access":  # the test's own server
            told += [record.getMessage(), repr(record.__dict__)]
    for secret in (*PERSONAL.values(), "the-token"):
        assert not any(secret in text for text in told)


async def test_each_try_leaves_one_log_record(
    upstream_to: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "actions.clients.http")
    statuses = iter([500, 200])

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.json_response({}, status=next(statuses))

    await ask(await upstream_to(handler, budget=8.0))
    records = [r.__dict__ for r in caplog.records if r.name == "actions.clients.http"]
    assert [(r["levelname"], r["status"], r["outcome"], r["try"]) for r in records] == [
        ("WARNING", 500, "http_500", 1),
        ("INFO", 200, "ok", 2),
    ]
    for record in records:
        assert (record["system"], record["path"], record["request_id"]) == ("span", "/x", "req-1")
        assert isinstance(record["milliseconds"], int)
