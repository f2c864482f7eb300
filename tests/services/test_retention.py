"""What is kept long enough goes, and nothing else: on a clock that the test holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.attachments.files import Files
from bot.errors import DataError, FileLost
from bot.ledger import attachments, consents, duties, handover, inbox, outbox, people, tables
from bot.ledger.attachments import USER
from bot.ledger.database import Ledger
from bot.personal import expiry
from bot.personal.expiry import expire
from bot.personal.periods import PATH, Period, Periods
from bot.personal.rules import RULES
from tests.filing import PDF, content_of, kept, store
from tests.kit import START, Clock, answer, contents, message, receive, rows, sibling, siti
from tests.services.test_ledger_privacy import plant
from tests.ticketing import Desk

PERIODS = Periods.load()
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
AGES = START + timedelta(days=36_500)


@pytest.fixture
def files(ledger: Ledger, tmp_path: Path) -> Files:
    return store(tmp_path, ledger.vault)


def run(ledger: Ledger, files: Files, at: datetime, periods: Periods = PERIODS) -> Counter[str]:
    done = asyncio.run(expire(ledger, files, periods, "w1", Clock(at), rest=0))
    assert done is not None
    return done


def close(ledger: Ledger, at: datetime = START) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(tables.ticket.update().values(state="closed", closed_at=at))
        connection.execute(tables.broadcast.update().values(state="done"))
        connection.execute(tables.account_alarm.update().values(cleared_at=at))
        connection.execute(tables.inbox.update().values(state="done"))
        connection.execute(tables.delivery.update().values(state="done"))


def alone(name: str, days: int) -> Periods:
    """Periods of which only one is ever over."""
    never = {one: Period(300_000, "x") for one in RULES}
    return replace(PERIODS, of={**never, name: Period(days, "x")})


def held(ledger: Ledger) -> set[str]:
    return {name for name, table in tables.metadata.tables.items() if rows(ledger, table)}


def test_in_the_end_nothing_of_anybody_is_left(ledger: Ledger, files: Files) -> None:
    plant(ledger)
    close(ledger)
    run(ledger, files, AGES)
    assert held(ledger) == set(PERIODS.kept) | {"audit"}
    assert [row.kind for row in rows(ledger, tables.audit)] == ["expired"]


def test_before_any_period_is_over_nothing_is_touched(ledger: Ledger, files: Files) -> None:
    plant(ledger)
    close(ledger)
    before = contents(ledger)
    assert run(ledger, files, START + DAY) == Counter()
    after = contents(ledger)
    assert {name for name in before if before[name] != after[name]} == {"duty"}


def test_a_row_goes_when_its_period_is_over_and_not_before(ledger: Ledger, files: Files) -> None:
    plant(ledger)
    close(ledger)
    length = timedelta(days=400)
    # These have tests of their own below; a ticket takes rows of others along.
    apart = {"inbox", "outbox", "person", "attachment_loose", "attachment", "ticket"}
    apart |= {"delivery_given_up"}
    for name in [*(name for name in RULES if name not in apart), "ticket"]:
        periods = alone(name, 400)
        assert run(ledger, files, START + length, periods) == Counter(), name
        assert set(run(ledger, files, START + length + SECOND, periods)) == {name}


def test_what_no_program_took_is_kept_longer(ledger: Ledger, files: Files) -> None:
    plant(ledger)
    with ledger.engine.begin() as connection:
        connection.execute(tables.delivery.update().values(state="dead"))
    given_up = PERIODS.of["delivery_given_up"].length
    assert "delivery_given_up" not in run(ledger, files, START + given_up)
    assert run(ledger, files, START + given_up + SECOND)["delivery_given_up"] == 1


def talked(ledger: Ledger, name: str = "siti", at: datetime = START) -> str:
    receive(ledger, message(name, siti(name), at), now=at)
    conversation_id = answer(ledger, "jawaban", now=at).claim.conversation_id
    (taken,) = ledger.transact(handover.take, "s1", at, 1)
    ledger.transact(handover.sent, taken, f"wamid.{conversation_id}", at)
    return conversation_id


def test_a_talk_goes_with_everything_and_its_person_after_it(ledger: Ledger, files: Files) -> None:
    talked(ledger)
    talk, rest = PERIODS.of["inbox"].length, PERIODS.of["person"].length
    assert set(run(ledger, files, START + talk)) == {"turn"}
    gone = run(ledger, files, START + talk + SECOND)
    assert gone == {"outbox": 1, "inbox": 1, "person": 1}
    assert talk > rest and held(ledger) == {"audit", "duty"}


def test_an_open_ticket_and_its_talk_are_never_touched(desk: Desk, files: Files) -> None:
    number = desk.open()
    vault = desk.ledger.vault
    file = kept(files, PDF)
    row = rows(desk.ledger, tables.ticket)[0]
    add = (attachments.add, file, row.conversation_id, USER, START, row.id)
    desk.ledger.transact(*add)
    before = contents(desk.ledger)
    run(desk.ledger, files, AGES)
    after = contents(desk.ledger)
    assert {name for name in before if before[name] != after[name]} <= {"duty", "turn", "audit"}
    assert vault.open(rows(desk.ledger, tables.ticket)[0].sealed_content)["name"] == "Siti"
    assert number and asyncio.run(content_of(files, file.id)) == PDF


def test_a_closed_ticket_outlives_its_files_and_its_talk(ledger: Ledger, files: Files) -> None:
    desk = Desk(ledger)
    desk.open()
    file = kept(files, PDF)
    row = rows(ledger, tables.ticket)[0]
    ledger.transact(attachments.add, file, row.conversation_id, USER, START, row.id)
    closed = START + 30 * DAY
    close(ledger, closed)
    year = PERIODS.of["attachment"].length
    run(ledger, files, closed + year)
    assert asyncio.run(content_of(files, file.id)) == PDF
    run(ledger, files, closed + year + SECOND)
    with pytest.raises(FileLost):
        asyncio.run(content_of(files, file.id))
    (ticket,) = rows(ledger, tables.ticket)
    assert (ticket.inbox_id, rows(ledger, tables.inbox), rows(ledger, tables.attachment)) == (
        None,
        [],
        [],
    )
    assert rows(ledger, tables.ticket_event)
    run(ledger, files, closed + PERIODS.of["ticket"].length + SECOND)
    assert not held(ledger) & {"ticket", "ticket_event", "conversation", "person"}


def test_a_file_on_no_ticket_goes_early(ledger: Ledger, files: Files) -> None:
    conversation_id, file = talked(ledger), kept(files, PDF)
    ledger.transact(attachments.add, file, conversation_id, USER, START)
    period = PERIODS.of["attachment_loose"].length
    assert run(ledger, files, START + period) == Counter()
    assert run(ledger, files, START + period + SECOND) == {"attachment_loose": 1}
    with pytest.raises(FileLost):
        asyncio.run(content_of(files, file.id))


def test_what_somebody_still_agrees_to_stays_provable(ledger: Ledger, files: Files) -> None:
    conversation_id = talked(ledger)
    heard = rows(ledger, tables.inbox)[0].id
    ledger.transact(consents.say, conversation_id, heard, True, START)
    run(ledger, files, AGES)
    assert held(ledger) >= {"consent", "inbox", "person", "conversation"}
    assert ledger.transact(consents.given, conversation_id)
    ledger.transact(consents.say, conversation_id, heard, False, AGES)
    run(ledger, files, AGES + PERIODS.of["consent"].length + SECOND)
    assert held(ledger) == {"audit", "duty"}


def test_whom_the_audit_trail_names_is_left_without_a_name(ledger: Ledger, files: Files) -> None:
    talked(ledger)
    at = START + PERIODS.of["inbox"].length
    with ledger.engine.begin() as connection:
        (person_id,) = connection.execute(sa.select(tables.person.c.id)).one()
        connection.execute(tables.audit.insert().values(at=at, kind="reveal", person_id=person_id))
    run(ledger, files, at + SECOND)
    (person,) = rows(ledger, tables.person)
    assert (person.user_key, person.phone_key) == (None, None)
    assert ledger.vault.open(person.sealed_address) == {}
    assert rows(ledger, tables.conversation) == []
    run(ledger, files, at + PERIODS.of["audit"].length + DAY)
    assert rows(ledger, tables.person) == []


def test_who_comes_back_is_somebody_new(ledger: Ledger, files: Files) -> None:
    first = talked(ledger)
    run(ledger, files, AGES)
    assert talked(ledger, at=AGES) != first


def test_what_waits_is_not_removed(ledger: Ledger, files: Files) -> None:
    receive(ledger, message())
    conversation_id = rows(ledger, tables.conversation)[0].id
    ledger.transact(outbox.enqueue, conversation_id, None, outbox.Reply("nanti"), START)
    assert run(ledger, files, AGES) == Counter()


def test_a_step_looks_at_few_rows(
    ledger: Ledger, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "AT_ONCE", 3)
    for number in range(8):
        talked(ledger, f"p{number}", START + number * SECOND)
    at = START + PERIODS.of["inbox"].length + DAY
    steps: list[tuple[int, Any]] = []
    last = None
    while not steps or last is not None:
        rule = RULES["turn"]
        batch = ledger.transact(expiry.remove_some, rule, at, last)
        steps.append((batch.removed, batch.last))
        last = batch.last
    assert [removed for removed, _ in steps] == [3, 3, 2]
    assert run(ledger, files, at)["inbox"] == 8


def test_one_process_at_a_time(ledger: Ledger, files: Files) -> None:
    talked(ledger)
    assert ledger.transact(duties.take, expiry.DUTY, "w2", AGES)
    assert asyncio.run(expire(ledger, files, PERIODS, "w1", Clock(AGES), rest=0)) is None
    assert rows(ledger, tables.inbox)
    # Who died is waited for no longer than its lease.
    assert run(ledger, files, AGES + duties.LEASE)["inbox"] == 1
    assert ledger.transact(duties.last_done, expiry.DUTY) == AGES + duties.LEASE


def test_a_message_that_comes_while_its_person_goes_is_kept(ledger: Ledger, files: Files) -> None:
    """On PostgreSQL both run at once: whoever is second finds what the first has left."""
    for number in range(12):
        talked(ledger, f"p{number}")
    with sibling(ledger) as other:
        from tests.kit import together

        jobs: list[Any] = [
            lambda n=number: receive(other, message(f"again{n}", siti(f"p{n}"), AGES), now=AGES)
            for number in range(12)
        ]
        together([lambda: run(ledger, files, AGES), *jobs])
    waiting = [row for row in rows(ledger, tables.inbox) if row.state == inbox.PENDING]
    assert len(waiting) == 12
    for row in waiting:
        assert ledger.transact(people.address, row.conversation_id)[1].user_id is not None


class TestTheData:
    """The file says of every table how long its rows stay."""

    def test_every_table_has_a_line(self) -> None:
        named = {rule.table.name for rule in RULES.values()}
        assert named | set(PERIODS.together) | set(PERIODS.kept) == set(tables.metadata.tables)

    def test_a_new_table_without_a_line_stops_the_start(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        more = {**tables.metadata.tables, "diary": tables.person}
        monkeypatch.setattr("bot.personal.periods.metadata", sa.MetaData())
        monkeypatch.setattr("bot.personal.periods.metadata.tables", more, raising=False)
        with pytest.raises(DataError, match="the table 'diary' has no line; say under 'periods'"):
            Periods.load()

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("  turn:\n    days: 90", "  turn:\n    days: 0", "turn is needed for 1 days"),
            ("  inbox:\n    days: 365", "  inbox:\n    days: 7", "inbox is needed for 8 days"),
            ("  turn:\n    days: 90", "  turn:\n    days: x", "must be a whole number"),
            ("  agent: Staff", "  agents: Staff", "there is no table 'agents'"),
            ("  duty: Which", "  turn: Which", "'turn' is named twice"),
            ("  duty: Which", "  ticket_event: Which", "'ticket_event' is named twice"),
            ("  duty: Which process does what now and then.\n", "", "'duty' has no line"),
            ("conversation: person", "conversation: agent", "'agent' has no period"),
            ("  lookup_miss:", "  lookup_mis:", "unknown key 'lookup_mis'"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_remedy(
        self, tmp_path: Path, old: str, new: str, problem: str
    ) -> None:
        text = PATH.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "retention.yml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(DataError, match=problem) as caught:
            Periods.load(path)
        assert str(caught.value).startswith(f"{path}:")
