"""``kill -9`` of the whole product while people chat: nothing lost, nothing twice, on any tab.

The visitors here do what the widget does: they send again until it is acknowledged, and come back
to the stream with the last event they have seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.product import Product

pytestmark = [pytest.mark.rasa, pytest.mark.chaos, pytest.mark.timeout(420)]

AWAY = (aiohttp.ClientError, asyncio.TimeoutError, ConnectionError)
SCRIPT = (
    "halo",
    "Apa itu HAI-DJPb?",
    "/restart",
    "cek sp2d 260261301000123 rek 0012345678901",
    "petugas",
    "Sejak pagi aplikasi tidak bisa dibuka oleh semua operator",
    "Wati Contoh",
    "operator@contoh.go.id",
    "lewati",
    "kirim",
)


class Person:
    """A visitor with an open tab."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.url = f"{product.edge}/webchat"
        self.token = ""
        self.heard: list[dict[str, Any]] = []
        self.acknowledged: dict[str, int] = {}

    async def begin(self) -> None:
        async with self.product.session.post(f"{self.url}/sessions") as answer:
            assert answer.status == 201
            self.token = (await answer.json())["token"]

    async def listen(self) -> None:
        """Hold a stream open, as long as it takes."""
        while True:
            last = self.heard[-1]["seq"] if self.heard else 0
            headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": str(last)}
            with contextlib.suppress(*AWAY):
                async with self.product.session.get(
                    f"{self.url}/events", headers=headers
                ) as answer:
                    await self._read(answer)
            await asyncio.sleep(0.05)

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        name = ""
        async for raw in answer.content:
            key, _, value = raw.decode().rstrip("\n").partition(": ")
            name = value if key == "event" else name
            if key == "data" and name == "message":
                self.heard.append(json.loads(value))

    async def say(self, text: str) -> None:
        """Send until it is acknowledged, then once more, and wait for the answer."""
        id = str(uuid.uuid4())
        headers = {"Authorization": f"Bearer {self.token}"}
        for _ in range(2):
            while True:
                with contextlib.suppress(*AWAY):
                    async with self.product.session.post(
                        f"{self.url}/messages",
                        json={"id": id, "text": text},
                        headers=headers,
                        timeout=aiohttp.ClientTimeout(total=5),
                    ) as answer:
                        if answer.status == 202:
                            seq = int((await answer.json())["seq"])
                            assert self.acknowledged.setdefault(id, seq) == seq
                            break
                        assert answer.status in (429, 503)
                await asyncio.sleep(0.1)
        while not any(m["seq"] > seq and m["from"] == "nindy" for m in self.heard):
            await asyncio.sleep(0.02)

    async def kept(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.product.session.get(f"{self.url}/messages", headers=headers) as answer:
            return list((await answer.json())["messages"])


async def test_people_who_chat_while_the_product_is_killed(model: Path, tmp_path: Path) -> None:
    async with Product(tmp_path) as product:
        await product.start()
        people = [Person(product) for _ in range(4)]
        for person in people:
            await person.begin()
        listening = [asyncio.create_task(person.listen()) for person in people]

        async def write(person: Person) -> None:
            for line in SCRIPT:
                await person.say(line)

        writing = asyncio.gather(*(write(person) for person in people))
        for kills in (1, 2):
            # Each time in the middle of what was going on, once it goes on again.
            while sum(len(person.acknowledged) for person in people) < kills * 13:
                await asyncio.sleep(0.02)
            product.kill()
            await product.start()
        await writing
        for task in listening:
            task.cancel()
        for person in people:
            kept = await person.kept()
            assert person.heard == kept, "what came over the stream is what there is"
            seqs = [one["seq"] for one in kept]
            assert seqs == sorted(set(seqs))
            mine = [one for one in kept if one["from"] == "user"]
            assert [one["text"] for one in mine] == list(SCRIPT)
            assert {one["id"]: one["seq"] for one in mine} == person.acknowledged
            assert len(kept) == 2 * len(SCRIPT), "each message has one answer"
            assert [one["from"] for one in kept] == ["user", "nindy"] * len(SCRIPT)


async def test_open_streams_end_when_the_product_stops(model: Path, tmp_path: Path) -> None:
    async with Product(tmp_path) as product:
        await product.start()
        person = Person(product)
        await person.begin()
        listening = asyncio.create_task(person.listen())
        await person.say("halo")
        listening.cancel()
        headers = {"Authorization": f"Bearer {person.token}"}
        async with product.session.get(f"{person.url}/events", headers=headers) as answer:
            assert await answer.content.readline() == b"retry: 1000\n"
            seconds = await asyncio.to_thread(product.stop)
            assert seconds < 15
            await answer.content.read()
        assert product.process is not None and product.process.returncode == 0
