"""What a person may ask for: a copy of everything, and to be erased, also beside a running turn."""

from __future__ import annotations

import asyncio
import contextlib
import json
import stat
import zipfile
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.attachments.files import Files
from bot.channels.message import Sender
from bot.errors import FileLost, StartupError, TurnLost
from bot.ledger import (
    attachments,
    claims,
    consents,
    fetches,
    handover,
    inbox,
    outbox,
    tables,
    unit_of_work,
)
from bot.ledger.attachments import USER
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.personal import erasure, export
from bot.personal.erasure import Erased, StillOpen
from bot.personal.periods import Periods
from bot.personal.report import lines
from bot.personal.subject import BY_PERSON, BY_TALK, BY_TICKET, OF_NOBODY, By, find, rows_of
from bot.tickets.life import ChangeRefused
from tests.faq_desk import NEW, Agents, changed
from tests.filing import PDF, content_of, kept, store
from tests.kit import (
    LEASE,
    START,
    answer,
    claimed,
    message,
    receive,
    rows,
    sibling,
    siti,
    together,
)
from tests.services.test_ledger_privacy import PLANTED, plant
from tests.services.test_retention import close, talked
from tests.ticketing import Desk

LATER = START + timedelta(days=10)
SOON = START + timedelta(minutes=1)


@pytest.fixture
def files(ledger: Ledger, tmp_path: Path) -> Files:
    return store(tmp_path, ledger.vault)


def only(ledger: Ledger, channel: str = "whatsapp") -> str:
    (found,) = [row.id for row in rows(ledger, tables.person) if row.channel == channel]
    return str(found)


def erase(ledger: Ledger, person_id: str, at: Any = LATER) -> Erased:
    return ledger.transact(erasure.erase, person_id, "(dihapus)", at)


def opened(ledger: Ledger) -> str:
    """Everything in the database, with what is sealed opened."""
    said = []
    for table in tables.metadata.tables.values():
        for row in rows(ledger, table):
            for name, value in row._mapping.items():
                is_sealed = name.startswith("sealed") and value
                said.append(repr(ledger.vault.open(value) if is_sealed else value))
    return "\n".join(said)


HIS = {name: PLANTED[name] for name in PLANTED} | {"moved": "ID.MARKERMOVED88"}
"""Markers of one person; the rest are of staff, programs and others."""
for _other in (
    *("totp secret", "host user", "session", "rating word", "notice", "note", "listed phone"),
    *("draft of an entry", "note on an entry", "client reference", "api answer", "session token"),
    *("client secret", "signing secret", "phone", "user id", "sent id", "slot"),
):
    HIS.pop(_other, None)


def test_every_table_is_somebodys_or_nobodys() -> None:
    theirs = {table.name for table in (*BY_PERSON, *BY_TALK, *BY_TICKET)} | {"person"}
    assert theirs == set(rows_of("x"))
    assert theirs.isdisjoint(OF_NOBODY)
    assert theirs | set(OF_NOBODY) == set(tables.metadata.tables)


class TestFinding:
    """Somebody is found by what they can name."""

    @pytest.mark.parametrize(
        ("by", "value"),
        [
            (By.PHONE, "+62 812-3450-9876"),
            (By.PHONE, "081234509876"),
            (By.EMAIL, "SITI@contoh.id"),
        ],
    )
    def test_by_what_they_say(self, desk: Desk, by: By, value: str) -> None:
        who = Sender("ID.siti", "6281234509876", "Siti")
        receive(desk.ledger, message("m", who))
        answer(desk.ledger)
        number = desk.open()
        (found,) = find(desk.ledger, by, value)
        assert (found.channel, found.tickets) == ("whatsapp", (number,))
        assert find(desk.ledger, By.TICKET, number.lower()) == [found]
        assert find(desk.ledger, By.PERSON, found.id) == [found]

    def test_an_address_may_lead_to_several(self, desk: Desk) -> None:
        desk.open(person="siti")
        desk.open(person="budi")
        assert len(find(desk.ledger, By.EMAIL, "siti@contoh.id")) == 2
        assert find(desk.ledger, By.EMAIL, "lain@contoh.id") == []


