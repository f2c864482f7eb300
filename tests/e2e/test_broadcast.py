"""A broadcast with the real processes: to who agreed, once, whatever dies; stopped; refused."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from bot.broadcast import report
from bot.broadcast.changes import Draft
from bot.broadcast.life import Seen
from bot.ledger import tables
from bot.ledger.database import Ledger
from tests.broadcasting import BROADCASTS, HEAD_OFFICE, OUTAGE, VALUES
from tests.e2e.test_window import ledger_of, open_ticket
from tests.kit import until
from tests.product import Product

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(180)]

WORDS = "SPAN sedang terganggu"


def now() -> datetime:
    return datetime.now(timezone.utc)


async def number_of(product: Product, person: str) -> str:
    known = (await product.get("/sandbox/people"))["people"]
    return str(next(one["phone"] for one in known if one["id"] == person))


async def agree(product: Product, *persons: str) -> None:
    for person in persons:
        await product.ask(person, "langganan")
        answer = await product.press(person, "Ya, kirim infonya")
        assert "akan Nindy kirim" in answer["text"]


def staff(ledger: Ledger, number: str) -> None:
    """Two agents, and the ticket made a request of the head office."""
    with ledger.engine.begin() as connection:
        for id, role in (("rina", "agent"), ("sari", "supervisor")):
            row = {"id": id, "login": id, "name": id.title(), "role": role, "created_at": now()}
            connection.execute(tables.agent.insert().values(**row))
        this = tables.ticket.update().where(tables.ticket.c.number == number)
        connection.execute(this.values(service=13, user_group=HEAD_OFFICE))


def approved(ledger: Ledger, number: str, phones: list[str] | None) -> int:
    draft = Draft(number, OUTAGE, VALUES, phones)
    id = ledger.transact(BROADCASTS.draft, Seen(None, 0, "rina", now()), draft)
    ledger.transact(BROADCASTS.submit, Seen(id, 1, "rina", now()))
    ledger.transact(BROADCASTS.approve, Seen(id, 2, "sari", now()))
    return id


def counts(ledger: Ledger, id: int) -> dict[tuple[str, str], int]:
    found = ledger.transact(report.read, id)
    assert found is not None
    return found.counts


async def got(product: Product, person: str) -> int:
    said = [one["text"] for one in await product.chat(person) if one["from"] == "nindy"]
    return len([text for text in said if WORDS in text])


async def test_those_who_agreed_get_it_once_though_the_process_is_killed(
    model: Path, tmp_path: Path
) -> None:
    async with Product(tmp_path, NINDY_BROADCAST_WAVE="1", NINDY_BROADCAST_PAUSE="1") as product:
        await product.start()
        await product.ask("beni", "halo", 60)
        number = await open_ticket(product, "beni")
        willing = ("siti", "made", "andi")
        await agree(product, *willing)
        await agree(product, "beni")
        assert "tidak dikirim lagi" in (await product.ask("beni", "berhenti langganan"))["text"]
        phones = [await number_of(product, one) for one in (*willing, "beni")]
        with ledger_of(product) as ledger:
            staff(ledger, number)
            id = approved(ledger, number, [*phones, "628999999999"])
            await until(lambda: counts(ledger, id).get(("waiting", ""), 0) < 3, "the first wave")
            product.kill()
            await product.start()

            def over() -> bool:
                found = ledger.transact(report.read, id)
                return found is not None and found.line.state == "done"

            await until(over, "all are told", 90)
            told = counts(ledger, id)
            assert told.pop(("skipped", "no_consent")) == told.pop(("skipped", "unknown")) == 1
            assert sum(told.values()) == 3 and {state for state, _ in told} <= {
                "sent",
                "delivered",
                "read",
            }
        assert [await got(product, one) for one in willing] == [1, 1, 1]
        assert await got(product, "beni") == 0
        assert WORDS not in product.log and not any(one in product.log for one in phones)


async def test_a_stopped_one_goes_no_further_and_a_failed_one_is_told(
    model: Path, tmp_path: Path
) -> None:
    async with Product(tmp_path, NINDY_BROADCAST_WAVE="1", NINDY_BROADCAST_PAUSE="3600") as product:
        await product.start()
        await product.ask("beni", "halo", 60)
        number = await open_ticket(product, "beni")
        willing = ("siti", "made", "andi")
        await agree(product, *willing)
        with ledger_of(product) as ledger:
            staff(ledger, number)
            id = approved(ledger, number, None)
            await until(
                lambda: {"sent", "delivered", "read"} & {state for state, _ in counts(ledger, id)},
                "the first is told",
            )
            ledger.transact(BROADCASTS.stop, Seen(id, 0, "sari", now()))
            assert counts(ledger, id)["skipped", "stopped"] == 2
            assert sum([await got(product, one) for one in willing]) == 1

            url = f"{product.sandbox}/sandbox/templates/{OUTAGE}"
            async with product.session.put(url, json={"status": "PAUSED"}) as response:
                assert response.status == 200, await response.text()
            second = approved(ledger, number, [await number_of(product, "siti")])
            await until(lambda: ("failed", "") in counts(ledger, second), "Meta refuses it")
            (refused,) = ledger.transact(report.recipients, second)
            assert refused.code == 132015
            assert sum([await got(product, one) for one in willing]) == 1
            answer = await product.ask("siti", "halo")
            assert "Halo Kak" in answer["text"]
