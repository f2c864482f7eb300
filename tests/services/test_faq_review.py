"""Entries are drafted by one and published by another; every version is kept, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.faq import Entry, history
from bot.faq.history import State
from bot.faq.review import LARGEST, LONGEST_NOTE, ReviewRefused, Seen
from bot.ledger import tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from tests.faq_desk import BANK, CATALOGUE, NEW, OLD, REVIEW, Agents, changed
from tests.kit import START, rows, sibling, together
from tests.ticketing import append_only

OTHERS = ["unit_agent", "complaint_officer", "auditor"]


@pytest.fixture
def agents(ledger: Ledger) -> Iterator[Agents]:
    with append_only(ledger):
        yield Agents(ledger)


def refused(agents: Agents, name: str, *args: object, **more: object) -> ReviewRefused:
    before = history_of(agents.ledger)
    with pytest.raises(ReviewRefused) as caught:
        agents.do(name, *args, **more)  # type: ignore[arg-type]
    assert history_of(agents.ledger) == before
    return caught.value


def history_of(ledger: Ledger) -> list[list[tuple[object, ...]]]:
    return [
        [tuple(row) for row in rows(ledger, table, table.c.id)]
        for table in (tables.faq_revision, tables.faq_event)
    ]


def states(agents: Agents, id: str = NEW.id) -> list[tuple[int, str, str]]:
    return [(one.revision, one.state.value, one.actor) for one in agents.dossier(id).events]


class TestTheWayOfADraft:
    """From nothing to an answer, and away again."""

    def test_a_new_entry_answers_once_a_second_person_agrees(self, agents: Agents) -> None:
        agents.do("draft", NEW)
        agents.do("submit")
        assert agents.ledger.transact(history.publications) == 0
        assert NEW.id not in agents.ledger.transact(REVIEW.bank)
        agents.do("publish", "sudah dicek", by="supervisor")
        assert agents.ledger.transact(history.publications) == 1
        assert agents.ledger.transact(REVIEW.bank).get(NEW.id) == NEW
        assert states(agents) == [
            (1, "draft", "Nama agent"),
            (1, "submitted", "Nama agent"),
            (1, "published", "Nama supervisor"),
        ]
        dossier = agents.dossier()
        assert dossier.events[-1].note == "sudah dicek" and dossier.open is None
        assert (dossier.live, dossier.settled) == (NEW, 1)

    def test_the_releases_version_is_kept_before_the_first_change(self, agents: Agents) -> None:
        better = replace(BANK.get(OLD), answer="Dana SP2D yang ditolak bank penerima.")
        agents.published(better)
        dossier = agents.dossier(OLD)
        assert [one.entry for one in dossier.revisions] == [BANK.get(OLD), better]
        assert [one.author for one in dossier.revisions] == ["", "Nama agent"]
        assert dossier.live == better
        bank = agents.ledger.transact(REVIEW.bank)
        assert (bank.get(OLD), len(bank)) == (better, len(BANK))

    def test_a_rejected_draft_is_mended_as_a_new_version(self, agents: Agents) -> None:
        agents.submitted()
        assert refused(agents, "reject", "  ", by="supervisor").reason == "note"
        agents.do("reject", "sebut aturannya", by="supervisor")
        assert agents.dossier().open is not None
        assert refused(agents, "submit").reason == "step"
        agents.do("draft", changed(answer="Unggah di laman resmi."))
        agents.do("submit")
        agents.do("publish", by="supervisor")
        found = [(one.number, one.state) for one in agents.dossier().revisions]
        assert found == [(1, State.REJECTED), (2, State.PUBLISHED)]

    def test_what_was_published_before_may_come_back(self, agents: Agents) -> None:
        agents.published()
        agents.published(changed(answer="Jawaban kedua."))
        first = agents.dossier().revisions[0].entry
        agents.published(first)
        assert agents.ledger.transact(REVIEW.bank).get(NEW.id) == NEW
        assert len(agents.dossier().revisions) == 3

    @pytest.mark.parametrize("id", [OLD, NEW.id])
    def test_a_withdrawn_entry_answers_no_more_until_it_is_published_again(
        self, agents: Agents, id: str
    ) -> None:
        if id == NEW.id:
            agents.published()
        before = agents.dossier(id).live
        assert before is not None
        assert refused(agents, "withdraw", "", id=id, by="supervisor").reason == "note"
        agents.do("withdraw", "aturannya dicabut", id=id, by="supervisor")
        assert id not in agents.ledger.transact(REVIEW.bank)
        dossier = agents.dossier(id)
        assert dossier.live is None and dossier.withdrawn
        assert refused(agents, "withdraw", "lagi", id=id, by="admin").reason == "step"
        agents.published(before)
        assert agents.ledger.transact(REVIEW.bank).get(id) == before

    def test_a_dropped_draft_changes_nothing(self, agents: Agents) -> None:
        agents.do("draft", NEW)
        agents.do("drop")
        assert agents.dossier().open is None
        assert not agents.dossier().withdrawn
        assert agents.ledger.transact(history.waiting) == []
        assert agents.ledger.transact(history.publications) == 0

    def test_what_is_worked_on_is_listed_newest_version_only(self, agents: Agents) -> None:
        agents.submitted()
        agents.do("draft", changed(answer="Lebih baik."))
        agents.do("draft", replace(BANK.get(OLD), answer="Lain."), id=OLD)
        found = [(one.entry.id, one.number) for one in agents.ledger.transact(history.waiting)]
        assert sorted(found) == [(OLD, 2), (NEW.id, 2)]


class TestWhoMay:
    """Roles are asked inside the transaction."""

    @pytest.mark.parametrize("by", ["complaint_officer", "auditor", "nobody"])
    def test_others_write_nothing(self, agents: Agents, by: str) -> None:
        assert refused(agents, "draft", NEW, by=by).reason == "role"
        agents.do("draft", NEW)
        assert refused(agents, "submit", by=by).reason == "role"
        assert refused(agents, "drop", by=by).reason == "role"

    @pytest.mark.parametrize("by", ["agent", *OTHERS])
    def test_only_supervisors_and_admins_decide(self, agents: Agents, by: str) -> None:
        agents.submitted()
        for name, args in (("publish", ()), ("reject", ("x",))):
            assert refused(agents, name, *args, by=by).reason == "role"
        assert refused(agents, "withdraw", "x", id=OLD, by=by).reason == "role"

    def test_nobody_publishes_what_they_wrote(self, agents: Agents) -> None:
        agents.submitted(by="supervisor")
        assert refused(agents, "publish", by="supervisor").reason == "own"
        agents.do("publish", by="second")

    def test_nor_what_they_wrote_on_before_somebody_else_did(self, agents: Agents) -> None:
        agents.do("draft", NEW, by="supervisor")
        agents.do("draft", changed(answer="Ganti satu kata."), by="agent")
        agents.do("submit", by="agent")
        assert refused(agents, "publish", by="supervisor").reason == "own"
        agents.do("publish", by="admin")
        agents.submitted(changed(answer="Versi berikutnya."), by="agent")
        agents.do("publish", by="supervisor")

    def test_a_disabled_or_demoted_supervisor_decides_nothing(self, agents: Agents) -> None:
        agents.submitted()
        for values in ({"disabled_at": START}, {"disabled_at": None, "role": "agent"}):
            with agents.ledger.engine.begin() as connection:
                of = tables.agent.c.id == "supervisor"
                connection.execute(tables.agent.update().where(of).values(**values))
            assert refused(agents, "publish", by="supervisor").reason == "role"

    def test_a_unit_agent_writes_for_services_of_their_unit_only(self, agents: Agents) -> None:
        own = BANK.get(OLD).service
        agents.do("draft", changed(service=own), by="unit_agent")
        foreign = next(n for n in range(1, 21) if CATALOGUE.unit(n) != CATALOGUE.unit(own))
        moved = changed(service=foreign)
        assert refused(agents, "draft", moved, by="unit_agent").reason == "unit"
        agents.do("draft", moved, by="agent")
        for name in ("submit", "drop"):
            assert refused(agents, name, by="unit_agent").reason == "unit"
        # Not even to bring it home: it belongs to somebody else.
        back = changed(service=own, answer="Kembali.")
        assert refused(agents, "draft", back, by="unit_agent").reason == "unit"


class TestWhatIsRefused:
    """Old pages, two at once, wrong steps, and what is not in order."""

    def test_what_was_seen_is_old(self, agents: Agents) -> None:
        agents.do("draft", NEW)
        agents.do("draft", changed(answer="Sudah diubah rekan."))
        late = changed(answer="Terlambat.")
        assert refused(agents, "draft", late, version=1).reason == "changed"
        assert refused(agents, "submit", version=1).reason == "changed"

    def test_of_two_who_decide_at_once_one_wins(self, agents: Agents) -> None:
        agents.submitted()
        seen = agents.dossier().version

        def decide(ledger: Ledger, by: str) -> str:
            try:
                ledger.transact(REVIEW.publish, Seen(NEW.id, seen, by, START))
            except ReviewRefused as lost:
                return lost.reason
            return "published"

        with sibling(agents.ledger) as one, sibling(agents.ledger) as two:
            ends = together([lambda: decide(one, "supervisor"), lambda: decide(two, "second")])
        assert sorted(ends) == ["changed", "published"]
        assert agents.ledger.transact(history.publications) == 1

    def test_the_database_itself_refuses_a_second_event_of_a_number(self, agents: Agents) -> None:
        agents.do("draft", NEW)
        with agents.ledger.engine.begin() as connection:
            row = dict(connection.execute(sa.select(tables.faq_event)).one()._mapping)
        del row["id"]
        with pytest.raises(sa.exc.IntegrityError), agents.ledger.engine.begin() as connection:
            connection.execute(tables.faq_event.insert().values(row))

    def test_wrong_steps(self, agents: Agents) -> None:
        assert refused(agents, "submit", version=0).reason == "unknown"
        assert refused(agents, "drop", id=OLD).reason == "step"
        agents.do("draft", NEW)
        assert refused(agents, "publish", by="supervisor").reason == "step"
        assert refused(agents, "withdraw", "x", by="supervisor").reason == "step"
        assert refused(agents, "draft", NEW).reason == "same"
        assert refused(agents, "draft", BANK.get(OLD), id=OLD).reason == "same"

    @pytest.mark.parametrize("id", ["Huruf-Besar", "dua--garis", "../lpj", "a" * 65, ""])
    def test_an_id_is_kebab_case(self, agents: Agents, id: str) -> None:
        assert refused(agents, "draft", changed(id=id), id=id, version=None).reason == "id"

    def test_an_id_is_given_once(self, agents: Agents) -> None:
        agents.do("draft", NEW)
        for id in (NEW.id, OLD):
            other = changed(id=id, answer="Lain.")
            assert refused(agents, "draft", other, id=id, version=None).reason == "taken"

    def test_too_much(self, agents: Agents) -> None:
        assert refused(agents, "draft", changed(answer="a" * LARGEST)).reason == "large"
        agents.submitted()
        long = "a" * (LONGEST_NOTE + 1)
        assert refused(agents, "reject", long, by="supervisor").reason == "large"

    def test_a_draft_that_is_not_in_order_is_kept_but_not_passed_on(self, agents: Agents) -> None:
        agents.do("draft", changed(variants=("cuma satu",)))
        found = refused(agents, "submit")
        assert (found.reason, [one.code for one in found.problems]) == ("problems", ["few"])

    def test_it_is_examined_again_when_it_is_published(self, agents: Agents) -> None:
        agents.submitted(changed(related=(OLD,)))
        agents.do("withdraw", "dicabut", id=OLD, by="supervisor")
        found = refused(agents, "publish", by="supervisor")
        assert [(one.key, one.code) for one in found.problems] == [("related", "related")]
        # The same question was published under another name meanwhile.
        agents.do("drop")
        twin = changed(id="kembar")
        agents.submitted(twin)
        agents.published()
        found = refused(agents, "publish", id="kembar", by="supervisor")
        assert {one.code for one in found.problems} == {"alike"}


def test_what_was_written_is_sealed(agents: Agents) -> None:
    agents.submitted(changed(answer="Hubungi Siti Aminah."))
    agents.do("reject", "nama Siti jangan disebut", by="supervisor")
    raw = [bytes(row.sealed_fields) for row in rows(agents.ledger, tables.faq_revision)]
    raw += [bytes(row.sealed_note or b"") for row in rows(agents.ledger, tables.faq_event)]
    assert all(b"Siti" not in each for each in raw)


@pytest.mark.parametrize("entry", BANK.entries[:60], ids=lambda entry: entry.id)
def test_an_entry_goes_through_json_unchanged(entry: Entry) -> None:
    assert Entry.from_fields(entry.id, entry.as_fields()) == entry


def test_every_role_is_in_the_tests() -> None:
    assert {role.value for role in Role} == {"agent", "supervisor", "admin", *OTHERS}