class TestExport:
    """All that is held, readable by its owner alone."""

    def test_everything_is_in_it(self, ledger: Ledger, files: Files, tmp_path: Path) -> None:
        plant(ledger)
        person_id, path = only(ledger), tmp_path / "out.zip"
        file = kept(files, PDF, "surat.pdf")
        talk = rows(ledger, tables.ticket)[0].conversation_id
        ledger.transact(attachments.add, file, talk, USER, START)
        assert asyncio.run(export.write(ledger, files, person_id, path, START)) == 1
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with zipfile.ZipFile(path) as archive:
            told = json.loads(archive.read("data.json"))
            assert archive.read(f"files/{file.id}-surat.pdf") == PDF
        said = json.dumps(told, ensure_ascii=False)
        assert {what for what, marker in HIS.items() if marker not in said} == set()
        assert PLANTED["host user"] not in said and PLANTED["totp secret"] not in said
        assert [row.kind for row in rows(ledger, tables.audit, tables.audit.c.id)][-1] == "exported"

    def test_nothing_is_written_over(self, ledger: Ledger, files: Files, tmp_path: Path) -> None:
        talked(ledger)
        path = tmp_path / "out.zip"
        path.write_text("mine")
        with pytest.raises(StartupError, match="is there already"):
            asyncio.run(export.write(ledger, files, only(ledger), path, START))
        assert path.read_text() == "mine"


