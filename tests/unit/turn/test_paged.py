"""The next page of a list: asked for by a signed row or the word, for one conversation alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.channels import pages
from bot.channels.choice_ids import issue
from bot.channels.message import Choice, Kind, Reply
from bot.ledger import spoken, tables, unit_of_work
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.turn.paged import Paged
from bot.words import Words
from tests.conftest import PROJECT
from tests.kit import START, claimed, message, receive, rows, siti

KEY = b"key"
WORDS = Words(PROJECT / "domain.yml")
MANY = tuple(Choice(f"Pilihan {n}", f"/p{n}") for n in range(25))
STATE = {"slots": {"satu": 1}, "loop": "form"}


async def dialogue(work: UnitOfWork) -> None:
    work.replies.append(Reply("dialogue"))


def offer(ledger: Ledger, *choices: Choice, person: str = "siti") -> tuple[str, str]:
    """Let somebody be offered choices; return the conversation and the bubble."""
    receive(ledger, message(len(rows(ledger, tables.inbox)), siti(person)))
    work = UnitOfWork(claimed(ledger), START, state=STATE)
    work.replies.append(Reply("Pilih", choices, "Buka"))
    ledger.transact(unit_of_work.commit, work, "w1", START)
    conversation = work.claim.conversation_id
    bubbles = rows(ledger, tables.outbox, tables.outbox.c.position)
    return conversation, [row.id for row in bubbles if row.conversation_id == conversation][-1]


async def turn(
    ledger: Ledger, text: str, reference: str | None = None, person: str = "siti"
) -> UnitOfWork:
    number = len(rows(ledger, tables.inbox))
    kind = Kind.TEXT if reference is None else Kind.CHOICE
    said = replace(message(number, siti(person), text=text, kind=kind), choice_id=reference)
    receive(ledger, said)
    work = UnitOfWork(claimed(ledger), START)
    await Paged(ledger, WORDS, KEY, dialogue)(work)
    ledger.transact(unit_of_work.commit, work, "w1", START)
    return work


def titles(work: UnitOfWork) -> list[str]:
    return [choice.title for choice in work.replies[0].choices]


async def test_page_after_page_until_all_were_shown_and_nothing_else_changes(
    ledger: Ledger,
) -> None:
    conversation, bubble = offer(ledger, *MANY)
    seen = [choice.title for choice in MANY[:9]]
    while True:
        work = await turn(ledger, "Lainnya", issue(KEY, conversation, pages.turn_to(bubble, 9)))
        assert (work.replies[0].text, work.replies[0].menu) == ("Ini pilihan lainnya, Kak:", "Buka")
        assert work.state == STATE and work.events == []
        bubble = rows(ledger, tables.outbox, tables.outbox.c.position)[-1].id
        page = work.replies[0].choices
        seen += titles(work)[: pages.first(page, "whatsapp")]
        if len(page) <= 10:
            break
    assert seen == [choice.title for choice in MANY]


async def test_the_word_does_the_same_while_the_last_bubble_has_more(ledger: Ledger) -> None:
    offer(ledger, *MANY[:12])
    work = await turn(ledger, " *lainnya*. ")
    assert titles(work) == ["Pilihan 9", "Pilihan 10", "Pilihan 11"]
    assert (await turn(ledger, "Lainnya")).replies[0].text == "dialogue"
    offer(ledger, *MANY[:10])
    assert (await turn(ledger, "lainnya")).replies[0].text == "dialogue"


async def test_a_choice_that_stands_twice_is_counted_once(ledger: Ledger) -> None:
    offer(ledger, *MANY[:9], MANY[0], *MANY[9:12])
    assert titles(await turn(ledger, "lainnya")) == ["Pilihan 9", "Pilihan 10", "Pilihan 11"]


async def test_a_reference_of_another_conversation_turns_no_page(ledger: Ledger) -> None:
    conversation, bubble = offer(ledger, *MANY)
    offer(ledger, Choice("Ya", "/ya"), person="budi")
    stolen = issue(KEY, conversation, pages.turn_to(bubble, 9))
    assert (await turn(ledger, "x", stolen, "budi")).replies[0].text == "dialogue"
    budi = next(row.id for row in rows(ledger, tables.conversation) if row.id != conversation)
    forged = issue(KEY, budi, pages.turn_to(bubble, 9))
    lost = await turn(ledger, "x", forged, "budi")
    assert lost.replies[0] == WORDS.reply("utter_pilihan_lama")


@pytest.mark.parametrize("payload", ["/p1", "lainnya:", "lainnya:x:9", "/lainnya"])
async def test_any_other_choice_is_the_dialogues(ledger: Ledger, payload: str) -> None:
    conversation, _ = offer(ledger, *MANY)
    work = await turn(ledger, "x", issue(KEY, conversation, payload))
    assert work.replies[0].text == "dialogue"


async def test_a_bubble_that_was_erased_offers_nothing_more(ledger: Ledger) -> None:
    conversation, bubble = offer(ledger, *MANY)
    with ledger.engine.begin() as connection:
        left = ledger.vault.seal({"text": "[dihapus]", "choices": [], "menu": ""})
        connection.execute(tables.outbox.update().values(sealed_body=left))
    work = await turn(ledger, "Lainnya", issue(KEY, conversation, pages.turn_to(bubble, 9)))
    assert work.replies[0] == WORDS.reply("utter_pilihan_lama")


def test_only_the_newest_bubble_is_meant_without_an_id(ledger: Ledger) -> None:
    conversation, _ = offer(ledger, *MANY)
    found = ledger.transact(spoken.offer, conversation, None)
    assert found is not None and found[0] == "whatsapp" and len(found[1].choices) == 25
    assert ledger.transact(spoken.offer, "nobody", None) is None
