"""``kill -9`` of the whole product, at named places of a turn and at random moments.

Twenty people each send ten messages; six of them make a ticket. Whatever is killed when: every
message is answered exactly once and in order, and nobody gets a second ticket. The one window that
cannot be closed, a Graph API that accepts without an idempotency key, is counted and printed.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.ledger.fetches import LEASE
from bot.turn.failpoints import Failpoints
from tests.chaos.storm import VOLUME
from tests.product import Product

pytestmark = [pytest.mark.rasa, pytest.mark.chaos, pytest.mark.timeout(420)]

PLACES = Failpoints.TURN if VOLUME >= 10 else ("after_rasa", "after_send")
"""The stub of `test_processes.py` ends at all of them, at any volume."""
SETTLE = "12"
PATIENCE = 150
KILLS = 2 if VOLUME < 10 else 10
SCRIPT = (
    "halo",
    "Apa itu HAI-DJPb?",
    "cek sp2d 260261301000123 rek 0012345678901",
    "petugas",
    "Sejak pagi aplikasi tidak bisa dibuka oleh semua operator",
    "Wati Contoh",
    "operator@contoh.go.id",
    "lewati",
    "kirim",
    "terima kasih",
)
TICKETS = SCRIPT.count("kirim")


async def _person(product: Product, name: str, lines: tuple[str, ...]) -> None:
    """Write line after line, each once the one before has been answered."""
    for line in lines:
        await product.ask(name, line, PATIENCE)


async def _everything_is_answered(product: Product, people: list[str], lines: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        chats = [await product.chat(name) for name in people]
        answered = [len({e["context"] for e in chat if e["from"] == "nindy"}) for chat in chats]
        if answered == [lines] * len(people):
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"unanswered: {Counter(answered)}; log:\n{product.log[-4000:]}")


def _exactly_once_and_in_order(chat: list[dict[str, Any]]) -> int:
    """Check a chat; return how many bubbles were shown twice."""
    written = [entry["wamid"] for entry in chat if entry["from"] == "person"]
    bubbles = [entry for entry in chat if entry["from"] == "nindy"]
    first: dict[str, int] = {}
    for entry in bubbles:
        first.setdefault(entry["callback"], entry["index"])
    shown = [e for e in bubbles if first[e["callback"]] == e["index"]]
    assert [entry["context"] for entry in shown] == written
    return len(bubbles) - len(shown)


def _tickets(folder: Path) -> dict[str, int]:
    with sqlite3.connect(folder / "var" / "nindy.db") as connection:
        return dict(
            connection.execute(
                "SELECT conversation_id, count(*) FROM ticket GROUP BY conversation_id"
            ).fetchall()
        )


async def _check(product: Product, folder: Path, people: list[str], what: str) -> None:
    await _everything_is_answered(product, people, len(SCRIPT))
    twice = sum([_exactly_once_and_in_order(await product.chat(name)) for name in people])
    tickets = _tickets(folder)
    assert sorted(tickets.values()) == [TICKETS] * len(people)
    print(
        f"\n{what}: {len(people) * len(SCRIPT)} messages, lost 0, out of order 0, "
        f"second tickets 0, bubbles shown twice {twice}"
    )
    assert twice == 0, "a status settles every unknown outcome while the sandbox remembers"


async def test_killed_at_named_places(model: Path, tmp_path: Path) -> None:
    """One life after the other, each ending somewhere else, while people write."""
    people = ["ani", "beni"]
    async with Product(tmp_path, NINDY_SETTLE_SECONDS=SETTLE) as product:
        await product.start(failpoint=f"{PLACES[0]}:3")
        writing = [asyncio.create_task(_person(product, person, SCRIPT)) for person in people]
        for following in [*(f"{place}:3" for place in PLACES[1:]), ""]:
            assert product.process is not None
            await asyncio.to_thread(product.process.wait, 60)
            assert product.process.returncode == -9, product.log[-2000:]
            await product.start(failpoint=following)
        await asyncio.gather(*writing)
        await _check(product, tmp_path, people, f"killed at {', '.join(PLACES)}")


async def test_killed_at_random(model: Path, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"\nseed {seed}")
    dice = random.Random(seed)
    people = [f"orang-{number}" for number in range(10)]
    async with Product(tmp_path, NINDY_SETTLE_SECONDS=SETTLE) as product:
        await product.start()
        writing = asyncio.gather(*(_person(product, name, SCRIPT) for name in people))
        for _ in range(KILLS):
            # The moment is random on purpose: anywhere from loading the model to idling.
            await asyncio.sleep(dice.uniform(2, 8))
            product.kill()
            await product.start()
        await writing
        await _check(product, tmp_path, people, f"killed {KILLS} times at random")


async def test_killed_between_a_message_and_its_file(model: Path, tmp_path: Path) -> None:
    async with Product(tmp_path, NINDY_SETTLE_SECONDS=SETTLE) as product:
        await product.start()
        await product.ask("siti", "halo", 60)
        await product.faults({"media": "error"})
        index = await product.write("siti", type="image", text="Apa itu HAI-DJPb?")
        while not (await product.get("/sandbox/faults"))["media"]["hits"]:
            await asyncio.sleep(0.05)
        product.kill()
        await product.faults({"media": "off"})
        await product.start()
        answer = await product.answer("siti", index, 60)
        assert "Filenya sudah Nindy terima" in answer["text"]
        # Killed in the middle of a try, the file is due again when its lease has run out.
        deadline = time.monotonic() + LEASE.total_seconds() + 60
        while time.monotonic() < deadline and _files(tmp_path) != ["kept"]:
            await asyncio.sleep(0.2)
        assert _files(tmp_path) == ["kept"], product.log[-3000:]
        await _everything_is_answered(product, ["siti"], 2)
        assert _exactly_once_and_in_order(await product.chat("siti")) == 0


def _files(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "var" / "nindy.db") as connection:
        return [row[0] for row in connection.execute("SELECT state FROM attachment")]


async def test_stopped_under_load_drains(model: Path, tmp_path: Path) -> None:
    people = [f"orang-{number}" for number in range(8)]
    async with Product(tmp_path, NINDY_SETTLE_SECONDS=SETTLE) as product:
        await product.start()
        await product.ask("hangat", "halo", 60)
        writing = asyncio.gather(*(_person(product, name, SCRIPT) for name in people))
        while (await product.get("/sandbox/stats"))["accepted"] < 10:
            await asyncio.sleep(0.05)
        seconds = await asyncio.to_thread(product.stop)
        assert seconds < 15
        assert product.process is not None and product.process.returncode == 0
        await product.start()
        await writing
        await _everything_is_answered(product, people, len(SCRIPT))
        for name in people:
            assert _exactly_once_and_in_order(await product.chat(name)) == 0
