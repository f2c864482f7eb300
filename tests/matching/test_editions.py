"""Other entries without other weights: what is new is found, and the rest hardly moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.faq import Bank
from bot.faq.examine import Examiner
from bot.nlu import evaluate
from bot.nlu.archive import open_engine
from bot.nlu.edition import Edition
from bot.nlu.matcher import Engine, Match
from tests.conftest import PROJECT
from tests.faq_desk import BANK, CATALOGUE, NEW, OLD

pytestmark = pytest.mark.rasa

TODAY = date(2026, 11, 23)

ROWS = [
    row
    for name in ("dev", "test")
    for row in evaluate.read(PROJECT / f"tests/data/matching/{name}.tsv")
]
ASKED = [
    "kak gimana sih masang e-meterai",
    "e meterai ditaruh di pdf caranya?",
    "min mau bubuhin meterai elektronik di kuitansi",
    "cara tempel emeterei",
    "dokumen tagihan kami wajib meterai elektronik, bubuhinnya lewat mana ya",
]
"""None of them is a variant."""


@pytest.fixture(scope="module")
def trained(model: Path) -> Engine:
    return open_engine(model, PROJECT / "config.yml")


def knowing(trained: Engine, bank: Bank) -> Engine:
    return trained.knowing(
        {entry.id: entry.phrasings for entry in bank.entries},
        {entry.id: entry.service for entry in bank.entries},
    )


@pytest.fixture(scope="module")
def more(trained: Engine) -> Engine:
    return knowing(trained, BANK.overlaid({NEW.id: NEW}))


def test_the_same_entries_give_the_same_matches(trained: Engine) -> None:
    again = knowing(trained, BANK)
    for row in ROWS[::7]:
        assert again.match(row.text) == trained.match(row.text)


def test_what_is_new_is_found_in_everyday_words(trained: Engine, more: Engine) -> None:
    assert all(trained.match(text).decision != "answer" for text in ASKED)
    found = [more.match(text) for text in ASKED]
    assert {one.faq for one in found} == {NEW.id}
    assert sum(one.decision == "answer" for one in found) > len(found) / 2


def test_its_very_words_are_certain(more: Engine) -> None:
    for text in NEW.phrasings:
        assert more.match(text).probability >= 0.97


def test_the_rest_hardly_moves(trained: Engine, more: Engine) -> None:
    def told(match: Match) -> tuple[object, ...]:
        return match.intent, match.decision, match.faq

    pairs = [(trained.match(row.text), more.match(row.text)) for row in ROWS]
    moved = [new.text for old, new in pairs if told(old) != told(new)]
    assert len(moved) <= 0.005 * len(ROWS), moved
    assert sum(abs(old.probability - new.probability) for old, new in pairs) / len(pairs) < 0.002


def test_wishes_and_talk_are_heard_as_before(trained: Engine, more: Engine) -> None:
    intents = [row for row in ROWS if trained.match(row.text).intent not in ("faq", "nlu_fallback")]
    assert len(intents) > 100
    assert all(more.match(row.text).intent == trained.match(row.text).intent for row in intents)


def test_what_was_withdrawn_is_not_found(trained: Engine) -> None:
    less = knowing(trained, BANK.overlaid({OLD: None}))
    for text in BANK.get(OLD).phrasings:
        found = less.match(text)
        assert OLD not in [id for id, _ in found.alternatives]
        assert found.probability < 0.97


def test_a_draft_that_would_be_heard_as_talk_is_told(trained: Engine) -> None:
    edition = Edition(0, BANK, trained)
    examiner = Examiner(PROJECT / "data", PROJECT / "domain.yml", CATALOGUE, lambda: edition)
    assert examiner.problems(NEW, BANK, TODAY) == []
    taxes = replace(
        NEW,
        question="Bagaimana cara lapor SPT tahunan pribadi?",
        variants=(
            "lapor spt tahunan gimana", "cara lapor pajak pribadi", "spt tahunan online kak",
            "isi spt pribadi lewat mana", "telat lapor spt kena denda berapa",
            "efin lupa, mau lapor spt", "batas lapor spt tahunan", "spt tahunan saya nihil gimana",
        ),
    )  # fmt: skip
    (heard,) = examiner.problems(taxes, BANK, TODAY)
    assert (heard.code, heard.values) == ("heard", {"value": "off_topic"})
