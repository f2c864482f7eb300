"""What was asked in vain is grouped for who writes the FAQ: veiled, and never a complaint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.faq import mining
from bot.faq.likeness import Likeness
from bot.faq.mining import Miner
from bot.ledger import feedback, tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.ledger.feedback import CHOICE, HELPED, NO, NONE_OF_THESE, UNANSWERED, YES, Feedback
from bot.nlu.archive import open_engine
from bot.nlu.edition import Edition
from bot.nlu.matcher import Engine
from desk.work import Work
from tests.conftest import PROJECT
from tests.desk.conftest import UNIT, Browser, add
from tests.desk.stage import CATALOGUE, Stage, make_work
from tests.faq_desk import BANK, NEW, OLD, Agents
from tests.kit import START

pytestmark = pytest.mark.rasa

STAMP = [
    "cara pasang e-meterai di invoice gimana",
    "e-meterai invoice dipasang gimana kak",
    "pasang e meterai pada invoice caranya",
]


@pytest.fixture(scope="module")
def engine(model: Path) -> Engine:
    return open_engine(model, PROJECT / "config.yml")


@pytest.fixture
def work(ledger: Ledger, engine: Engine) -> Work:
    return replace(make_work(ledger), edition=lambda: Edition(0, BANK, engine))


class Talk:
    """People who ask in vain."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.stage, self.said = ledger, Stage(ledger), 0

    def ask(
        self,
        text: str,
        who: str,
        at: datetime = START,
        kind: str = UNANSWERED,
        label: str = NO,
        faq: str = "",
    ) -> None:
        conversation = self.stage.hear(text, at, who)
        one = Feedback(kind, faq, label, 0.1, (), "nindy-1", text)
        with self.ledger.engine.begin() as connection:
            inbox = connection.execute(sa.select(sa.func.max(tables.inbox.c.id))).scalar_one()
        self.ledger.transact(feedback.write, one, conversation, inbox, at)

    def groups(self, engine: Engine, **more: object) -> list[mining.Group]:
        asked = self.ledger.transact(mining.read, START - timedelta(days=90))
        edition = Edition(0, BANK, engine)
        return Miner().groups(edition, asked, more.get("sees", lambda service: True))  # type: ignore[arg-type]


@pytest.fixture
def talk(ledger: Ledger) -> Talk:
    return Talk(ledger)


def test_questions_are_grouped_by_people_then_by_age(talk: Talk, engine: Engine) -> None:
    talk.ask("paket sirup kami ganda di lkpp", "z", START + timedelta(hours=9))
    for place, text in enumerate(STAMP):
        talk.ask(text, f"p{place}", START + timedelta(hours=place))
    # One person who asks three times is one person.
    for place in range(3):
        talk.ask("aplikasi krisna perencanaan error", "k", START + timedelta(minutes=place))
    found = talk.groups(engine)
    assert [(one.people, len(one.questions)) for one in found] == [(3, 3), (1, 1), (1, 1)]
    assert [one.text for one in found[0].questions] == STAMP[::-1]
    assert found[0].newest == START + timedelta(hours=2)
    assert found[2].questions[0].text == "aplikasi krisna perencanaan error"


def test_all_kinds_of_no_count_and_no_yes(talk: Talk, engine: Engine) -> None:
    right = BANK.get(OLD).variants[0]
    talk.ask(STAMP[0], "a", kind=CHOICE, label=NONE_OF_THESE, faq=OLD)
    talk.ask(right, "b", kind=HELPED, label=NO, faq=OLD)
    talk.ask(BANK.get(OLD).variants[1], "c", kind=HELPED, label=YES, faq=OLD)
    talk.ask("e-meterai apa boleh dipakai lagi", "d", kind=CHOICE, label=OLD, faq=OLD)
    talk.stage.open(subject="kapan e-meterai wajib di spk", service=None, who="e")
    with talk.ledger.engine.begin() as connection:
        connection.execute(tables.ticket.update().values(category="tanya_nindy"))
    kinds = {one.kind: one.text for group in talk.groups(engine) for one in group.questions}
    assert kinds == {CHOICE: STAMP[0], HELPED: right, "ticket": "kapan e-meterai wajib di spk"}


def test_what_became_a_ticket_is_one_question(talk: Talk, engine: Engine) -> None:
    talk.ask(STAMP[0], "siti")
    talk.stage.open(subject=STAMP[0], service=None, at=START + timedelta(minutes=1))
    (group,) = talk.groups(engine)
    assert (group.people, len(group.questions)) == (1, 1)


