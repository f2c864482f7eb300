"""Claims: in order, by one worker at a time, given back or taken away."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from bot.ledger import claims, inbox, tables, unit_of_work
from bot.ledger.database import Ledger
from bot.privacy import Vault, new_key
from tests.kit import (
    LEASE,
    START,
    answer,
    claim,
    claimed,
    message,
    receive,
    rows,
    sibling,
    siti,
    together,
)

SECOND = timedelta(seconds=1)


def test_a_person_is_answered_in_the_order_of_sending(ledger: Ledger) -> None:
    receive(
        ledger,
        message("c", at=START + 2 * SECOND),
        message("a", at=START),
        message("b1", at=START + SECOND),
        message("b2", at=START + SECOND),
    )
    order = []
    while (found := claim(ledger)) is not None:
        order.append(found.message.external_id)
        ledger.transact(claims.give_back, found, "w1", None)
        answer(ledger, "ya")
    assert order == ["wamid.a", "wamid.b1", "wamid.b2", "wamid.c"]


def test_the_conversation_that_waits_longest_is_first(ledger: Ledger) -> None:
    receive(ledger, message(1, siti("late"), START + SECOND), message(2, siti("early"), START))
    assert claimed(ledger).message.sender == siti("early")
    assert claimed(ledger).message.sender == siti("late")
    assert claim(ledger) is None


def test_a_leased_conversation_is_passed_over_as_a_whole(ledger: Ledger) -> None:
    receive(ledger, message(1), message(2))
    first = claimed(ledger, "w1")
    assert claim(ledger, "w1") is None
    assert claim(ledger, "w2") is None
    assert (first.claims, first.failures, first.version) == (1, 0, 0)


@pytest.mark.parametrize("engines", [1, 2])
def test_claimers_at_once_never_share_a_conversation(ledger: Ledger, engines: int) -> None:
    for person, number in itertools.product(range(10), range(2)):
        receive(ledger, message(f"{person}.{number}", siti(str(person))))
    with sibling(ledger) as other:
        doors = [ledger, other][:engines] * (8 // engines)

        def claim_all(door: Ledger, name: str) -> list[str]:
            found = []
            while (one := claim(door, name)) is not None:
                found.append(one.conversation_id)
            return found

        taken = together(
            [lambda door=door, n=n: claim_all(door, f"w{n}") for n, door in enumerate(doors)]
        )
    flat = [conversation_id for found in taken for conversation_id in found]
    # On PostgreSQL all may pass over what one of them holds locked: nobody else had it.
    while (rest := claim(ledger)) is not None:
        flat.append(rest.conversation_id)
    assert len(flat) == len(set(flat)) == 10


def test_workers_at_once_answer_everything_once_and_in_order(ledger: Ledger) -> None:
    for person, number in itertools.product(range(6), range(5)):
        receive(ledger, message(f"{person}.{number}", siti(str(person)), START + number * SECOND))

    def work(name: str) -> int:
        done = 0
        while ledger.transact(inbox.waiting):
            found = claim(ledger, name)
            if found is None:
                continue

            turn = unit_of_work.UnitOfWork(found, START)
            ledger.transact(unit_of_work.commit, turn, name, START)
            done += 1
        return done

    assert sum(together([lambda n=n: work(f"w{n}") for n in range(4)])) == 30
    turns = rows(ledger, tables.turn, tables.turn.c.id)
    for conversation in rows(ledger, tables.conversation):
        mine = [t.inbox_id for t in turns if t.conversation_id == conversation.id]
        assert mine == sorted(mine)
        assert len(mine) == conversation.version == 5


def test_a_conversation_answered_between_look_and_lock_is_passed_over(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(ledger, message(1, siti("done")), message(2, siti("next")))
    done = answer(ledger, "ya").claim.conversation_id
    look, stale = claims._lock_oldest, [done]

    def lock(*args: Any) -> str | None:
        return stale.pop() if stale else look(*args)

    monkeypatch.setattr(claims, "_lock_oldest", lock)
    assert claimed(ledger).message.sender == siti("next")


def test_a_lease_runs_out(ledger: Ledger) -> None:
    receive(ledger, message(1))
    assert claim(ledger, "w1", START)
    assert claim(ledger, "w2", START + LEASE - SECOND) is None
    again = claimed(ledger, "w2", START + LEASE)
    assert (again.claims, again.failures) == (2, 0)


def test_a_failed_turn_rests_and_is_counted(ledger: Ledger) -> None:
    receive(ledger, message(1), message(2, siti("other")))
    first = claimed(ledger)
    ledger.transact(claims.give_back, first, "w1", START + 5 * SECOND)
    assert claimed(ledger).message.sender == siti("other")
    assert claim(ledger, now=START + 4 * SECOND) is None
    again = claimed(ledger, now=START + 5 * SECOND)
    assert (again.message, again.claims, again.failures) == (first.message, 2, 1)


def test_a_lost_turn_is_given_back_at_once_and_uncounted(ledger: Ledger) -> None:
    receive(ledger, message(1))
    ledger.transact(claims.give_back, claimed(ledger), "w1", None)
    assert claimed(ledger, "w2").failures == 0


def test_nobody_gives_back_what_another_holds(ledger: Ledger) -> None:
    receive(ledger, message(1))
    late = claimed(ledger, "w1")
    now = START + LEASE
    claimed(ledger, "w2", now)
    ledger.transact(claims.give_back, late, "w1", now)
    assert claim(ledger, "w3", now) is None
    assert rows(ledger, tables.inbox)[0].failures == 0


def test_the_dead_lose_their_leases_and_the_living_keep_them(ledger: Ledger) -> None:
    receive(ledger, *(message(n, siti(str(n))) for n in range(3)))
    for name in ("dead1", "dead2", "alive"):
        claimed(ledger, name)
    assert set(ledger.transact(claims.owners)) == {"dead1", "dead2", "alive"}
    assert ledger.transact(claims.release, ["dead1", "dead2"]) == 2
    assert ledger.transact(claims.owners) == ["alive"]
    assert claim(ledger) and claim(ledger) and not claim(ledger)


def test_a_message_that_cannot_be_read_holds_up_only_its_own_conversation(ledger: Ledger) -> None:
    receive(ledger, message(1, siti("broken")), message(2, siti("fine"), START + SECOND))
    first = tables.inbox.c.id == rows(ledger, tables.inbox, tables.inbox.c.id)[0].id
    with ledger.engine.begin() as connection:
        sealed = Vault([new_key().encode()], b"x").seal({})
        connection.execute(tables.inbox.update().where(first).values(sealed_body=sealed))
    assert claimed(ledger).message.sender == siti("fine")
    assert claim(ledger) is None
    assert ledger.transact(inbox.waiting) == 2
    assert ledger.transact(inbox.dead_letters) == 0
