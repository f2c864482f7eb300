"""Files at the Graph API: the token stays at home, and what comes is what was sent, or nothing."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.channels.message import Media
from bot.channels.whatsapp.errors import Action, GiveUp, TryLater
from bot.channels.whatsapp.media import GraphMedia
from bot.errors import Blocked, ChannelError, FileRefused, Permanent, Retryable
from sandbox.app import create_app
from tests.filing import PDF, PNG

NUMBER = "100000000000001"
TOKEN = "token-rahasia-uji"
SHORT = aiohttp.ClientTimeout(total=2, connect=0.5)
LARGEST = 100_000


class Graph:
    """A Graph API that does what a test wants; it remembers who brought the token where."""

    def __init__(self) -> None:
        self.content = PNG
        self.described: dict[str, Any] = {}
        self.statuses: list[int] = []
        self.visits: list[str] = []
        self.uploads: list[dict[str, Any]] = []
        self.media: GraphMedia
        self.base = ""

    async def describe(self, request: web.Request) -> web.Response:
        assert request.query["phone_number_id"] == NUMBER
        self._note("described", request)
        whole = {"url": f"{self.base}/file", "file_size": str(len(self.content))}
        return web.json_response({**whole, **self.described})

    async def hand_out(self, request: web.Request) -> web.Response:
        self._note("fetched", request)
        status = self.statuses.pop(0) if self.statuses else 200
        if status in (301, 302, 307):
            raise web.HTTPFound("/elsewhere")
        return web.Response(status=status, body=self.content)

    async def elsewhere(self, request: web.Request) -> web.Response:
        self._note("elsewhere", request)
        return web.Response(body=self.content)

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post()
        field = form["file"]
        assert isinstance(field, web.FileField)
        self.uploads.append(
            {
                "product": form["messaging_product"],
                "type": form["type"],
                "name": field.filename,
                "content": field.file.read(),
                "length": request.headers.get("Content-Length"),
            }
        )
        status = self.statuses.pop(0) if self.statuses else 200
        return web.json_response({"id": "1037000000000001"} if status == 200 else {}, status=status)

    def _note(self, what: str, request: web.Request) -> None:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        self.visits.append(what)

    async def fetch(self, sha256: str = "", strict: bool = True, id: str = "1003") -> bytes:
        async with aclosing(self.media.fetch(Media(id, "", sha256), strict)) as pieces:
            return b"".join([piece async for piece in pieces])


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    made = Graph()
    app = web.Application()
    app.router.add_get("/v26.0/{id}", made.describe)
    app.router.add_get("/file", made.hand_out)
    app.router.add_get("/elsewhere", made.elsewhere)
    app.router.add_post(f"/v26.0/{NUMBER}/media", made.take)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        made.base = str(server.make_url("")).rstrip("/")
        made.media = GraphMedia(session, f"{made.base}/v26.0", NUMBER, TOKEN, LARGEST, SHORT)
        yield made


async def fails(graph: Graph, kind: type[ChannelError], **how: Any) -> ChannelError:
    with pytest.raises(kind) as caught:
        await graph.fetch(**how)
    said = f"{caught.value} {caught.value!r} {graph.media!r}"
    assert TOKEN not in said and graph.base not in said
    return caught.value


async def test_a_file_is_fetched_in_two_steps(graph: Graph) -> None:
    assert await graph.fetch() == PNG
    assert graph.visits == ["described", "fetched"]


@pytest.mark.parametrize(
    "digest",
    [
        hashlib.sha256(PNG).hexdigest(),
        base64.b64encode(hashlib.sha256(PNG).digest()).decode(),
        "",
        "no digest at all",
    ],
)
async def test_the_digest_fits_in_either_spelling_or_is_not_given(
    graph: Graph, digest: str
) -> None:
    assert await graph.fetch(sha256=digest) == PNG
    graph.described = {"sha256": digest}
    assert await graph.fetch() == PNG


async def test_a_file_that_is_not_what_was_sent_is_tried_again(graph: Graph) -> None:
    other = hashlib.sha256(b"other").hexdigest()
    assert (await fails(graph, Retryable, sha256=other)).detail == "media digest"
    assert await graph.fetch(sha256=other, strict=False) == PNG


async def test_a_file_that_was_cut_short_is_tried_again(graph: Graph) -> None:
    graph.described = {"file_size": str(len(PNG) + 1)}
    for strict in (True, False):
        assert (await fails(graph, Retryable, strict=strict)).detail == "media cut short"


async def test_a_file_that_says_it_is_too_large_is_not_fetched(graph: Graph) -> None:
    graph.described = {"file_size": str(LARGEST + 1)}
    with pytest.raises(FileRefused, match="large"):
        await graph.fetch()
    assert graph.visits == ["described"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/file",
        "https://evilfbsbx.com/file",
        "https://fbsbx.com.evil.example/file",
        "https://lookaside.fbsbx.com@evil.example/file",
        "https://user:pw@lookaside.fbsbx.com/file",
        "https://lookaside.fbsbx.com:8443/file",
        "http://lookaside.fbsbx.com/file",
        "http://127.0.0.1:1/file",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//lookaside.fbsbx.com/file",
        "lookaside.fbsbx.com/file",
        "javascript:alert(1)",
        "https://[::1/file",
        "",
        None,
        7,
    ],
)
async def test_the_token_goes_to_no_foreign_host(graph: Graph, url: object) -> None:
    graph.described = {"url": url}
    assert (await fails(graph, Permanent)).detail == "media at a foreign host"
    assert graph.visits == ["described"]


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://mmg.fbcdn.net/a",
        "https://LOOKASIDE.FBSBX.COM:443/a",
        "https://graph.facebook.com/v26.0/a",
    ],
)
async def test_metas_own_hosts_are_known(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        media = GraphMedia(session, "https://graph.facebook.com/v26.0", NUMBER, TOKEN, LARGEST)
        assert media._checked(url) == URL(url)


async def test_a_redirect_is_not_followed(graph: Graph) -> None:
    graph.statuses = [302]
    assert isinstance(await fails(graph, Retryable), TryLater)
    assert graph.visits == ["described", "fetched"]


async def test_an_address_that_grew_old_is_asked_for_once_more(graph: Graph) -> None:
    graph.statuses = [404]
    assert await graph.fetch() == PNG
    assert graph.visits == ["described", "fetched"] * 2
    graph.statuses = [404, 404]
    await fails(graph, Permanent)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, Retryable), (429, Retryable), (401, Blocked), (403, Blocked)]
)
async def test_other_answers_of_the_host(
    graph: Graph, status: int, kind: type[ChannelError]
) -> None:
    graph.statuses = [status]
    await fails(graph, kind)


@pytest.mark.parametrize("id", ["../me", "1003/../../me", "a?b=c", "", "..", "x" * 257])
async def test_an_odd_id_leads_nowhere(graph: Graph, id: str) -> None:
    await fails(graph, Permanent, id=id)
    assert graph.visits == []


async def test_an_upload_says_its_type_its_name_and_its_length(graph: Graph) -> None:
    id = await graph.media.upload(io.BytesIO(PDF), "panduan.pdf", "application/pdf")
    (seen,) = graph.uploads
    assert id == "1037000000000001"
    assert int(seen.pop("length")) > len(PDF)
    assert seen == {
        "product": "whatsapp",
        "type": "application/pdf",
        "name": "panduan.pdf",
        "content": PDF,
    }


@pytest.mark.parametrize(("status", "kind"), [(500, Retryable), (400, GiveUp), (401, Blocked)])
async def test_an_upload_that_is_not_taken(
    graph: Graph, status: int, kind: type[ChannelError]
) -> None:
    graph.statuses = [status]
    with pytest.raises(kind):
        await graph.media.upload(io.BytesIO(PDF), "panduan.pdf", "application/pdf")


async def test_nobody_there_is_tried_again(graph: Graph) -> None:
    async with aiohttp.ClientSession() as session:
        away = GraphMedia(session, "http://127.0.0.1:1/v26.0", NUMBER, TOKEN, LARGEST, SHORT)
        with pytest.raises(TryLater) as caught:
            await away.upload(io.BytesIO(PDF), "a.pdf", "application/pdf")
        assert caught.value.action is Action.PASSING
        graph.media = away
        await fails(graph, Retryable)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("gone", Permanent),
        ("foreign_host", Permanent),
        ("redirect", Retryable),
        ("cut", Retryable),
        ("changed", Retryable),
        ("slow", Retryable),
        ("error", Retryable),
        ("token", Blocked),
        ("old_address", None),
    ],
)
async def test_against_the_sandbox(fault: str, expected: type[Exception] | None) -> None:
    app = create_app(
        webhook_url="http://127.0.0.1:9/",
        app_secret="s",
        access_token=TOKEN,
        phone_number_id=NUMBER,
    )
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        sent = await session.post(
            server.make_url("/sandbox/people/siti/files?type=image"), data=PNG
        )
        assert sent.status == 200
        chat = await session.get(server.make_url("/sandbox/people/siti/messages"))
        id = (await chat.json())["messages"][0]["file"]["id"]
        switch = {"media": {"kind": fault, "times": 1, "seconds": 5}}
        await session.put(server.make_url("/sandbox/faults"), json=switch)
        graph = Graph()
        graph.media = GraphMedia(
            session, str(server.make_url("/graph/v26.0")), NUMBER, TOKEN, LARGEST, SHORT
        )
        if expected is not None:
            with pytest.raises(expected):
                await graph.fetch(id=id)
        if fault != "slow":
            assert await graph.fetch(id=id) == PNG
