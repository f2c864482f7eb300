"""The inbox: written once, claimed in order by one worker at a time, finished with its turn."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.message import Inbound, Kind, Media, Sender
from bot.ledger import inbox, tables, unit_of_work
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
    sqlite_ledger,
    together,
)

SECOND = timedelta(seconds=1)


def conversations(ledger: Ledger) -> int:
    return len(rows(ledger, tables.conversation))


def test_a_message_comes_back_as_it_was(ledger: Ledger) -> None:
    sent = Inbound(
        "whatsapp", "1", "wamid.1", Sender("ID.1", "62811", "Siti 🙏"), START, Kind.CHOICE,
        "Ya\n", "n1:/affirm:x", "wamid.0", "interactive",
    )  # fmt: skip
    assert receive(ledger, sent) == [True]
    assert claimed(ledger).message == sent


def test_the_same_message_twice_is_one_row(ledger: Ledger) -> None:
    assert receive(ledger, message(1), message(1), message(2)) == [True, False, True]
    answer(ledger, "ya")
    assert receive(ledger, message(1)) == [False]
    assert len(rows(ledger, tables.inbox)) == 2


@pytest.mark.parametrize("change", [{"account": "2"}, {"channel": "webchat"}])
def test_an_id_is_unique_within_its_account_and_channel(
    ledger: Ledger, change: dict[str, str]
) -> None:
    other = Inbound(**{**message(1).__dict__, **change})
    assert receive(ledger, message(1), other) == [True, True]


def test_one_message_from_many_threads_is_one_row(ledger: Ledger) -> None:
    with sibling(ledger) as other:
        doors = [ledger, other] * 6
        new = together([lambda door=door: receive(door, message(1))[0] for door in doors])
    assert sorted(new) == [False] * 11 + [True]
    assert len(rows(ledger, tables.inbox)) == conversations(ledger) == 1


def test_many_first_messages_of_one_person_make_one_person(ledger: Ledger) -> None:
    with sibling(ledger) as other:
        jobs = [
            lambda door=door, n=n: receive(door, message(n))[0]
            for n, door in enumerate([ledger, other] * 6)
        ]
        assert together(jobs) == [True] * 12
    assert len(rows(ledger, tables.inbox)) == 12
    assert conversations(ledger) == len(rows(ledger, tables.person)) == 1


def test_batches_that_meet_crosswise_lose_nothing(ledger: Ledger) -> None:
    people = [siti(f"p{n}") for n in range(12)]

    def store(order: list[Sender], prefix: str) -> bool:
        def work(connection: sa.engine.Connection, vault: Vault) -> None:
            for person in order:
                one = message(f"{prefix}{person.user_id}", person)
                assert inbox.receive(connection, vault, [one], START) == [True]

        ledger.transact(work)
        return True

    def shuffled(n: int) -> list[Sender]:
        return random.Random(n).sample(people, len(people))

    assert all(together([lambda n=n: store(shuffled(n), str(n)) for n in range(3)]))
    assert len(rows(ledger, tables.inbox)) == 36
    assert conversations(ledger) == 12


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
        ledger.transact(inbox.give_back, found, "w1", None)
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


def test_silent_messages_start_no_turn(ledger: Ledger) -> None:
    assert receive(ledger, message(1, kind=Kind.SILENT)) == [True]
    assert claim(ledger) is None
    assert ledger.transact(inbox.waiting) == 0


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
    look, stale = inbox._lock_oldest, [done]

    def lock(*args: Any) -> str | None:
        return stale.pop() if stale else look(*args)

    monkeypatch.setattr(inbox, "_lock_oldest", lock)
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
    ledger.transact(inbox.give_back, first, "w1", START + 5 * SECOND)
    assert claimed(ledger).message.sender == siti("other")
    assert claim(ledger, now=START + 4 * SECOND) is None
    again = claimed(ledger, now=START + 5 * SECOND)
    assert (again.message, again.claims, again.failures) == (first.message, 2, 1)


def test_a_lost_turn_is_given_back_at_once_and_uncounted(ledger: Ledger) -> None:
    receive(ledger, message(1))
    ledger.transact(inbox.give_back, claimed(ledger), "w1", None)
    assert claimed(ledger, "w2").failures == 0


def test_nobody_gives_back_what_another_holds(ledger: Ledger) -> None:
    receive(ledger, message(1))
    late = claimed(ledger, "w1")
    now = START + LEASE
    claimed(ledger, "w2", now)
    ledger.transact(inbox.give_back, late, "w1", now)
    assert claim(ledger, "w3", now) is None
    assert rows(ledger, tables.inbox)[0].failures == 0


def test_the_dead_lose_their_leases_and_the_living_keep_them(ledger: Ledger) -> None:
    receive(ledger, *(message(n, siti(str(n))) for n in range(3)))
    for name in ("dead1", "dead2", "alive"):
        claimed(ledger, name)
    assert set(ledger.transact(inbox.owners)) == {"dead1", "dead2", "alive"}
    assert ledger.transact(inbox.release, ["dead1", "dead2"]) == 2
    assert ledger.transact(inbox.owners) == ["alive"]
    assert claim(ledger) and claim(ledger) and not claim(ledger)


def test_what_a_newer_edge_stores_beside_is_left_out(ledger: Ledger) -> None:
    receive(ledger, message(1))
    body = ledger.vault.open(rows(ledger, tables.inbox)[0].sealed_body)
    body["sender"]["city"], body["mood"] = "Ende", "good"
    with ledger.engine.begin() as connection:
        connection.execute(tables.inbox.update().values(sealed_body=ledger.vault.seal(body)))
    assert claimed(ledger).message == message(1)


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


PEOPLE = [
    Sender(user_id="ID.a", phone="628110000001", name="Ani"),
    Sender(user_id="ID.a"),
    Sender(phone="628110000001"),
    Sender(user_id="ID.b", phone="628110000001"),
    Sender(user_id="ID.c", phone="628110000002"),
    Sender(phone="628110000003"),
    Sender(user_id="ID.d"),
]


def stored(ledger: Ledger) -> list[tuple[str, int, str]]:
    """Whose each message is, its place, and what it says; people by their first message."""
    found, names = [], dict[str, str]()
    for row in rows(ledger, tables.inbox, tables.inbox.c.sent_at, tables.inbox.c.position):
        text = ledger.vault.open(row.sealed_body)["text"]
        name = names.setdefault(row.conversation_id, text)
        found.append((name, row.position, text))
    return found


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.sampled_from(range(len(PEOPLE)))), max_size=9),
        max_size=3,
    )
)
def test_many_at_once_are_stored_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[int, int]]]
) -> None:
    told: list[list[bool]] = []
    kept: list[list[tuple[str, int, str]]] = []
    for together_ in (True, False):
        with sqlite_ledger(tmp_path_factory.mktemp("inbox")) as ledger:
            said: list[bool] = []
            for batch in batches:
                given_ = [
                    message(number, PEOPLE[who], START + number * SECOND, text=f"{number}")
                    for number, who in batch
                ]
                if together_:
                    said += ledger.transact(inbox.receive, given_, START)
                else:
                    said += receive(ledger, *given_)
            told.append(said)
            kept.append(stored(ledger))
    assert told[0] == told[1]
    assert {(who, text) for who, _, text in kept[0]} == {(who, text) for who, _, text in kept[1]}
    for one in kept:
        for who in {name for name, _, _ in one}:
            places = [place for name, place, _ in one if name == who]
            assert sorted(places) == list(range(1, len(places) + 1))


def test_a_thousand_messages_are_stored_once_in_their_order(ledger: Ledger) -> None:
    given_ = [message(n, siti(f"p{n % 7}"), text=str(n)) for n in range(1000)]
    assert ledger.transact(inbox.receive, given_, START) == [True] * 1000
    assert ledger.transact(inbox.receive, given_ + given_[:3], START) == [False] * 1003
    for person in range(7):
        mine = [text for name, _, text in stored(ledger) if name == str(person)]
        assert mine == [str(n) for n in range(person, 1000, 7)]


def test_messages_with_and_without_files_keep_their_order(ledger: Ledger) -> None:
    given_ = [message(n, text=str(n)) for n in range(4)]
    given_[1] = replace(given_[1], kind=Kind.MEDIA, media=Media("m1"))
    given_[2] = replace(given_[2], attachments=("somebody-elses",))
    assert ledger.transact(inbox.receive, given_, START) == [True] * 4
    found = rows(ledger, tables.inbox, tables.inbox.c.id)
    bodies = [ledger.vault.open(row.sealed_body) for row in found]
    assert [body["text"] for body in bodies] == ["0", "1", "2", "3"]
    assert [row.position for row in found] == [1, 2, 3, 4]
    assert [len(body["attachments"]) for body in bodies] == [0, 1, 0, 0]


def test_many_at_once_that_meet_are_one_person_and_one_message(ledger: Ledger) -> None:
    given_ = [message(n, siti(f"p{n % 3}")) for n in range(30)]
    with sibling(ledger) as other:
        doors = [ledger, other] * 3
        store = [lambda door=door: door.transact(inbox.receive, given_, START) for door in doors]
        together(store)
    assert len(rows(ledger, tables.inbox)) == 30
    assert conversations(ledger) == 3
