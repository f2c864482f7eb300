"""The shut window with the real processes: templates go out, and no reply of an agent is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.ledger import tables
from bot.ledger.database import Ledger
from bot.privacy import open_vault
from bot.settings import Settings
from bot.templates import Occasion
from bot.tickets.record import Seen
from tests.product import Product
from tests.ticketing import CHANGES

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(180)]


@contextmanager
def ledger_of(product: Product) -> Iterator[Ledger]:
    """The running product's ledger, as another process sees it."""
    var = Path(product.environment["NINDY_VAR_DIR"])
    ledger = Ledger(f"sqlite:///{var}/nindy.db", open_vault(Settings(var_dir=var)))
    try:
        yield ledger
    finally:
        ledger.close()


async def put_clock(product: Product, hours: float) -> None:
    url = f"{product.sandbox}/sandbox/clock"
    async with product.session.put(url, json={"hours": hours}) as response:
        assert response.status == 200, await response.text()


async def open_ticket(product: Product, person: str) -> str:
    for line in ("petugas", "SPM tidak bisa dicetak sejak kemarin pagi", "Beni Contoh"):
        await product.ask(person, line)
    await product.ask(person, "beni@contoh.go.id")
    await product.press(person, "Lewati")
    made = await product.press(person, "Kirim tiket")
    number = re.search(r"\d{8}-[2-9A-HJ-NP-Z]{6}", made["text"])
    assert number is not None, made["text"]
    return number.group()


async def test_templates_go_out_and_what_waits_comes_when_the_person_writes(
    model: Path, tmp_path: Path
) -> None:
    async with Product(tmp_path) as product:
        await product.start()
        await product.ask("beni", "halo", 60)
        number = await open_ticket(product, "beni")
        with ledger_of(product) as ledger:
            agent = {"id": "a1", "login": "rina", "name": "Rina", "role": "agent"}
            with ledger.engine.begin() as connection:
                insert = tables.agent.insert()
                connection.execute(insert.values(**agent, created_at=datetime.now(timezone.utc)))

            async def reply(text: str, announce: Occasion | None = None) -> dict[str, Any]:
                """Answer as an agent does; return the bubble that reaches the phone."""
                index = (await product.chat("beni"))[-1]["index"]
                seen = Seen(number, None, "agent:a1", datetime.now(timezone.utc))
                more: dict[str, Any] = {"announce": announce}
                ledger.transact(CHANGES.reply, seen, text, **more)
                return await product.answer("beni", index)

            # Shut at WhatsApp alone: what is refused there is announced instead.
            await put_clock(product, 25)
            shown = await reply("Pagu sudah kami buka.")
            assert shown["type"] == "template" and f"membalas tiket {number}" in shown["text"]
            assert "Pagu" not in shown["text"]
            answer = await product.press("beni", "Lihat balasan")
            assert "Pagu sudah kami buka." in answer["text"]

            # Shut by our own clock too: the agent's template, then any message of the person.
            await put_clock(product, 60)
            with ledger.engine.begin() as connection:
                long_ago = datetime.now(timezone.utc) - timedelta(hours=30)
                connection.execute(tables.inbox.update().values(sent_at=long_ago))
            shown = await reply("Kode satkernya berapa?", Occasion.NEED_INFORMATION)
            assert "memerlukan keterangan tambahan" in shown["text"]
            first = await product.ask("beni", "menu")
            assert "Kode satkernya berapa?" in first["text"]
            await product.answer("beni", first["index"])
            with ledger.engine.begin() as connection:
                states = sa.select(tables.outbox.c.state).distinct()
                found = set(connection.execute(states).scalars())
        assert found <= {"queued", "sending", "sent", "delivered", "read"}, found
        said = [one["text"] for one in await product.chat("beni") if one["from"] == "nindy"]
        assert len([text for text in said if "Pagu sudah kami buka." in text]) == 1
        assert len([text for text in said if "Kode satkernya berapa?" in text]) == 1
        read = [one["status"] for one in await product.chat("beni") if one["from"] == "person"]
        assert set(read[:-1]) == {"read"}, "each was marked while its turn lasted"
        refused = (await product.get("/sandbox/stats"))["graph_refused"]
        assert refused == {"131047": 1}
        assert number not in product.log and "Pagu" not in product.log
