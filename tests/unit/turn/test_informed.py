"""The privacy notice stands beneath the first answer, once for each version, with proof of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.message import Choice, Reply, Template
from bot.errors import DataError, TurnLost
from bot.ledger import tables, unit_of_work
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.personal.notice import Notice
from bot.turn.informed import ROOM, Informed
from tests.conftest import PROJECT
from tests.kit import START, claimed, message, receive, rows, sqlite_ledger

NOTICE = Notice("v1", "Pemberitahuan privasi.")
ANSWER = Reply("Halo Kak", (Choice("Menu", "/menu"),))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


def begun(ledger: Ledger, number: int, *replies: Reply, notice: Notice = NOTICE) -> UnitOfWork:
    receive(ledger, message(number))
    work = UnitOfWork(claimed(ledger), START, state={"slots": {}, "loop": None})

    async def respond(work: UnitOfWork) -> None:
        work.replies = list(replies)

    asyncio.run(Informed({"whatsapp": notice}, respond)(work))
    return work


def turn(ledger: Ledger, number: int, *replies: Reply, notice: Notice = NOTICE) -> list[Reply]:
    """Answer a message; return what is said."""
    work = begun(ledger, number, *replies, notice=notice)
    ledger.transact(unit_of_work.commit, work, "w1", START)
    return work.replies


def proofs(ledger: Ledger) -> list[str]:
    return [row.kind for row in rows(ledger, tables.audit, tables.audit.c.id)]


def test_it_is_said_once_in_the_same_bubble(ledger: Ledger) -> None:
    (said,) = turn(ledger, 1, ANSWER)
    assert said == Reply("Halo Kak\n\nPemberitahuan privasi.", ANSWER.choices, beneath=NOTICE.text)
    assert turn(ledger, 2, ANSWER) == [ANSWER]
    assert proofs(ledger) == ["notice v1"]
    (proof,) = rows(ledger, tables.audit)
    assert (proof.person_id, proof.at) == (rows(ledger, tables.person)[0].id, START)


def test_a_new_version_is_said_again(ledger: Ledger) -> None:
    turn(ledger, 1, ANSWER)
    (said,) = turn(ledger, 2, ANSWER, notice=Notice("v2", "Yang baru."))
    assert said.text.endswith("\n\nYang baru.")
    assert proofs(ledger) == ["notice v1", "notice v2"]


def test_what_was_not_committed_proves_nothing(ledger: Ledger) -> None:
    work = begun(ledger, 1, ANSWER)
    assert work.replies != [ANSWER]
    with ledger.engine.begin() as connection:
        connection.execute(tables.conversation.update().values(version=7))
    with pytest.raises(TurnLost):
        ledger.transact(unit_of_work.commit, work, "w1", START)
    assert proofs(ledger) == []


@pytest.mark.parametrize(
    "reply", [Reply("x" * ROOM), Reply("Halo", template=Template("t", "id", {}))]
)
def test_where_there_is_no_room_the_next_bubble_has_it(ledger: Ledger, reply: Reply) -> None:
    assert turn(ledger, 1, reply) == [reply]
    assert proofs(ledger) == []
    (said,) = turn(ledger, 2, ANSWER)
    assert said.text.endswith(NOTICE.text)


def test_who_is_not_answered_is_shown_nothing(ledger: Ledger) -> None:
    assert turn(ledger, 1) == []
    assert proofs(ledger) == []


class TestTheData:
    """What the notices say is what is done."""

    @pytest.mark.parametrize("channel", ["whatsapp", "webchat"])
    def test_it_fits_beneath_an_answer(self, channel: str) -> None:
        notice = Notice.load(PROJECT / f"data/{channel}/notice.yml")
        assert len(notice.text) < ROOM / 2 and "petugas" in notice.text

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("inbox: 365", "inbox: 30", "promises 30 days and data/privacy/retention.yml says 365"),
            ("inbox: 365", "inbxo: 365", "unknown key 'inbxo'"),
            ('"2026-12-01"', '"a b"', "use 1 to 13 letters"),
        ],
    )
    def test_what_is_wrong_stops_the_start(
        self, tmp_path: Path, old: str, new: str, problem: str
    ) -> None:
        path = Path(shutil.copy(PROJECT / "data/whatsapp/notice.yml", tmp_path))
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(DataError, match=problem):
            Notice.load(path)
