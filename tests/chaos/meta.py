"""WhatsApp as a program sees it from outside: delivers until 200, shows every bubble it accepts.

It delivers a person's messages one after the other, as a phone with a network does: the next only
when the one before was acknowledged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from bot.personal.notice import Notice
from tests import wire
from tests.product import PROJECT, SECRET

NOTICE = Notice.load(PROJECT / "data/whatsapp/notice.yml").text
NUMBER = "100000000000001"
_AGAIN = 0.2


@dataclass(frozen=True)
class Shown:
    """A bubble that was accepted."""

    phone: str
    callback: str
    text: str
    context: str
    at: float

    @property
    def answers(self) -> list[str]:
        """The answers to one or several messages, which a bubble has one below the other."""
        return self.text.removesuffix(f"\n\n{NOTICE}").split("\n\n")

    @property
    def informs(self) -> bool:
        """Whether the privacy notice is beneath them."""
        return self.text.endswith(NOTICE)


class Meta:
    """One number's side of WhatsApp.

    Args:
        port: Where the Graph API is.
        edge: The product's webhook.
    """

    def __init__(self, port: int, edge: str) -> None:
        self._port = port
        self._edge = edge
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession
        self._reporting: set[asyncio.Task[None]] = set()
        self.shown: list[Shown] = []
        self.acknowledged: dict[str, list[str]] = defaultdict(list)
        self.answers: Counter[int] = Counter()
        self.delay = 0.0
        """Seconds between accepting a bubble and saying so."""
        self.odd: list[str] = []
        """What was wrong with what was sent."""
        self.refuses = 0
        """The code with which bubbles are refused, 0 for none."""
        self.refused: list[float] = []
        """When they were."""
        self.reports = True
        """Whether the state of a bubble is told."""

    async def __aenter__(self) -> Meta:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=30)
        )
        app = web.Application()
        app.router.add_post("/v26.0/{number}/messages", self._accept)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        for task in self._reporting:
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._session.close()
        assert kind is not None or not self.odd, self.odd

    async def write(self, phone: str, texts: Iterable[str], pause: float = 0.0) -> None:
        """Let a person write messages, each until it is acknowledged."""
        for text in texts:
            await self.write_at_once(phone, [text])
            await asyncio.sleep(pause)

    async def write_at_once(self, phone: str, texts: Iterable[str]) -> None:
        """Let messages of a person come together, as from a phone that is on the net again."""
        messages = [
            {
                "id": f"wamid.{phone}.{next(self._ids)}",
                "timestamp": str(int(time.time())),
                "from": phone,
                "type": "text",
                "text": {"body": text},
            }
            for text in texts
        ]
        contact = {"profile": {"name": "Penanya"}, "wa_id": phone}
        await self._deliver({"contacts": [contact], "messages": messages})
        self.acknowledged[phone] += [str(message["id"]) for message in messages]

    def bubbles(self, phone: str) -> list[Shown]:
        """What a person sees, each bubble when it was shown first."""
        seen: dict[str, Shown] = {}
        for bubble in self.shown:
            if bubble.phone == phone:
                seen.setdefault(bubble.callback, bubble)
        return list(seen.values())

    def answers_to(self, phone: str) -> list[str]:
        """What was answered to each message of a person, if an answer is one paragraph."""
        return [answer for bubble in self.bubbles(phone) for answer in bubble.answers]

    def informed(self, phone: str) -> list[int]:
        """Which of the bubbles that a person sees have the privacy notice."""
        return [place for place, bubble in enumerate(self.bubbles(phone)) if bubble.informs]

    @property
    def twice(self) -> int:
        """How many bubbles were shown again."""
        return len(self.shown) - len({bubble.callback for bubble in self.shown})

    async def _deliver(self, value: dict[str, Any]) -> None:
        metadata = {"display_phone_number": "622150001111", "phone_number_id": NUMBER}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
        while True:
            status = 0
            try:
                async with self._session.post(self._edge, data=body, headers=headers) as answer:
                    status = answer.status
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            self.answers[status] += 1
            if status == 200:
                return
            await asyncio.sleep(_AGAIN)

    async def _accept(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        self.odd += wire.faults(body)
        if "status" in body:  # A mark that a message was read.
            return web.json_response({"success": True})
        if self.refuses:
            self.refused.append(time.monotonic())
            return web.json_response({"error": {"code": self.refuses}}, status=400)
        wamid = f"wamid.out.{next(self._ids)}"
        bubble = Shown(
            body["to"].lstrip("+"),
            body["biz_opaque_callback_data"],
            _words(body),
            body.get("context", {}).get("message_id", ""),
            time.monotonic(),
        )
        self.shown.append(bubble)
        if self.reports:
            task = asyncio.create_task(self._report(wamid, bubble))
            self._reporting.add(task)
            task.add_done_callback(self._reporting.discard)
        await asyncio.sleep(self.delay)
        answer = {"messaging_product": "whatsapp", "messages": [{"id": wamid}]}
        return web.json_response(answer)

    async def _report(self, wamid: str, bubble: Shown) -> None:
        status = {"id": wamid, "status": "delivered", "timestamp": str(int(time.time()))}
        status |= {"recipient_id": bubble.phone, "biz_opaque_callback_data": bubble.callback}
        await self._deliver({"statuses": [status]})


def _words(body: dict[str, Any]) -> str:
    shape = body["text"] if "text" in body else body["interactive"]["body"]
    return str(shape["body" if "text" in body else "text"])
