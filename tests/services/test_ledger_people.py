"""Who is who: known by the channel's id, then by phone, and never somebody else's hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.message import IdentityChange, Sender
from bot.ledger import crowd, people, tables
from bot.ledger.database import Ledger
from tests.kit import START, answer, claim, claimed, message, receive, rows, siti, together

A, B = "ID.A", "ID.B"
P1, P2 = "6281100000001", "6281100000002"


def who(ledger: Ledger, user_id: str | None = None, phone: str | None = None) -> str:
    sender = Sender(user_id, phone)
    return ledger.transact(people.find_or_create, "whatsapp", sender, START)


def address(ledger: Ledger, conversation_id: str) -> tuple[str | None, str | None]:
    _, to = ledger.transact(people.address, conversation_id)
    return to.user_id, to.phone


def change(ledger: Ledger, old: Sender, new: Sender, number: int = 1) -> bool:
    note = IdentityChange("whatsapp", "1", f"change.{number}", old, new, START)
    return ledger.transact(people.change_identity, note, START) is not None


def audits(ledger: Ledger) -> int:
    return len(rows(ledger, tables.audit))


def test_id_and_phone_are_linked_in_either_order(ledger: Ledger) -> None:
    by_id = who(ledger, user_id=A)
    assert who(ledger, A, P1) == by_id
    assert who(ledger, phone=P1) == by_id
    by_phone = who(ledger, phone=P2)
    assert who(ledger, B, P2) == by_phone
    assert who(ledger, user_id=B) == by_phone
    assert (address(ledger, by_id), address(ledger, by_phone)) == ((A, P1), (B, P2))
    assert len(rows(ledger, tables.person)) == 2


def test_a_name_is_filled_in_and_kept(ledger: Ledger) -> None:
    found = who(ledger, A)
    for name in ("Siti", "Another"):
        ledger.transact(people.find_or_create, "whatsapp", Sender(A, name=name), START)
    assert ledger.transact(people.address, found)[1].name == "Siti"


def test_channels_are_apart(ledger: Ledger) -> None:
    other = ledger.transact(people.find_or_create, "webchat", Sender(A), START)
    assert who(ledger, A) != other


def test_a_number_reused_by_another_id_is_another_person(ledger: Ledger) -> None:
    before = who(ledger, A, P1)
    after = who(ledger, B, P1)
    assert before != after
    assert who(ledger, phone=P1) == after
    assert who(ledger, user_id=A) == before
    # What is said to the one who had the number must not go to it any more.
    assert address(ledger, before) == (A, None)
    assert address(ledger, after) == (B, P1)


def test_a_number_moves_to_a_known_id_that_writes_from_it(ledger: Ledger) -> None:
    first, second = who(ledger, A, P1), who(ledger, B)
    assert who(ledger, B, P1) == second
    assert address(ledger, first) == (A, None)
    assert address(ledger, second) == (B, P1)


def test_replies_follow_an_id_to_its_new_number(ledger: Ledger) -> None:
    found = who(ledger, A, P1)
    assert who(ledger, A, P2) == found
    assert address(ledger, found) == (A, P2)
    assert who(ledger, phone=P1) != found


def test_two_persons_that_turn_out_to_be_one_stay_two(ledger: Ledger) -> None:
    by_id, by_phone = who(ledger, user_id=A), who(ledger, phone=P1)
    assert by_id != by_phone
    assert who(ledger, A, P1) == by_id
    assert who(ledger, phone=P1) == by_phone
    assert address(ledger, by_id) == (A, None)
    assert address(ledger, by_phone) == (None, P1)


def test_an_empty_old_address_is_harmless(ledger: Ledger) -> None:
    found = who(ledger, A, P1)
    assert change(ledger, Sender(), Sender(B, P2)) is False
    assert change(ledger, Sender("ID.unknown", "62800"), Sender(B, P2)) is False
    assert address(ledger, found) == (A, P1)
    assert audits(ledger) == 0
    assert len(rows(ledger, tables.person)) == 1


def test_a_changed_number_drops_what_was_going_on(ledger: Ledger) -> None:
    sender = Sender(A, P1)
    receive(ledger, message(1, sender))
    answer(ledger, "ya")
    assert change(ledger, sender, Sender(B, P2)) is True
    held = rows(ledger, tables.conversation)[0]
    assert (held.sealed_state, held.version) == (None, 2)
    assert address(ledger, held.id) == (B, P2)
    assert [(a.kind, a.person_id) for a in rows(ledger, tables.audit)] == [
        ("identity_changed", held.person_id)
    ]
    receive(ledger, message(2, Sender(B, P2)))
    again = claimed(ledger)
    assert (again.conversation_id, again.state) == (held.id, None)
    assert who(ledger, A, P1) != held.id


def test_another_number_under_the_same_id_is_a_change_that_nobody_told(ledger: Ledger) -> None:
    receive(ledger, message(1, Sender(A, P1)))
    answer(ledger, "ya")
    talk = rows(ledger, tables.conversation)[0].id
    moved: list[str] = []
    ledger.transact(people.find_or_create, "whatsapp", Sender(A, P1), START, moved.append)
    ledger.transact(people.find_or_create, "whatsapp", Sender(A), START, moved.append)
    assert (audits(ledger), moved) == (0, [])
    for _ in range(2):
        ledger.transact(people.find_or_create, "whatsapp", Sender(A, P2), START, moved.append)
    assert (audits(ledger), moved) == (1, [talk])
    assert rows(ledger, tables.conversation)[0].sealed_state is None
    assert address(ledger, talk) == (A, P2)


def test_a_note_of_a_change_starts_no_turn(ledger: Ledger) -> None:
    who(ledger, A, P1)
    assert change(ledger, Sender(A), Sender(B))
    assert claim(ledger) is None


def test_a_change_told_again_changes_nothing(ledger: Ledger) -> None:
    found = who(ledger, A, P1)
    assert change(ledger, Sender(None, P1), Sender(B, P2)) is True
    stranger = who(ledger, phone=P1)
    assert change(ledger, Sender(None, P1), Sender(B, P2)) is False
    assert (address(ledger, found), address(ledger, stranger)) == ((B, P2), (None, P1))
    assert audits(ledger) == 1


def test_an_old_id_told_late_does_not_take_the_number(ledger: Ledger) -> None:
    found = who(ledger, A, P1)
    assert change(ledger, Sender(A, P1), Sender(B, P1)) is True
    assert change(ledger, Sender(A, P1), Sender(B, P1), number=2) is False
    assert address(ledger, found) == (B, P1)
    assert who(ledger, phone=P1) == found


def test_a_new_address_that_has_written_already_stays_its_own(ledger: Ledger) -> None:
    old, new = who(ledger, A, P1), who(ledger, B, P2)
    assert change(ledger, Sender(A, P1), Sender(B, P2)) is True
    assert address(ledger, old) == (None, None)
    assert address(ledger, new) == (B, P2)
    assert who(ledger, B, P2) == new
    assert who(ledger, A, P1) not in (old, new)


def test_a_new_number_that_somebody_else_had(ledger: Ledger) -> None:
    mine, other = who(ledger, A, P1), who(ledger, B, P2)
    assert change(ledger, Sender(A, P1), Sender(A, P2)) is True
    assert (address(ledger, mine), address(ledger, other)) == ((A, P2), (B, None))


def test_a_new_number_known_without_an_id(ledger: Ledger) -> None:
    mine, other = who(ledger, A, P1), who(ledger, phone=P2)
    assert change(ledger, Sender(A, P1), Sender(A, P2)) is True
    assert (address(ledger, mine), address(ledger, other)) == ((A, None), (None, P2))


def test_links_at_once_never_fail(ledger: Ledger) -> None:
    who(ledger, user_id=A)
    who(ledger, phone=P1)
    senders = [Sender(A, P1), Sender(B, P1), Sender(A, P2), Sender(B, P2), Sender(A), Sender(B)]

    def write(seed: int) -> None:
        for n, sender in enumerate(random.Random(seed).choices(senders, k=8)):
            receive(ledger, message(f"{seed}.{n}", sender))

    together([lambda seed=seed: write(seed) for seed in range(6)])
    stored = rows(ledger, tables.inbox)
    assert len([row for row in stored if row.position]) == 48, "beside notes of changed numbers"


IDS = st.one_of(st.none(), st.sampled_from(["ID.A", "ID.B", "ID.C"]))
PHONES = st.one_of(st.none(), st.sampled_from([P1, P2, "6281100000003"]))
SENDERS = st.builds(Sender, IDS, PHONES)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(SENDERS.filter(lambda s: s.user_id or s.phone), st.tuples(SENDERS, SENDERS)),
        max_size=12,
    )
)
def test_no_order_of_events_breaks_a_key(ledger: Ledger, events: list[object]) -> None:
    with ledger.engine.begin() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(table.delete())
    for number, event in enumerate(events):
        if isinstance(event, Sender):
            found = who(ledger, event.user_id, event.phone)
            assert who(ledger, event.user_id, event.phone) == found
            user_id, phone = address(ledger, found)
            assert user_id == event.user_id or event.user_id is None
            assert phone in (event.phone, None) or event.phone is None
        else:
            change(ledger, *event, number=number)  # type: ignore[misc]
    persons = rows(ledger, tables.person)
    for person in persons:
        known = Sender(**ledger.vault.open(person.sealed_address))
        assert (person.user_key is None) == (known.user_id is None)
        assert (person.phone_key is None) == (known.phone is None)


NAMED = st.builds(Sender, IDS, PHONES, st.sampled_from([None, "Siti"]))


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(NAMED.filter(lambda s: s.user_id or s.phone), max_size=8), max_size=4))
def test_many_at_once_are_found_as_one_by_one(ledger: Ledger, batches: list[list[Sender]]) -> None:
    def told(find: Callable[[list[Sender]], list[str]]) -> list[object]:
        with ledger.engine.begin() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(table.delete())
        found = [find(batch) for batch in batches]
        order = list(dict.fromkeys(id for ids in found for id in ids))
        left = [ledger.transact(people.address, id)[1] for id in order]
        return [[[order.index(id) for id in ids] for ids in found], left]

    def at_once(batch: list[Sender]) -> list[str]:
        who_ = [("whatsapp", sender) for sender in batch]
        return ledger.transact(crowd.find_or_create_all, who_, START)

    def one_by_one(batch: list[Sender]) -> list[str]:
        return [ledger.transact(people.find_or_create, "whatsapp", s, START) for s in batch]

    assert told(at_once) == told(one_by_one)


@pytest.mark.parametrize("gap", [0, 1])
def test_messages_after_a_change_are_the_movers(ledger: Ledger, gap: int) -> None:
    receive(ledger, message(1, siti("old")))
    change(ledger, siti("old"), siti("new"))
    receive(ledger, message(2, siti("new"), START + timedelta(seconds=gap)))
    assert len(rows(ledger, tables.conversation)) == 1


def test_what_a_dialogue_remembers_goes_when_it_has_rested(ledger: Ledger) -> None:
    later = START + timedelta(minutes=1)
    for n, (name, at) in enumerate((("siti", START), ("budi", later))):
        receive(ledger, message(n, siti(name), at=at), now=at)
        answer(ledger, "ya", now=at)
    assert ledger.transact(people.forget_dialogues, later) == 1
    states = {row.last_turn_at: row.sealed_state for row in rows(ledger, tables.conversation)}
    assert states[START] is None and states[later] is not None