def test_what_is_answered_by_now_is_gone(talk: Talk, engine: Engine) -> None:
    talk.ask(NEW.variants[0], "a")
    talk.ask(BANK.get(OLD).variants[0], "b", kind=HELPED, label=NO, faq=OLD)
    assert len(talk.groups(engine)) == 2
    agents = Agents(talk.ledger)
    agents.published(at=START + timedelta(hours=1))
    agents.published(replace(BANK.get(OLD), answer="Lebih jelas."), at=START + timedelta(hours=1))
    bank = BANK.overlaid({NEW.id: NEW})
    knowing = engine.knowing(
        {entry.id: entry.phrasings for entry in bank.entries},
        {entry.id: entry.service for entry in bank.entries},
    )
    asked = talk.ledger.transact(mining.read, START - timedelta(days=90))
    assert Miner().groups(Edition(2, bank, knowing), asked, lambda service: True) == []
    # Whom the mended answer does not help either is heard.
    talk.ask(BANK.get(OLD).variants[0], "c", START + timedelta(hours=2), HELPED, NO, OLD)
    asked = talk.ledger.transact(mining.read, START - timedelta(days=90))
    (group,) = Miner().groups(Edition(2, bank, knowing), asked, lambda service: True)
    assert [one.at for one in group.questions] == [START + timedelta(hours=2)]


def test_no_complaint_is_ever_among_them(talk: Talk, engine: Engine) -> None:
    complaint = next(one for one in BANK.entries if one.service == 20)
    talk.ask("saya mau mengadukan petugas kppn yang minta uang", "a")
    talk.ask("petugas kppn pungli waktu saya urus spm, gmn lapornya", "b")
    talk.ask(complaint.variants[0], "c", kind=HELPED, label=NO, faq=complaint.id)
    talk.stage.open(subject="e-meterai hilang diambil petugas", service=20, who="d")
    guess = {"candidates": [[2, 0.5], [20, 0.3]]}
    talk.stage.open("20261123-KMP234", None, "e-meterai saya hilang", who="e", **guess)
    with talk.ledger.engine.begin() as connection:
        connection.execute(tables.ticket.update().values(category="tanya_nindy"))
    assert talk.groups(engine) == []


def test_a_unit_sees_the_questions_of_its_services(talk: Talk, engine: Engine) -> None:
    talk.ask("retur sp2d luar negeri ditangani siapa sih sebenarnya kok lama", "a")
    (group,) = talk.groups(engine)
    assert group.service is not None
    assert talk.groups(engine, sees=lambda service: service != group.service) == []


@pytest.mark.parametrize("turned", [False, True])
def test_groups_do_not_depend_on_the_order(turned: bool) -> None:
    texts = ["retur sp2d gaji", "kode billing salah", "retur sp2d", "billing kode", "lupa sandi"]
    if turned:
        texts.reverse()
    places = Likeness(texts).groups(texts)
    found = {frozenset(texts[place] for place in group) for group in places}
    assert found == {
        frozenset({"retur sp2d gaji", "retur sp2d"}),
        frozenset({"kode billing salah", "billing kode"}),
        frozenset({"lupa sandi"}),
    }
    assert sorted(place for group in places for place in group) == list(range(len(texts)))


@pytest.mark.parametrize("texts", [[], ["satu"], ["", ""], ["a", "a", "a"]])
def test_few_or_empty_texts_are_grouped_too(texts: list[str]) -> None:
    found = Likeness(["satu dua"]).groups(texts)
    assert sorted(place for group in found for place in group) == list(range(len(texts)))


class TestPage:
    """`/tanya-jawab`."""

    async def test_groups_become_drafts(
        self, open_browser: Callable[[], Browser], ledger: Ledger, talk: Talk
    ) -> None:
        browser = open_browser()
        add(ledger)
        await browser.sign_in("budi")
        await browser.get("/tanya-jawab")
        assert "Tidak ada pertanyaan yang menunggu" in browser.page
        for place, text in enumerate([*STAMP, "pasang e-meterai invoice, NIK 3174012345678901"]):
            talk.ask(text, f"p{place}", START + timedelta(minutes=place))
        await browser.get("/tanya-jawab")
        assert "<strong>4 orang</strong>" in browser.page and "Belum terjawab" in browser.page
        assert "3174012345678901" not in browser.page
        assert STAMP[0] in browser.page and "Buat draf" in browser.page

    async def test_a_unit_agent_sees_the_units_own(
        self, open_browser: Callable[[], Browser], ledger: Ledger, talk: Talk, engine: Engine
    ) -> None:
        texts = ["neraca e-meterai selisih di laporan", "gaji induk e-meterai", STAMP[0]]
        for place, text in enumerate(texts):
            talk.ask(text, f"p{place}")
        browser = open_browser()
        add(ledger, "unit", Role.UNIT_AGENT)
        await browser.sign_in("unit")
        await browser.get("/tanya-jawab")
        for text in texts:
            own = CATALOGUE.unit(engine.match(text).service) == UNIT
            assert (text in browser.page) == own
