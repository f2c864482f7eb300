"""The outbox: in order, one at a time, and states that only move upward."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.message import Choice, Delivery, Reply, Status
from bot.ledger import handover, inbox, outbox, receipts, tables
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from bot.privacy import Vault, new_key
from tests.kit import START, answer, message, receive, rows, sibling, siti, together

SECOND = timedelta(seconds=1)
WAIT = timedelta(seconds=60)
RANK = {"queued": 0, "sending": 0, "unknown": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}


def say(ledger: Ledger, *texts: str, person: str = "siti", now: datetime = START) -> None:
    """Queue bubbles for a person, as one turn."""
    number = len(rows(ledger, tables.inbox))
    receive(ledger, message(f"q{number}", siti(person), START + number * SECOND), now=now)
    answer(ledger, *texts, now=now)


def take(
    ledger: Ledger, now: datetime = START, sender: str = "s1", limit: int = 99
) -> list[Outgoing]:
    return ledger.transact(handover.take, sender, now, limit)


def only(ledger: Ledger, now: datetime = START, sender: str = "s1") -> Outgoing:
    (taken,) = take(ledger, now, sender)
    return taken


def sent(ledger: Ledger, outgoing: Outgoing, external_id: str = "wamid.out") -> None:
    ledger.transact(handover.sent, outgoing, external_id, START)


def status(
    state: Delivery, callback: str | None = None, external_id: str = "wamid.out", code: int = 0
) -> Status:
    return Status("whatsapp", "1", external_id, state, START, callback, code)


def hear(ledger: Ledger, *args: Any, **more: Any) -> bool:
    return ledger.transact(receipts.apply_status, status(*args, **more), START)


def state(ledger: Ledger, outgoing: Outgoing | None = None) -> str:
    found = [r for r in rows(ledger, tables.outbox) if outgoing is None or r.id == outgoing.id]
    assert len(found) == 1
    return str(found[0].state)


def test_a_bubble_comes_back_as_it_was(ledger: Ledger) -> None:
    receive(ledger, message(1))
    reply = Reply("Halo 🙏\n", (Choice("Ya", "/affirm", "yes"), Choice("Tidak", "/deny")), "Pilih")
    conversation = rows(ledger, tables.conversation)[0].id
    ledger.transact(outbox.enqueue, conversation, None, reply, START)
    taken = only(ledger)
    assert (taken.reply, taken.reply_to, taken.attempts) == (reply, None, 1)


def test_a_persons_bubbles_leave_one_at_a_time_and_in_order(ledger: Ledger) -> None:
    say(ledger, "1", "2", "3")
    say(ledger, "a", person="other")
    assert sorted(o.reply.text for o in take(ledger)) == ["1", "a"]
    assert take(ledger) == []
    for text in ("2", "3"):
        for row in rows(ledger, tables.outbox):
            if row.state == "sending":
                hear(ledger, Delivery.SENT, callback=row.id)
        assert only(ledger).reply.text == text


def test_turns_at_the_same_moment_keep_their_order(ledger: Ledger) -> None:
    say(ledger, "1", "2", now=START)
    say(ledger, "3", now=START)
    say(ledger, "4", now=START - SECOND)
    order = []
    while taken := take(ledger):
        assert len(taken) == 1
        order.append(taken[0].reply.text)
        sent(ledger, taken[0])
    assert order == ["1", "2", "3", "4"]


@pytest.mark.parametrize("waiting", ["queued", "unknown"])
def test_a_resting_bubble_holds_up_those_behind_it(ledger: Ledger, waiting: str) -> None:
    say(ledger, "1", "2")
    first = only(ledger)
    ledger.transact(handover.postpone, first, waiting, 131000, START + WAIT, START)
    assert take(ledger, START + WAIT - SECOND) == []
    assert only(ledger, START + WAIT).id == first.id


def test_a_failed_bubble_lets_the_next_go_and_stays(ledger: Ledger) -> None:
    say(ledger, "1", "2")
    first = only(ledger)
    ledger.transact(handover.failed, first, 131026, START)
    assert only(ledger).reply.text == "2"
    kept = next(r for r in rows(ledger, tables.outbox) if r.id == first.id)
    assert (kept.state, kept.error_code) == ("failed", 131026)
    assert not hear(ledger, Delivery.SENT, callback=first.id)
    assert state(ledger, first) == "failed"
    # What has reached the person has, whatever was said before.
    assert hear(ledger, Delivery.DELIVERED, callback=first.id)


def test_no_more_than_asked_for_are_taken(ledger: Ledger) -> None:
    for n in range(5):
        say(ledger, "x", person=str(n))
    assert len(take(ledger, limit=3)) == 3
    assert len(take(ledger, limit=3)) == 2


def test_senders_at_once_share_nothing(ledger: Ledger) -> None:
    for n in range(12):
        say(ledger, "1", "2", person=str(n))
    with sibling(ledger) as other:
        doors = [ledger, other] * 3
        taken = together(
            [lambda d=d, n=n: take(d, sender=f"s{n}", limit=4) for n, d in enumerate(doors)]
        )
    flat = [o for found in taken for o in found] + take(ledger)
    assert len({o.id for o in flat}) == len({o.conversation_id for o in flat}) == len(flat) == 12
    assert {o.reply.text for o in flat} == {"1"}


def test_an_uncounted_postponement_is_no_attempt(ledger: Ledger) -> None:
    say(ledger, "1")
    for _ in range(3):
        assert only(ledger).attempts == 1
        ledger.transact(
            handover.postpone, _sending(ledger), outbox.QUEUED, 190, START, START, counted=False
        )
    assert rows(ledger, tables.outbox)[0].error_code == 190


def _sending(ledger: Ledger) -> Outgoing:
    row = next(r for r in rows(ledger, tables.outbox) if r.state == "sending")
    return Outgoing(row.id, row.conversation_id, "whatsapp", siti(), Reply("x"), None, 1)


def test_status_by_callback_and_by_external_id(ledger: Ledger) -> None:
    say(ledger, "1")
    taken = only(ledger)
    assert not hear(ledger, Delivery.DELIVERED)
    sent(ledger, taken)
    assert hear(ledger, Delivery.DELIVERED)
    assert state(ledger) == "delivered"
    assert hear(ledger, Delivery.READ, callback=taken.id, external_id="another")
    assert state(ledger) == "read"
    assert not hear(ledger, Delivery.READ, callback="not ours")
    assert not hear(ledger, Delivery.READ, external_id="not ours")


@pytest.mark.parametrize("news", [Delivery.SENT, Delivery.DELIVERED, Delivery.READ])
def test_a_status_before_the_send_returned(ledger: Ledger, news: Delivery) -> None:
    say(ledger, "1", "2")
    taken = only(ledger)
    assert hear(ledger, news, callback=taken.id)
    sent(ledger, taken)
    assert state(ledger, taken) == news.value
    hear(ledger, Delivery.READ)
    assert state(ledger, taken) == "read"
    assert only(ledger).reply.text == "2"


@pytest.mark.parametrize("news", [Delivery.SENT, Delivery.READ, Delivery.FAILED])
def test_news_settles_before_a_late_error_does(ledger: Ledger, news: Delivery) -> None:
    say(ledger, "1")
    taken = only(ledger)
    hear(ledger, news, callback=taken.id, code=1 if news is Delivery.FAILED else 0)
    ledger.transact(handover.postpone, taken, outbox.UNKNOWN, 0, START, START)
    ledger.transact(handover.failed, taken, 5, START)
    assert state(ledger) == news.value
    assert take(ledger, START + WAIT) == []


def test_an_unknown_bubble_is_repeated_after_the_wait_and_counted(ledger: Ledger) -> None:
    say(ledger, "1")
    taken = only(ledger)
    ledger.transact(handover.postpone, taken, outbox.UNKNOWN, 0, START + WAIT, START)
    assert take(ledger, START + WAIT - SECOND) == []
    again = only(ledger, START + WAIT)
    assert (again.id, again.attempts) == (taken.id, 2)
    sent(ledger, again)
    assert ledger.transact(outbox.counts) == {"parked": 0, "failed": 0, "repeated": 1}


def test_an_unknown_bubble_with_news_is_not_repeated(ledger: Ledger) -> None:
    say(ledger, "1")
    taken = only(ledger)
    ledger.transact(handover.postpone, taken, outbox.UNKNOWN, 0, START + WAIT, START)
    assert hear(ledger, Delivery.SENT, callback=taken.id)
    assert take(ledger, START + WAIT) == []
    assert ledger.transact(outbox.counts) == {"parked": 0, "failed": 0, "repeated": 0}


def test_what_the_dead_were_sending_is_unknown(ledger: Ledger) -> None:
    say(ledger, "1", person="a")
    say(ledger, "2", person="b")
    dead = take(ledger, sender="dead", limit=1)[0]
    alive = take(ledger, sender="alive")[0]
    assert set(ledger.transact(handover.senders)) == {"dead", "alive"}
    assert ledger.transact(handover.recover, ["dead"], START, WAIT) == 1
    assert (state(ledger, dead), state(ledger, alive)) == ("unknown", "sending")
    assert ledger.transact(handover.senders) == ["alive"]
    assert take(ledger, START + WAIT - SECOND) == []
    assert only(ledger, START + WAIT).id == dead.id


def test_what_another_machine_has_had_for_very_long_is_unknown(ledger: Ledger) -> None:
    say(ledger, "1")
    take(ledger, sender="elsewhere")
    later = START + handover.STALE
    assert ledger.transact(handover.recover, [], later - SECOND, WAIT) == 0
    assert ledger.transact(handover.recover, [], later, WAIT) == 1
    assert only(ledger, later + WAIT).attempts == 2


def test_a_late_success_of_a_recovered_bubble_counts(ledger: Ledger) -> None:
    say(ledger, "1")
    taken = only(ledger)
    ledger.transact(handover.recover, ["s1"], START, WAIT)
    sent(ledger, taken)
    assert state(ledger) == "sent"
    assert take(ledger, START + WAIT) == []


def test_a_bubble_that_cannot_be_read_holds_up_only_its_own_conversation(ledger: Ledger) -> None:
    say(ledger, "1", person="broken")
    say(ledger, "2", person="fine")
    broken = tables.outbox.c.id == rows(ledger, tables.outbox, tables.outbox.c.position)[0].id
    sealed = Vault([new_key().encode()], b"x").seal({})
    with ledger.engine.begin() as connection:
        connection.execute(tables.outbox.update().where(broken).values(sealed_body=sealed))
    assert only(ledger).reply.text == "2"
    assert take(ledger) == []
    assert ledger.transact(outbox.counts)["queued"] == 1


STEPS = st.lists(
    st.one_of(
        # A shut window, a refused account and an opt-out are other matters.
        st.sampled_from([Delivery.SENT, Delivery.DELIVERED, Delivery.READ, Delivery.FAILED]),
        st.sampled_from(["take", "sent", "unknown", "queued", "failed", "recover"]),
    ),
    max_size=14,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_states_only_move_upward(ledger: Ledger, steps: list[Any]) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(tables.outbox.delete())
        if connection.execute(tables.conversation.select()).first() is None:
            inbox.receive(connection, ledger.vault, [message(1)], START)
        conversation = connection.execute(tables.conversation.select()).first().id
        outbox.enqueue(connection, ledger.vault, conversation, None, Reply("x"), START)
    row = rows(ledger, tables.outbox)[0]
    bubble = Outgoing(row.id, conversation, "whatsapp", siti(), Reply("x"), None, 1)
    now, sends = START, 0
    for step in steps:
        before = state(ledger)
        if isinstance(step, Delivery):
            hear(ledger, step, callback=row.id)
        elif step == "take":
            now += WAIT
            sends += len(take(ledger, now))
        elif step == "sent":
            sent(ledger, bubble)
        elif step == "failed":
            ledger.transact(handover.failed, bubble, 1, now)
        elif step == "recover":
            ledger.transact(handover.recover, ["s1"], now, WAIT)
        else:
            ledger.transact(handover.postpone, bubble, step, 0, now + WAIT, now)
        after = state(ledger)
        assert RANK[after] >= RANK[before]
    if sends > 1:
        assert rows(ledger, tables.outbox)[0].attempts >= 1