class TestErasure:
    """Nothing of the person is left but what must be, without names and words."""

    def test_nothing_of_theirs_is_left(self, ledger: Ledger) -> None:
        plant(ledger)
        close(ledger)
        person_id = only(ledger)
        before = opened(ledger)
        assert {what for what, marker in HIS.items() if marker not in before} == set()
        done = erase(ledger, person_id)
        after = opened(ledger)
        # The host site's user has the same name.
        assert {what for what, marker in HIS.items() if marker in after} == {"name"}
        for others in ("host user", "totp secret", "draft of an entry"):
            assert PLANTED[others] in after
        assert set(done.emptied) == {"ticket", "ticket_event", "ticket_forward", "inbox"}
        (ticket,) = rows(ledger, tables.ticket)
        assert (ticket.number, ticket.service, ticket.state) == ("20261123-ABCDEF", 3, "closed")
        assert ledger.vault.open(ticket.sealed_content)["subject"] == "(dihapus)"
        assert [row.agreed for row in rows(ledger, tables.consent)][-1] is False
        erase(ledger, only(ledger, "webchat"))
        assert PLANTED["name"] not in opened(ledger)

    def drafting(self, ledger: Ledger) -> tuple[Agents, str]:
        plant(ledger)
        close(ledger)
        return Agents(ledger), rows(ledger, tables.ticket)[0].number

    def test_drafts_of_the_faq_that_began_with_a_ticket_are_emptied(self, ledger: Ledger) -> None:
        agents, number = self.drafting(ledger)
        agents.do("draft", changed(question="Katanya Siti begini?"), number)
        agents.do("submit")
        agents.do("reject", "jangan sebut Siti", by="supervisor")
        agents.do("draft", changed(answer="Siti perlu mengunggah."))
        other = replace(NEW, id="lain", answer="Kata Budi begitu.")
        agents.do("draft", other, "20261123-ZZZZZZ", id="lain")
        erase(ledger, only(ledger))
        emptied = agents.dossier()
        assert [one.entry.phrasings for one in emptied.revisions] == [(NEW.id,), (NEW.id,)]
        assert emptied.open is not None and not any(one.note for one in emptied.events)
        assert "jangan sebut Siti" not in opened(ledger)
        assert agents.dossier("lain").revisions[0].entry == other

    def test_what_was_published_stays(self, ledger: Ledger) -> None:
        agents, number = self.drafting(ledger)
        agents.do("draft", NEW, number)
        agents.do("submit")
        agents.do("publish", by="supervisor")
        assert "faq_revision" not in erase(ledger, only(ledger)).emptied
        assert agents.dossier().live == NEW

    def test_files_are_told_to_be_dropped(self, ledger: Ledger, files: Files) -> None:
        talk, file = talked(ledger), kept(files, PDF)
        ledger.transact(attachments.add, file, talk, USER, START)
        assert erase(ledger, only(ledger)).files == (file.id,)
        assert rows(ledger, tables.attachment) == []

    def test_an_open_ticket_keeps_all_as_it_is(self, desk: Desk) -> None:
        number = desk.open()
        with pytest.raises(StillOpen) as refused:
            erase(desk.ledger, only(desk.ledger))
        assert refused.value.numbers == (number,)
        assert "siti@contoh.id" in opened(desk.ledger)

    def test_who_comes_back_is_somebody_new(self, ledger: Ledger) -> None:
        first = talked(ledger)
        erase(ledger, only(ledger))
        assert talked(ledger, "siti2", LATER) != first
        receive(ledger, message("back", siti(), LATER), now=LATER)
        assert answer(ledger, now=LATER).claim.conversation_id != first

    def test_a_message_that_comes_twice_is_still_known(self, ledger: Ledger) -> None:
        talked(ledger)
        erase(ledger, only(ledger), SOON)
        assert receive(ledger, message("siti"), now=SOON) == [False]
        (row,) = rows(ledger, tables.inbox)
        assert ledger.vault.open(row.sealed_body) == {"text": ""}

    def test_the_second_time_finds_nothing(self, ledger: Ledger) -> None:
        talked(ledger)
        person_id = only(ledger)
        assert erase(ledger, person_id).removed
        assert not erase(ledger, person_id).removed
        assert [row.kind for row in rows(ledger, tables.audit)] == ["erased"]

    def test_agents_are_told_that_the_person_is_gone(self, ledger: Ledger) -> None:
        desk = Desk(ledger)
        number = desk.open()
        close(ledger)
        erase(ledger, only(ledger))
        desk.do("resume", number, at=LATER)
        with pytest.raises(ChangeRefused, match="gone"):
            desk.do("reply", number, "Halo Kak", at=LATER)

    def test_a_number_in_a_list_that_never_wrote_is_taken_out(self, ledger: Ledger) -> None:
        plant(ledger)
        listed = PLANTED["listed phone"]
        assert listed in opened(ledger)
        assert ledger.transact(erasure.forget_listed, listed, None) == (1, None)
        assert listed not in opened(ledger)


