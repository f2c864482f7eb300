"""While the channel takes no free text a template goes out, and what it announces is not lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.message import Choice, Delivery, Kind, Reply, Status, Template
from bot.ledger import handover, tables, window
from bot.ledger.database import Ledger
from bot.ledger.window import OPEN_FOR, Told
from tests.kit import START, answer, message, receive, rows, sibling, together

MINUTE = timedelta(minutes=1)
SHUT = START + OPEN_FOR
KNOCK = Reply(
    "Ada balasan, Kak.",
    (Choice("Lihat balasan", "/lihat_balasan"),),
    template=Template("dijawab", "id", {"nomor": "1"}),
)
SAYS_ALL = Reply("Tiket diteruskan.", template=Template("diteruskan", "id", {}))
SPARE = Reply("Ada pesan.", KNOCK.choices, template=Template("pesan", "id", {}))


def hear(ledger: Ledger, number: int, at: datetime, kind: Kind = Kind.TEXT) -> None:
    receive(ledger, message(number, at=at, kind=kind), now=at)


def written(ledger: Ledger, number: int, at: datetime) -> None:
    """The person writes and is answered."""
    hear(ledger, number, at)
    answer(ledger, f"jawaban {number}", now=at)


def tell(ledger: Ledger, text: str, at: datetime, otherwise: Reply | None = KNOCK) -> Told:
    conversation = rows(ledger, tables.conversation)[0].id
    reply = Reply(text, otherwise=otherwise)
    return ledger.transact(window.tell, "whatsapp", conversation, reply, at)


def deliver(ledger: Ledger, at: datetime) -> list[str]:
    """Hand over all that is due, in order; return the words."""
    said = []
    while taken := ledger.transact(handover.take, "s", at, 99):
        for one in taken:
            said.append(one.reply.text)
            ledger.transact(handover.sent, one, f"wamid.{one.id}.{len(said)}", at)
    return said


def take(ledger: Ledger, at: datetime) -> handover.Outgoing:
    (one,) = ledger.transact(handover.take, "s", at, 99)
    return one


def states(ledger: Ledger) -> list[tuple[str, str]]:
    found = rows(ledger, tables.outbox, tables.outbox.c.position)
    return [(ledger.vault.open(row.sealed_body)["text"], row.state) for row in found]


@pytest.fixture
def begun(ledger: Ledger) -> Ledger:
    """A conversation in which everything has been said."""
    written(ledger, 1, START)
    deliver(ledger, START)
    return ledger


def test_within_the_window_the_words_go_out(begun: Ledger) -> None:
    at = SHUT - MINUTE
    assert tell(begun, "isi", at) is Told.TEXT
    assert deliver(begun, at) == ["isi"]


def test_afterwards_the_template_goes_out_and_the_words_wait_for_the_person(begun: Ledger) -> None:
    assert tell(begun, "isi", SHUT) is Told.TEMPLATE
    assert deliver(begun, SHUT) == [KNOCK.text]
    later = SHUT + timedelta(days=3)
    assert deliver(begun, later) == []
    written(begun, 2, later)
    assert deliver(begun, later) == ["isi", "jawaban 2"]


def test_what_waits_comes_in_order_and_is_announced_once(begun: Ledger) -> None:
    assert [tell(begun, text, SHUT) for text in "abc"] == [Told.TEMPLATE, Told.WAITS, Told.WAITS]
    assert tell(begun, "d", SHUT, SPARE) is Told.TEMPLATE
    assert deliver(begun, SHUT) == [KNOCK.text, SPARE.text]
    assert tell(begun, "e", SHUT + MINUTE) is Told.WAITS
    written(begun, 2, SHUT + 2 * MINUTE)
    assert deliver(begun, SHUT + 2 * MINUTE) == ["a", "b", "c", "d", "e", "jawaban 2"]
    again = SHUT + 2 * MINUTE + OPEN_FOR
    assert tell(begun, "f", again) is Told.TEMPLATE, "the person has written since"


def test_a_template_that_failed_has_announced_nothing(begun: Ledger) -> None:
    tell(begun, "a", SHUT)
    begun.transact(handover.failed, take(begun, SHUT), 132015, SHUT)
    assert tell(begun, "b", SHUT) is Told.TEMPLATE


def test_a_template_that_says_all_leaves_nothing_waiting(begun: Ledger) -> None:
    assert tell(begun, "diteruskan", SHUT, SAYS_ALL) is Told.TEMPLATE
    assert deliver(begun, SHUT) == [SAYS_ALL.text]
    written(begun, 2, SHUT + MINUTE)
    assert deliver(begun, SHUT + MINUTE) == ["jawaban 2"]


def test_what_has_no_template_is_not_said(begun: Ledger) -> None:
    before = states(begun)
    assert tell(begun, "petugas masuk", SHUT, None) is Told.NOTHING
    assert states(begun) == before


def test_a_reaction_does_not_reopen_the_window(begun: Ledger) -> None:
    tell(begun, "isi", SHUT)
    hear(begun, 2, SHUT, Kind.SILENT)
    assert tell(begun, "lagi", SHUT + MINUTE) is Told.WAITS


def test_a_late_webhook_of_an_old_message_does_not_reopen_it(begun: Ledger) -> None:
    tell(begun, "isi", SHUT)
    receive(begun, message(2, at=START + MINUTE), now=SHUT + 2 * MINUTE)
    answer(begun, "jawaban", now=SHUT + 2 * MINUTE)
    assert ("isi", "parked") in states(begun)


def test_a_template_that_the_person_has_overtaken_is_dropped(begun: Ledger) -> None:
    tell(begun, "isi", SHUT)
    written(begun, 2, SHUT + MINUTE)
    assert deliver(begun, SHUT + MINUTE) == ["isi", "jawaban 2"]
    assert (KNOCK.text, "dropped") in states(begun)


class TestRefusedOnTheWay:
    """The channel's word wins over our clock: what it refuses is announced and waits."""

    def test_a_bubble_of_the_desk_is_replaced_by_its_own_template(self, begun: Ledger) -> None:
        tell(begun, "isi", SHUT - MINUTE)
        begun.transact(window.shut, take(begun, SHUT), 131047, SPARE, SHUT)
        assert deliver(begun, SHUT) == [KNOCK.text]
        written(begun, 2, SHUT + MINUTE)
        assert deliver(begun, SHUT + MINUTE) == ["isi", "jawaban 2"]

    def test_an_answer_of_the_dialogue_by_the_spare_one(self, ledger: Ledger) -> None:
        written(ledger, 1, START)
        ledger.transact(window.shut, take(ledger, START), 131047, SPARE, START)
        assert deliver(ledger, START) == [SPARE.text]
        assert ("jawaban 1", "parked") in states(ledger)

    def test_without_a_spare_one_it_still_waits(self, ledger: Ledger) -> None:
        written(ledger, 1, START)
        ledger.transact(window.shut, take(ledger, START), 131047, None, START)
        assert states(ledger) == [("jawaban 1", "parked")]

    def test_a_template_that_says_all_takes_the_bubbles_place(self, begun: Ledger) -> None:
        tell(begun, "diteruskan", START, SAYS_ALL)
        begun.transact(window.shut, take(begun, START), 131047, SPARE, START)
        assert deliver(begun, START) == [SAYS_ALL.text]
        assert ("diteruskan", "dropped") in states(begun)

    def test_a_template_never_stands_in_for_a_template(self, begun: Ledger) -> None:
        tell(begun, "isi", SHUT)
        begun.transact(window.shut, take(begun, SHUT), 131047, SPARE, SHUT)
        assert states(begun)[1:] == [("isi", "parked"), (KNOCK.text, "failed")]

    def refusal(self, begun: Ledger, external_id: str, callback: str | None) -> None:
        status = Status("whatsapp", "1", external_id, Delivery.SHUT, SHUT, callback, 131047)
        begun.transact(window.shut_by, status, SPARE, SHUT)

    @pytest.mark.parametrize("with_callback", [True, False])
    def test_a_refusal_may_come_as_a_status_and_twice(
        self, begun: Ledger, with_callback: bool
    ) -> None:
        tell(begun, "isi", START)
        sent = take(begun, START)
        begun.transact(handover.sent, sent, "wamid.a", START)
        callback = sent.id if with_callback else None
        for _ in range(2):
            self.refusal(begun, "wamid.a", callback)
        assert deliver(begun, SHUT) == [KNOCK.text]
        written(begun, 2, SHUT + MINUTE)
        assert deliver(begun, SHUT + MINUTE) == ["isi", "jawaban 2"]
        self.refusal(begun, "wamid.a", callback)
        assert ("isi", "sent") in states(begun), "news of a try that is past"

    def test_a_status_that_overtakes_the_answer_of_the_call(self, begun: Ledger) -> None:
        tell(begun, "isi", START)
        sent = take(begun, START)
        self.refusal(begun, "wamid.a", sent.id)
        begun.transact(handover.sent, sent, "wamid.a", START)
        assert ("isi", "parked") in states(begun)

    def test_nobody_elses_status_counts(self, begun: Ledger) -> None:
        self.refusal(begun, "wamid.foreign", "00000000-0000-0000-0000-000000000000")
        assert [state for _, state in states(begun)] == ["sent"]


def test_who_writes_at_the_same_moment_misses_nothing(begun: Ledger) -> None:
    """Whichever of the two is first, the words go out now."""
    with sibling(begun) as other:

        def write() -> None:
            written(other, 2, SHUT + MINUTE)

        together([write, lambda: tell(begun, "isi", SHUT + MINUTE)])
    # Told before the message was there: it was released with the turn. Told after it: open.
    assert "isi" in deliver(begun, SHUT + MINUTE)


def test_looking_for_what_waits_uses_the_index(begun: Ledger) -> None:
    if begun.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the size of the table")
    statement: Any = sa.select(tables.outbox.c.id).where(
        tables.outbox.c.conversation_id == "x", sa.text("outbox.state = 'parked'")
    )
    with begun.engine.begin() as connection:
        text = str(statement.compile(begun.engine, compile_kwargs={"literal_binds": True}))
        plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text).all()
    assert "ix_outbox_parked" in str(plan)
