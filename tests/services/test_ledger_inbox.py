"""The inbox: what comes in is written once, in its order, as it was."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.message import Inbound, Kind, Media, Sender
from bot.ledger import inbox, tables
from bot.ledger.database import Ledger
from bot.privacy import Vault
from tests.kit import (
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


def test_silent_messages_start_no_turn(ledger: Ledger) -> None:
    assert receive(ledger, message(1, kind=Kind.SILENT)) == [True]
    assert claim(ledger) is None
    assert ledger.transact(inbox.waiting) == 0


def test_what_a_newer_edge_stores_beside_is_left_out(ledger: Ledger) -> None:
    receive(ledger, message(1))
    body = ledger.vault.open(rows(ledger, tables.inbox)[0].sealed_body)
    body["sender"]["city"], body["mood"] = "Ende", "good"
    with ledger.engine.begin() as connection:
        connection.execute(tables.inbox.update().values(sealed_body=ledger.vault.seal(body)))
    assert claimed(ledger).message == message(1)


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
