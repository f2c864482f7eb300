"""An entry that the desk publishes is answered in the next turn, and one turn knows one edition."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.faq.follow import Follower
from bot.ledger import tables
from bot.live.wake import Wake
from bot.nlu.edition import Edition
from bot.turn.dialogue import Dialogue
from tests.conversations.stage import Stage, stage
from tests.faq_desk import BANK, NEW, Agents
from tests.kit import rows

pytestmark = pytest.mark.rasa

ASK = "min mau bubuhin meterai elektronik di kuitansi"


@pytest.fixture
async def play(tmp_path: Path, dialogue: Dialogue, executor: Any) -> AsyncIterator[Stage]:
    async with stage(tmp_path, dialogue, executor, datetime(2026, 11, 23, 9)) as made:
        yield made
    dialogue.edition = None


async def test_published_answered_withdrawn(play: Stage, dialogue: Dialogue) -> None:
    def take(edition: Edition) -> None:
        dialogue.edition = edition

    follower = Follower(play.ledger, BANK, dialogue.engine, Wake(), take)
    await follower.look()
    agents = Agents(play.ledger)
    assert NEW.answer not in (await play.say(ASK)).text
    agents.published()
    await follower.look()
    bubble = await play.say(ASK)
    assert NEW.answer in bubble.text and NEW.source_label in bubble.text
    await play.press("Terbantu")
    (helped,) = play.feedback()
    assert helped.faq == NEW.id and helped.model.endswith("+1")
    await play.say(ASK)
    agents.do("withdraw", "dicabut", by="supervisor")
    await follower.look()
    assert NEW.answer not in (await play.say(ASK)).text


async def test_a_turn_keeps_the_edition_that_it_began_with(
    play: Stage, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = BANK.overlaid({NEW.id: NEW})
    engine = dialogue.engine.knowing(
        {entry.id: entry.phrasings for entry in bank.entries},
        {entry.id: entry.service for entry in bank.entries},
    )
    dialogue.edition = Edition(1, bank, engine)
    match = engine.match

    def published_meanwhile(text: str) -> Any:
        dialogue.edition = Edition(2, BANK, dialogue.engine)
        return match(text)

    # After the match, and before the action looks its entry up, the entry is withdrawn.
    monkeypatch.setattr(engine, "match", published_meanwhile)
    assert NEW.answer in (await play.say(ASK)).text
    assert NEW.answer not in (await play.say(ASK)).text


async def test_a_question_without_an_answer_is_kept_for_who_writes_the_faq(play: Stage) -> None:
    await play.say("bagaimana cara beternak lele di kolam terpal")
    await play.say("bagaimana cara membubuhkan meterai elektronik")
    kept = [
        play.ledger.vault.open(row.sealed_question) for row in rows(play.ledger, tables.feedback)
    ]
    assert kept[-1] == "bagaimana cara membubuhkan meterai elektronik"
    assert {row.kind for row in rows(play.ledger, tables.feedback)} == {"unanswered"}
    assert play.feedback() == []


async def test_a_complaint_is_not(play: Stage) -> None:
    for text in (
        "saya mau mengadukan petugas kppn yang minta uang",
        "petugas loket kasar dan tidak melayani saya kemarin, mohon ditindak",
    ):
        await play.say(text)
    assert rows(play.ledger, tables.feedback) == []
