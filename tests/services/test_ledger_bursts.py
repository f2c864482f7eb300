"""Answers to several quick messages: one bubble for a burst, none kept from who sends one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.channels.message import Choice, Reply, Template
from bot.ledger import handover, inbox, outbox, tables, unit_of_work, window
from bot.ledger.bursts import HOLD, LONGEST, join
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from bot.ledger.unit_of_work import UnitOfWork
from tests.kit import START, answer, claimed, message, receive, rows, sibling, together

MOMENT = timedelta(milliseconds=200)


def _write(ledger: Ledger, *texts: str, now: datetime = START) -> None:
    receive(ledger, *(message(text, at=now, text=text) for text in texts), now=now)


def _reply(ledger: Ledger, reply: Reply, now: datetime) -> None:
    work = UnitOfWork(claimed(ledger, now=now), now, state={"slots": {}, "loop": None})
    work.replies = [reply]
    ledger.transact(unit_of_work.commit, work, "w1", now)


def _take(ledger: Ledger, now: datetime) -> list[Outgoing]:
    return ledger.transact(handover.take, "s1", now, 99)


def test_a_burst_gets_one_bubble_that_answers_the_last(ledger: Ledger) -> None:
    _write(ledger, "halo", "apa kabar", "menu")
    for number, said in enumerate(("Halo.", "Baik.", "Ini menunya.")):
        assert not _take(ledger, START + number * MOMENT)
        answer(ledger, said, now=START + number * MOMENT)
    (bubble,) = _take(ledger, START + 2 * MOMENT)
    assert bubble.reply.text == "Halo.\n\nBaik.\n\nIni menunya."
    assert bubble.reply_to == "wamid.menu"
    assert len(rows(ledger, tables.outbox)) == 1
    assert [row.state for row in rows(ledger, tables.inbox)] == [inbox.DONE] * 3


def test_one_message_waits_for_nothing(ledger: Ledger) -> None:
    _write(ledger, "halo")
    answer(ledger, "Halo.")
    assert len(_take(ledger, START)) == 1


def test_the_first_answer_rests_no_longer_than_a_second(ledger: Ledger) -> None:
    _write(ledger, "halo", "sp2d", "lama")
    answer(ledger, "Halo.")
    answer(ledger, "Sebentar.", now=START + HOLD - MOMENT)
    # The rest is counted from the first answer, however many come after it.
    (bubble,) = _take(ledger, START + HOLD)
    assert bubble.reply.text == "Halo.\n\nSebentar."
    answer(ledger, "Selesai.", now=START + 2 * HOLD)
    ledger.transact(handover.sent, bubble, "out.1", START + 2 * HOLD)
    (bubble,) = _take(ledger, START + 2 * HOLD)
    assert bubble.reply.text == "Selesai."


def test_a_bubble_that_is_being_handed_over_is_left_alone(ledger: Ledger) -> None:
    _write(ledger, "halo", "menu")
    answer(ledger, "Halo.")
    (first,) = _take(ledger, START + HOLD)
    answer(ledger, "Ini menunya.", now=START + HOLD - MOMENT)
    assert [row.state for row in rows(ledger, tables.outbox, tables.outbox.c.position)] == [
        outbox.SENDING,
        outbox.QUEUED,
    ]
    ledger.transact(handover.sent, first, "out.1", START + HOLD)
    assert [one.reply.text for one in _take(ledger, START + HOLD)] == ["Ini menunya."]


def test_a_sender_that_comes_at_the_same_moment_loses_and_doubles_nothing(ledger: Ledger) -> None:
    for round in range(20):
        now = START + timedelta(minutes=round)
        _write(ledger, f"a{round}", f"b{round}", now=now)
        answer(ledger, "A", now=now)
        with sibling(ledger) as other:
            taken, _ = together(
                [
                    lambda now=now, other=other: other.transact(handover.take, "s1", now + HOLD, 9),
                    lambda now=now: answer(ledger, "B", now=now + MOMENT),
                ]
            )
        shown = [bubble.reply.text for bubble in taken]
        for bubble in taken:
            ledger.transact(handover.sent, bubble, f"out.{bubble.id}", now)
        for bubble in _take(ledger, now + HOLD):
            shown.append(bubble.reply.text)
            ledger.transact(handover.sent, bubble, f"out.{bubble.id}", now)
        assert "\n\n".join(shown) == "A\n\nB", shown


def test_news_of_a_ticket_stays_apart(ledger: Ledger) -> None:
    _write(ledger, "halo", "menu")
    answer(ledger, "Halo.")
    (conversation,) = rows(ledger, tables.conversation)
    ledger.transact(window.tell, "whatsapp", conversation.id, Reply("Tiket selesai."), START)
    answer(ledger, "Ini menunya.", now=START + MOMENT)
    texts = [
        ledger.vault.open(row.sealed_body)["text"]
        for row in rows(ledger, tables.outbox, tables.outbox.c.position)
    ]
    assert texts == ["Halo.", "Tiket selesai.", "Ini menunya."]


def test_what_is_confidential_is_joined_with_nothing(ledger: Ledger) -> None:
    _write(ledger, "lapor", "menu")
    answer(ledger, "Rahasia.", matter="m1")
    answer(ledger, "Ini menunya.", now=START + MOMENT)
    assert len(rows(ledger, tables.outbox)) == 2


def test_on_web_chat_each_answer_is_there_at_once(ledger: Ledger) -> None:
    both = [replace(message(text, text=text), channel="webchat") for text in ("halo", "menu")]
    receive(ledger, *both)
    answer(ledger, "Halo.")
    answer(ledger, "Ini menunya.", now=START + MOMENT)
    assert [row.state for row in rows(ledger, tables.outbox)] == [outbox.SENT] * 2


YES, NO = Choice("Ya", "/affirm"), Choice("Tidak", "/deny")


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        (Reply("a", (YES,)), Reply("b", (NO,)), Reply("a\n\nb", (NO,))),
        (Reply("a", (YES,), "Pilih"), Reply("b"), Reply("a\n\nb", (YES,), "Pilih")),
        (Reply("a", (YES,)), Reply("a", (NO,)), Reply("a", (NO,))),
        (Reply("a\n\nN", beneath="N"), Reply("b", (NO,)), Reply("a\n\nb\n\nN", (NO,), beneath="N")),
        (Reply("a"), Reply("b\n\nN", beneath="N"), Reply("a\n\nb\n\nN", beneath="N")),
        (Reply("a\n\nN", beneath="N"), Reply("a", (NO,)), Reply("a\n\nN", (NO,), beneath="N")),
        (Reply("a" * 500), Reply("b" * (LONGEST - 501)), None),
        (Reply("a", attachments=("f",)), Reply("b"), None),
        (Reply("a"), Reply("b", template=Template("t", "id", {})), None),
        (Reply("a", otherwise=Reply("c")), Reply("b"), None),
    ],
)
def test_what_is_joined(first: Reply, second: Reply, joined: Reply | None) -> None:
    assert join(first, second) == joined