class TestErasureBesideATurn:
    """What runs at that very moment leaves nothing behind."""

    def test_a_turn_that_was_under_way_is_lost(self, ledger: Ledger) -> None:
        receive(ledger, message(text="rahasia 3174019988776655"))
        work = UnitOfWork(claimed(ledger), START, state={"slots": {"nik": "317401"}, "loop": None})
        work.replies = [outbox.Reply("rahasia")]
        content = Content("subjek rahasia", "kronologi", "Siti")
        due = START + timedelta(hours=16)
        work.tickets = [NewTicket("20261123-ABCDEF", "tiket", 3, content, START, due)]
        erase(ledger, only(ledger), SOON)
        with pytest.raises(TurnLost):
            ledger.transact(unit_of_work.commit, work, "w1", SOON)
        ledger.transact(claims.give_back, work.claim, "w1", None)
        assert ledger.transact(claims.claim, "w1", SOON, LEASE) is None
        assert "rahasia" not in opened(ledger) and "317401" not in opened(ledger)

    def test_a_bubble_that_was_under_way_is_not_sent_again(self, ledger: Ledger) -> None:
        receive(ledger, message())
        answer(ledger, "rahasia")
        (taken,) = ledger.transact(handover.take, "s1", START, 1)
        erase(ledger, only(ledger), SOON)
        ledger.transact(handover.sent, taken, "wamid.x", SOON)
        late = (taken, outbox.UNKNOWN, 0, SOON, SOON)
        ledger.transact(handover.postpone, *late)
        assert rows(ledger, tables.outbox) == []

    def test_a_file_that_was_being_fetched_has_no_row(self, ledger: Ledger, files: Files) -> None:
        from tests.services.test_ledger_attachments import photo

        receive(ledger, photo())
        (fetch,) = ledger.transact(fetches.take, START, 1)
        erase(ledger, only(ledger), SOON)
        file = kept(files, PDF)
        ledger.transact(fetches.kept, fetch, file, SOON)
        assert rows(ledger, tables.attachment) == []
        assert ledger.transact(attachments.unknown, [file.id]) == [file.id]

    def test_whatever_comes_first_nothing_is_left(self, ledger: Ledger) -> None:
        """A message and a turn's commit race with the erasure, which looks again after them."""
        for number in range(6):
            sender = siti(f"p{number}")
            receive(ledger, message(f"a{number}", sender, text="rahasia"))
            work = UnitOfWork(claimed(ledger), START, state={"slots": {}, "loop": None})
            work.replies = [outbox.Reply("rahasia")]
            talk = work.claim.conversation_id
            (person_id,) = [
                row.person_id for row in rows(ledger, tables.conversation) if row.id == talk
            ]
            with sibling(ledger) as other:
                together(
                    [
                        partial(erase, ledger, person_id, SOON),
                        partial(_commit_or_lose, other, work),
                        partial(receive, other, message(f"b{number}", sender, text="lagi")),
                    ]
                )
            erase(ledger, person_id, SOON)
            for table in (tables.outbox, tables.turn):
                assert [row for row in rows(ledger, table) if row.conversation_id == talk] == []
            for row in rows(ledger, tables.inbox):
                if row.conversation_id == talk:
                    assert ledger.vault.open(row.sealed_body) == {"text": ""}
            assert "rahasia" not in opened(ledger)
            for row in rows(ledger, tables.inbox):
                # Who wrote after it is somebody new, and is answered.
                if row.state == inbox.PENDING:
                    answer(ledger, now=SOON)


def _commit_or_lose(ledger: Ledger, work: UnitOfWork) -> None:
    with contextlib.suppress(TurnLost):
        ledger.transact(unit_of_work.commit, work, "w1", SOON)


def test_the_report_counts_and_names_nobody(ledger: Ledger) -> None:
    plant(ledger)
    close(ledger)
    periods = Periods.load()
    found = {line.name: line for line in lines(ledger, periods, START)}
    assert set(found) == set(periods.of) | set(periods.together) | set(periods.kept)
    assert (found["turn"].number, found["turn"].oldest, found["turn"].due) == (1, START, 0)
    assert found["turn"].goes == START + periods.of["turn"].length
    late = {line.name: line.due for line in lines(ledger, periods, START + timedelta(days=91))}
    assert late["turn"] == 1 and late["inbox"] == 0
    said = repr(found)
    assert {what for what, marker in PLANTED.items() if marker in said} == set()


def test_consent_that_stands_is_taken_back(ledger: Ledger) -> None:
    talk = talked(ledger)
    heard = rows(ledger, tables.inbox)[0].id
    ledger.transact(consents.say, talk, heard, True, START)
    person_id = only(ledger)
    erase(ledger, person_id)
    assert not ledger.transact(consents.given, talk)
    with ledger.engine.begin() as connection:
        gone = connection.execute(sa.select(tables.person)).one()
    assert gone.user_key is None and ledger.vault.open(gone.sealed_address) == {}


def test_a_dropped_file_is_not_there(ledger: Ledger, files: Files) -> None:
    file = kept(files, PDF)
    asyncio.run(files.drop(file.id))
    with pytest.raises(FileLost):
        asyncio.run(content_of(files, file.id))
