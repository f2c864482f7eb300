"""WhatsApp's two sides as the bench plays them: signed webhooks in, a Graph API stand-in out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

SECRET, TOKEN = "a-secret-of-benches", "a-token-of-benches"
NUMBER = "100000000000001"
PER_SECOND = 1_000
"""What Meta grants a large number; our own 80 would be measured otherwise."""
_ids = itertools.count(1)
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)


def text(sender: int, words: str) -> tuple[str, bytes]:
    """Return the id and the body of a person's text message."""
    return _body(sender, {"type": "text", "text": {"body": words}})


def silent(sender: int) -> tuple[str, bytes]:
    """Return a message that is stored like any other but asks for no turn: a reaction."""
    reaction = {"message_id": "wamid.earlier", "emoji": "\N{THUMBS UP SIGN}"}
    return _body(sender, {"type": "reaction", "reaction": reaction})


def many(senders: Sequence[int]) -> bytes:
    """Return one body with a message of each of these, as Meta sends it after a pause."""
    entries = [json.loads(silent(sender)[1])["entry"][0] for sender in senders]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def signed(body: bytes) -> dict[str, str]:
    """Return the headers that Meta would send with a body."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}


def _body(sender: int, content: dict[str, Any]) -> tuple[str, bytes]:
    phone, wamid = f"62811{sender:07d}", f"wamid.bench.{next(_ids)}"
    message = {"from": phone, "id": wamid, "timestamp": str(int(time.time())), **content}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "622150001111", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": f"Penanya {sender}"}, "wa_id": phone}],
        "messages": [message],
    }
    entry = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
    return wamid, json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


class Webhooks:
    """Posts webhooks over connections that stay open, with as little of the machine as can be.

    Args:
        url: Where the product takes them.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes, headers: dict[str, str]) -> bool:
        """Post one; say whether it was acknowledged."""
        lines = [f"POST {self._url.path} HTTP/1.1", f"Host: {self._url.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "\r\n"]).encode()
        there = self._idle.pop() if self._idle else await self._connect()
        reader, writer = there
        try:
            writer.write(head + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(_LENGTH.search(answer)[1]))  # type: ignore[index]
        except BaseException:
            writer.close()
            raise
        self._idle.append(there)
        return answer.startswith(b"HTTP/1.1 200 ")

    async def close(self) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._url.hostname, self._url.port)


class Graph:
    """Accepts every message and tells whoever waits for the answer to a message."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_post("/v26.0/{number}/messages", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    def answer_to(self, wamid: str) -> asyncio.Future[None]:
        """Return what is done once the answer to a message has arrived."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[wamid] = future
        return future

    async def _take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if "status" in body:
            return web.json_response({"success": True})
        future = self._waiting.pop(str((body.get("context") or {}).get("message_id")), None)
        if future is not None and not future.done():
            future.set_result(None)
        return web.json_response(
            {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.out.{next(_ids)}"}]}
        )
