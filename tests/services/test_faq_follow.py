"""What the desk publishes reaches a worker that is running, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.faq.follow import WAKE, Follower
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.nlu.archive import open_engine
from bot.nlu.edition import Edition
from bot.nlu.matcher import Engine
from tests.conftest import PROJECT
from tests.faq_desk import BANK, NEW, OLD, Agents
from tests.kit import sibling

pytestmark = pytest.mark.rasa

ASK = "min mau bubuhin meterai elektronik di kuitansi"


@pytest.fixture(scope="module")
def engine(model: Path) -> Engine:
    return open_engine(model, PROJECT / "config.yml")


@pytest.fixture
def agents(ledger: Ledger) -> Agents:
    return Agents(ledger)


@pytest.fixture
def another(ledger: Ledger) -> Iterator[Ledger]:
    with sibling(ledger) as made:
        yield made


async def test_each_publication_makes_one_edition(
    agents: Agents, another: Ledger, engine: Engine
) -> None:
    taken: list[Edition] = []
    follower = Follower(another, BANK, engine, Wake(), taken.append)
    await follower.look()
    await follower.look()
    assert [(one.number, one.bank, one.engine) for one in taken] == [(0, BANK, engine)]
    agents.published()
    await follower.look()
    await follower.look()
    assert [one.number for one in taken] == [0, 1]
    assert taken[1].engine.match(ASK).faq == NEW.id
    assert taken[1].bank.get(NEW.id) == NEW
    agents.do("withdraw", "salah", by="supervisor")
    agents.do("withdraw", "salah", id=OLD, by="supervisor")
    await follower.look()
    assert [one.number for one in taken] == [0, 1, 3]
    assert taken[2].engine.match(ASK).faq != NEW.id
    assert NEW.id not in taken[2].bank and OLD not in taken[2].bank


async def test_a_restart_knows_at_once_what_was_published_before(
    agents: Agents, another: Ledger, engine: Engine
) -> None:
    agents.published()
    taken: list[Edition] = []
    await Follower(another, BANK, engine, Wake(), taken.append).look()
    assert [one.number for one in taken] == [1]
    assert taken[0].engine.match(ASK).decision == "answer"


async def test_it_is_heard_at_once_and_survives_a_ledger_that_fails(
    agents: Agents, another: Ledger, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    wake, heard = Wake(), asyncio.Event()
    taken: list[Edition] = []

    def take(edition: Edition) -> None:
        taken.append(edition)
        heard.set()

    follower = Follower(another, BANK, engine, wake, take)
    running = asyncio.create_task(follower.run())
    with monkeypatch.context() as broken:
        failed = asyncio.Event()

        async def away(*_: object) -> None:
            failed.set()
            raise OSError("away")

        broken.setattr(another, "run", away)
        wake.ring(WAKE)
        await asyncio.wait_for(failed.wait(), 10)
    agents.published()
    wake.ring(WAKE)
    await asyncio.wait_for(heard.wait(), 10)
    assert taken[0].number == 1
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
