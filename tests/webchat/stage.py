"""The web chat's door over HTTP, visitors who use it as the widget does, and who answers them."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.attachments.files import Files
from bot.catalogue import Catalogue
from bot.channels.message import Choice, Reply
from bot.channels.webchat.door import PREFIX, create_app
from bot.channels.webchat.keys import CHAT, Chat
from bot.channels.webchat.pages import demo_routes
from bot.channels.webchat.words import ChatWords
from bot.ledger import outbox, unit_of_work
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.rates import Rates
from bot.live.wake import Wake
from bot.settings import Settings
from bot.turn.intake import Intake
from bot.worktime import WorkCalendar
from tests.conftest import PROJECT
from tests.kit import claimed

ORIGIN = "https://hai.contoh.go.id"
OTHER_ORIGIN = "https://djpb.contoh.go.id"
IDENTITY_KEY = "kunci-uji-situs-tuan-rumah-0123456789"
CALENDAR = WorkCalendar.load(PROJECT / "data/calendar")
CATALOGUE = Catalogue(PROJECT / "data/catalogue")
WORDS = ChatWords.load(PROJECT / "data/webchat")
SECONDS = 10
FILE_BYTES = 200_000


class Door:
    """The server, which can be stopped and started again on the same ledger and port."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Callable[[], datetime],
        folder: Path,
        port: int = 0,
        **settings: Any,
    ) -> None:
        self.ledger, self.clock, self.wake = ledger, clock, Wake()
        usual = {"webchat_origins": f"{ORIGIN},{OTHER_ORIGIN}", "var_dir": folder}
        self.settings = Settings(webchat_identity_key=IDENTITY_KEY, **{**usual, **settings})
        self.server: TestServer
        self.files = Files(folder / "files", ledger.vault, FILE_BYTES, None)
        self.session: aiohttp.ClientSession
        self._port = port

    async def start(self) -> None:
        self.wake = Wake()
        app = web.Application()
        chat = create_app(
            self.settings,
            self.ledger,
            Intake(self.ledger, self.wake, self.clock),
            self.files,
            self.wake,
            self.clock,
            CALENDAR,
            CATALOGUE,
            WORDS,
            Rates(),
        )
        self.chat: Chat = chat[CHAT]
        app.add_subapp(PREFIX, chat)
        app.add_routes(demo_routes())
        self.server = TestServer(app, port=self._port or None)
        await self.server.start_server(shutdown_timeout=2)
        self._port = int(self.server.port or 0)

    async def stop(self) -> None:
        await self.server.close()

    def url(self, path: str) -> str:
        return str(self.server.make_url(PREFIX + path))

    def answer(self, *texts: str, choices: tuple[Choice, ...] = ()) -> None:
        """Nindy answers the message that has waited longest."""
        now = self.clock()
        work = UnitOfWork(claimed(self.ledger, now=now), now, state={"slots": {}, "loop": None})
        work.replies = [Reply(text, choices) for text in texts]
        self.ledger.transact(unit_of_work.commit, work, "w1", now)
        self.wake.ring("outbox")

    def push(self, conversation_id: str, text: str, agent_id: str | None = None) -> None:
        """A bubble that nobody asked for."""
        reply, now = Reply(text), self.clock()
        self.ledger.transact(outbox.enqueue, conversation_id, None, reply, now, agent_id=agent_id)
        self.wake.ring("outbox")

    async def visitor(self, origin: str | None = ORIGIN, **asked: Any) -> Visitor:
        visitor = Visitor(self, origin)
        assert await visitor.begin(**asked) == 201
        return visitor


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json["error"])


@dataclass
class Visitor:
    """A page with the widget on it."""

    door: Door
    origin: str | None = ORIGIN
    token: str = ""
    session_id: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    async def begin(self, **asked: Any) -> int:
        answer = await self.call("POST", "/sessions", json=asked)
        if answer.status == 201:
            self.token, self.session_id = answer.json["token"], answer.json["session_id"]
        return answer.status

    async def say(self, text: str = "halo", id: str = "", **more: Any) -> Answer:
        body = {"id": id or str(uuid.uuid4()), **({"text": text} if text else {}), **more}
        return await self.call("POST", "/messages", json=body)

    async def poll(self, after: int = 0, **query: Any) -> Any:
        answer = await self.call("GET", "/messages", params={"after": str(after), **query})
        assert answer.status == 200, answer
        return answer.json

    async def texts(self, after: int = 0) -> list[str]:
        return [one["text"] for one in (await self.poll(after))["messages"]]

    async def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> Answer:
        async with self.door.session.request(
            method, self.door.url(path), headers=self.headers(**(headers or {})), **more
        ) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())

    def headers(self, **more: str) -> dict[str, str]:
        own = {"Origin": self.origin} if self.origin is not None else {}
        if self.token:
            own["Authorization"] = f"Bearer {self.token}"
        return {**own, **self.extra, **more}

    @asynccontextmanager
    async def stream(self, after: int | None = None) -> AsyncIterator[Events]:
        headers = self.headers(**({} if after is None else {"Last-Event-ID": str(after)}))
        async with self.door.session.get(self.door.url("/events"), headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            yield Events(answer)

    def conversation(self) -> str:
        from bot.ledger import chat_sessions

        found = self.door.ledger.transact(chat_sessions.find, self.session_id)
        assert found is not None
        return found.conversation_id


class Events:
    """An open stream, read as a browser reads it."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.state: dict[str, Any] = {}
        self.last = 0

    async def next(self, name: str = "") -> dict[str, Any]:
        """The next event, or the next with a name; raises `EOFError` at the end of the stream."""
        while True:
            found, data = await asyncio.wait_for(self._event(), SECONDS)
            if found == "state":
                self.state = data
            if not name or found == name:
                return data

    async def message(self) -> dict[str, Any]:
        return await self.next("message")

    async def until(self, **state: Any) -> dict[str, Any]:
        """The first state in which all of this holds, this one included."""
        while any(self.state.get(key) != value for key, value in state.items()):
            await self.next("state")
        return self.state

    async def _event(self) -> tuple[str, dict[str, Any]]:
        lines: dict[str, str] = {}
        while True:
            raw = await self.answer.content.readline()
            if not raw:
                raise EOFError
            line = raw.decode().rstrip("\n")
            if line and not line.startswith(":"):
                key, _, value = line.partition(": ")
                lines[key] = value
            elif not line and "data" in lines:
                if "id" in lines:
                    self.last = int(lines["id"])
                return lines["event"], json.loads(lines["data"])
            elif not line:
                lines = {}


def ids() -> Iterator[str]:
    while True:
        yield str(uuid.uuid4())
