"""A conversation is read in the order it was written, by who reads while others write."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Inbound, Kind, Reply, Sender
from bot.ledger import chat, chat_sessions, handover, inbox, migrate, outbox, tables
from bot.ledger.chat import Entry
from bot.ledger.database import Ledger
from bot.privacy import Vault
from tests.kit import START, message, receive, rows, sibling, together

SESSION = "s" * 22
WRITERS, EACH = 6, 15


def conversation(ledger: Ledger, session_id: str = SESSION) -> str:
    ledger.transact(chat_sessions.make, session_id, None, START)
    found = ledger.transact(chat_sessions.find, session_id)
    assert found is not None
    return found.conversation_id


def typed(text: str, session_id: str = SESSION, id: str = "") -> Inbound:
    whole = f"x:{id or uuid.uuid4()}"
    return Inbound("webchat", "", whole, Sender(session_id), START, Kind.TEXT, text)


@contextmanager
def many(ledger: Ledger, number: int) -> Iterator[list[Ledger]]:
    with ExitStack() as stack:
        yield [stack.enter_context(sibling(ledger)) for _ in range(number)]


def slowly(seed: int) -> Callable[[Connection, Vault, str, str], None]:
    """Write from either side and commit a while later, so that writers overlap."""
    dice = random.Random(seed)

    def write(connection: Connection, vault: Vault, conversation_id: str, text: str) -> None:
        if dice.random() < 0.5:
            assert inbox.receive(connection, vault, [typed(text)], START) == [True]
        else:
            outbox.enqueue(connection, vault, conversation_id, None, Reply(text), START)
        time.sleep(dice.uniform(0, 0.01))

    return write


def test_who_follows_a_conversation_misses_nothing_and_reads_nothing_twice(ledger: Ledger) -> None:
    talk = conversation(ledger)
    done = threading.Event()

    def writer(own: Ledger, number: int) -> None:
        write = slowly(number)
        for count in range(EACH):
            own.transact(write, talk, f"{number}.{count}")

    def reader(own: Ledger, limit: int) -> list[Entry]:
        got: list[Entry] = []
        while True:
            finished = done.is_set()
            after = got[-1].position if got else 0
            new = own.transact(chat.log, talk, after, limit)
            got += new
            if finished and not new:
                return got

    with many(ledger, WRITERS + 2) as ledgers:
        left = [WRITERS]
        guard = threading.Lock()

        def write_then_tell(own: Ledger, number: int) -> list[Entry]:
            writer(own, number)
            with guard:
                left[0] -= 1
                if not left[0]:
                    done.set()
            return []

        jobs: list[Callable[[], list[Entry]]] = [
            lambda own=own, n=n: write_then_tell(own, n)  # type: ignore[misc]
            for n, own in enumerate(ledgers[:WRITERS])
        ]
        jobs += [lambda: reader(ledgers[-2], 100), lambda: reader(ledgers[-1], 3)]
        *_, first, second = together(jobs)
    assert [entry.position for entry in first] == list(range(1, WRITERS * EACH + 1))
    assert first == second
    written = {f"{number}.{count}" for number in range(WRITERS) for count in range(EACH)}
    assert {entry.text for entry in first} == written
    for number in range(WRITERS):
        own = [entry.text for entry in first if entry.text.startswith(f"{number}.")]
        assert own == [f"{number}.{count}" for count in range(EACH)]


def test_writers_that_meet_crosswise_all_get_through(ledger: Ledger) -> None:
    talks = [conversation(ledger, letter * 22) for letter in "ab"]

    def both(connection: Connection, vault: Vault, order: list[str]) -> None:
        for talk in order:
            outbox.enqueue(connection, vault, talk, None, Reply("halo"), START)
            time.sleep(0.01)

    with many(ledger, 4) as ledgers:
        orders = [talks, talks[::-1]] * 2
        together(
            [
                lambda own=own, order=order: own.transact(both, order)  # type: ignore[misc]
                for own, order in zip(ledgers, orders, strict=True)
            ]
        )
    for talk in talks:
        found = ledger.transact(chat.log, talk, 0, 100)
        assert [entry.position for entry in found] == [1, 2, 3, 4]


def test_the_same_message_from_many_processes_has_one_position(ledger: Ledger) -> None:
    conversation(ledger)
    same = typed("halo", id="1")

    def store(own: Ledger) -> tuple[bool, int | None]:
        [new] = own.transact(inbox.receive, [same], START)
        return new, own.transact(chat_sessions.position, SESSION, same, START)

    with many(ledger, 6) as ledgers:
        found = together([lambda own=own: store(own) for own in ledgers])  # type: ignore[misc]
    assert sorted(new for new, _ in found) == [False] * 5 + [True]
    assert len({position for _, position in found}) == 1


def test_what_is_rolled_back_leaves_no_hole_that_a_reader_waits_for(ledger: Ledger) -> None:
    talk = conversation(ledger)

    def fail(connection: Connection, vault: Vault) -> None:
        outbox.enqueue(connection, vault, talk, None, Reply("verloren"), START)
        raise RuntimeError

    receive(ledger, typed("satu"))
    with pytest.raises(RuntimeError):
        ledger.transact(fail)
    receive(ledger, typed("dua"))
    assert [entry.text for entry in ledger.transact(chat.log, talk, 0, 100)] == ["satu", "dua"]


def test_bubbles_of_web_chat_need_no_sender_and_those_of_whatsapp_do(ledger: Ledger) -> None:
    talk = conversation(ledger)
    receive(ledger, message(1))
    other = rows(ledger, tables.inbox)[0].conversation_id
    for one in (talk, other):
        ledger.transact(outbox.enqueue, one, None, Reply("halo"), START)
    states = {row.conversation_id: row.state for row in rows(ledger, tables.outbox)}
    assert states == {talk: "sent", other: "queued"}
    taken = ledger.transact(handover.take, "s1", START, 10)
    assert [outgoing.conversation_id for outgoing in taken] == [other]


def test_standings_of_thousands_are_read_at_once(ledger: Ledger) -> None:
    keys = []
    for number in range(1100):
        id = f"{number:022}"
        ledger.transact(chat_sessions.make, id, None, START)
        keys.append(chat_sessions.session_key(ledger.vault, id))
    found = ledger.transact(chat.standings, [*keys, "unknown"], START)
    assert set(found) == set(keys)


def test_positions_of_an_older_ledger_go_on(empty: Ledger) -> None:
    """A bubble queued before the upgrade stays before those that come after it."""
    migrate.upgrade(empty, "0007")
    old = {"sealed": b"", "at": START}
    with empty.engine.begin() as connection:
        for statement in (
            "INSERT INTO person (id, channel, sealed_address, created_at)"
            " VALUES ('p', 'whatsapp', :sealed, :at)",
            "INSERT INTO conversation (id, person_id, version) VALUES ('c', 'p', 0)",
            "INSERT INTO outbox (id, position, conversation_id, sealed_body, state, attempts,"
            " repeats, next_at, error_code, created_at, updated_at) VALUES"
            " ('o', 1764000000000000, 'c', :sealed, 'queued', 0, 0, :at, 0, :at, :at)",
        ):
            connection.execute(sa.text(statement), old)
    migrate.upgrade(empty)
    empty.transact(outbox.enqueue, "c", None, Reply("halo"), START)
    found = rows(empty, tables.outbox, tables.outbox.c.position)
    assert [row.position for row in found] == [1764000000000000, 1764000000000001]
    with empty.engine.begin() as connection:
        assert connection.execute(sa.select(tables.conversation.c.shown)).scalar() == 0


def test_what_is_written_between_the_two_looks_of_a_reader_is_read_whole_or_later(
    ledger: Ledger,
) -> None:
    talk = conversation(ledger)
    receive(ledger, typed("satu"))

    def write(own: Ledger) -> None:
        receive(own, typed("dua"))
        own.transact(outbox.enqueue, talk, None, Reply("tiga"), START)

    with sibling(ledger) as other:
        writer = threading.Thread(target=write, args=(other,))

        def between(_c: object, _cursor: object, statement: str, *_: object) -> None:
            if "FROM inbox" in statement and writer.ident is None:
                writer.start()
                # SQLite lets the writer in only when the reader has finished.
                writer.join(0 if ledger.engine.dialect.name == "sqlite" else 10)

        sa.event.listen(ledger.engine, "after_cursor_execute", between)
        first = ledger.transact(chat.log, talk, 0, 100)
        writer.join(10)
        second = ledger.transact(chat.log, talk, first[-1].position, 100)
    assert [entry.text for entry in first + second] == ["satu", "dua", "tiga"]
