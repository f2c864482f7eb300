"""Broadcasts: asked for, approved by a second person, sent in waves, stopped; on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.broadcast import recipients, report, waves
from bot.broadcast.life import BroadcastRefused, State
from bot.channels.message import Delivery, IdentityChange, Reply, Sender, Status
from bot.ledger import consents, handover, opt_outs, outbox, people, receipts, tables
from bot.ledger.database import Ledger
from bot.tickets.life import ChangeRefused, Resolution
from bot.tickets.record import Seen as TicketSeen
from desk.resend import resend
from tests.broadcasting import (
    BROADCASTS,
    NUMBER,
    SATKER,
    WAVES,
    Campaign,
    phone,
)
from tests.kit import START, contents, rows, sibling, together
from tests.ticketing import CHANGES, TEMPLATES, append_only

PAUSE = WAVES.pause
WAIT = timedelta(seconds=60)


@pytest.fixture
def campaign(ledger: Ledger) -> Iterator[Campaign]:
    with append_only(ledger):
        made = Campaign(ledger)
        made.request()
        yield made


def refused(campaign: Campaign, step: str, *args: Any, **more: Any) -> str:
    before = contents(campaign.ledger)
    call = campaign.draft if step == "draft" else None
    with pytest.raises(BroadcastRefused) as caught:
        call(*args, **more) if call else campaign.do(step, *args, **more)
    assert contents(campaign.ledger) == before
    return caught.value.reason


def states(campaign: Campaign, id: int) -> list[tuple[str, str]]:
    return [(one.state.value, one.actor) for one in campaign.read(id).events]


class TestConsent:
    """The person says it, and the last word counts."""

    def test_the_last_word_counts_and_each_is_kept_with_its_message(
        self, campaign: Campaign
    ) -> None:
        campaign.hear("siti")
        conversation, ledger = campaign.people["siti"], campaign.ledger
        assert not ledger.transact(consents.given, conversation)
        for agreed in (True, True, False, False, True):
            campaign.say("siti", agreed)
            assert ledger.transact(consents.given, conversation) is agreed
        kept = rows(ledger, tables.consent, tables.consent.c.id)
        assert [row.agreed for row in kept] == [True, False, True]
        assert len({row.inbox_id for row in kept}) == 3

    def test_a_new_number_has_agreed_to_nothing(self, campaign: Campaign) -> None:
        campaign.say("siti")
        old, new = Sender("ID.siti", phone("siti"), "siti"), Sender("ID.baru", phone("baru"))
        change = IdentityChange("whatsapp", "1", "wamid.moved", old, new, START)
        for known in (True, False):
            moved = campaign.ledger.transact(people.change_identity, change, START)
            assert (moved is not None) is known
        assert not campaign.ledger.transact(consents.given, campaign.people["siti"])


class TestTheWayToApproval:
    """Drafted by one, approved by another."""

    def test_it_goes_out_once_a_second_person_agrees(self, campaign: Campaign) -> None:
        campaign.say("siti")
        id = campaign.draft()
        campaign.do("submit", id)
        assert campaign.wave() == 0
        campaign.do("approve", id, "sudah dicek", by="supervisor")
        assert campaign.wave() == 1
        assert states(campaign, id) == [
            ("draft", "Nama agent"),
            ("submitted", "Nama agent"),
            ("approved", "Nama supervisor"),
            ("sending", "nindy"),
        ]
        assert campaign.read(id).events[2].note == "sudah dicek"

    @pytest.mark.parametrize("writer", ["supervisor", "admin"])
    def test_nobody_approves_what_they_wrote_on(self, campaign: Campaign, writer: str) -> None:
        campaign.say("siti")
        mine = campaign.draft(by=writer)
        campaign.do("submit", mine, by="agent")
        handed = campaign.draft()
        campaign.do("submit", handed, by=writer)
        for id in (mine, handed):
            assert refused(campaign, "approve", id, by=writer) == "own"
            campaign.do("approve", id, by="second")

    @pytest.mark.parametrize("role", ["unit_agent", "complaint_officer", "auditor"])
    def test_only_agents_of_hai_write_and_stop(self, campaign: Campaign, role: str) -> None:
        campaign.say("siti")
        assert refused(campaign, "draft", by=role) == "role"
        id = campaign.approved()
        assert refused(campaign, "stop", id, by=role) == "role"

    def test_an_agent_does_not_decide_and_a_disabled_one_does_nothing(
        self, campaign: Campaign
    ) -> None:
        campaign.say("siti")
        id = campaign.draft(by="supervisor")
        campaign.do("submit", id, by="supervisor")
        assert refused(campaign, "approve", id, by="agent") == "role"
        assert refused(campaign, "reject", id, "kurang", by="agent") == "role"
        with campaign.ledger.engine.begin() as connection:
            this = tables.agent.c.id == "second"
            connection.execute(tables.agent.update().where(this).values(disabled_at=START))
        assert refused(campaign, "approve", id, by="second") == "role"

    def test_a_rejected_one_is_mended_and_the_service_manager_looks_again(
        self, campaign: Campaign
    ) -> None:
        campaign.say("siti")
        id = campaign.draft()
        campaign.do("submit", id)
        assert refused(campaign, "draft", id=id) == "step"
        assert refused(campaign, "reject", id, "  ", by="supervisor") == "note"
        assert refused(campaign, "reject", id, "x" * 1001, by="supervisor") == "long"
        campaign.do("reject", id, "sebut aplikasinya", by="supervisor")
        assert refused(campaign, "submit", id) == "step"
        assert refused(campaign, "approve", id, by="supervisor") == "step"
        campaign.draft(id=id, layanan="SAKTI")
        assert "SAKTI sedang terganggu" in campaign.read(id).line.reply.text
        assert campaign.read(id).line.state is State.DRAFT

    def test_a_change_of_what_has_changed_is_refused_but_stopping_never_is(
        self, campaign: Campaign
    ) -> None:
        campaign.say("siti")
        id = campaign.draft()
        campaign.do("submit", id)
        assert refused(campaign, "approve", id, by="supervisor", version=1) == "changed"
        campaign.do("stop", id, version=1)
        assert refused(campaign, "stop", id) == "step"
        assert refused(campaign, "approve", id, by="supervisor") == "step"
        with pytest.raises(BroadcastRefused, match="unknown"):
            campaign.do("stop", 99, version=1) if campaign.read(id) else None

    def test_of_two_who_decide_at_once_one_decides(self, campaign: Campaign) -> None:
        campaign.say("siti")
        id = campaign.draft()
        campaign.do("submit", id)
        with sibling(campaign.ledger) as other:
            second = copy(campaign)
            second.ledger = other

            def decide(one: Campaign, who: str) -> str:
                try:
                    one.do("approve", id, by=who, version=2)
                except BroadcastRefused as error:
                    return error.reason
                return "done"

            found = together([lambda: decide(campaign, "second"), lambda: decide(second, "admin")])
        assert sorted(found) in (["changed", "done"], ["done", "step"])

    def test_only_an_open_request_of_an_entitled_group_leads_to_one(
        self, campaign: Campaign
    ) -> None:
        campaign.say("siti")
        assert refused(campaign, "draft", number="20261123-NOTHER") == "ticket"
        campaign.request("20261123-SERVIC", service=7)
        assert refused(campaign, "draft", number="20261123-SERVIC") == "ticket"
        campaign.request("20261123-SATKER", group=SATKER)
        assert refused(campaign, "draft", number="20261123-SATKER") == "group"
        campaign.request("20261123-NOBODY", group=None)
        assert campaign.read(campaign.draft(number="20261123-NOBODY")).group is None
        id = campaign.draft()
        seen = TicketSeen(NUMBER, None, "agent:agent", START)
        campaign.ledger.transact(CHANGES.resolve, seen, Resolution.SOLVED)
        assert refused(campaign, "submit", id) == "ticket"

    def test_what_is_not_filled_in_or_too_long_is_refused(self, campaign: Campaign) -> None:
        campaign.say("siti")
        assert refused(campaign, "draft", template="hai_djpb_ada_pesan") == "template"
        assert refused(campaign, "draft", waktu=" ") == "fields"
        assert refused(campaign, "draft", keterangan="x" * 1000) == "fields"

    def test_a_template_that_changed_after_the_draft_is_not_sent(
        self, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        campaign.say("siti")
        id = campaign.draft()
        text = BROADCASTS.texts.every[0]
        other = replace(text, approved=replace(text.approved, body="Lain: {layanan}!"))
        monkeypatch.setitem(BROADCASTS.texts._by_name, text.approved.name, other)
        assert refused(campaign, "submit", id) == "template"


class TestRecipients:
    """Only who has agreed is written to."""

    def test_a_list_reaches_who_agreed_and_says_why_others_are_skipped(
        self, campaign: Campaign
    ) -> None:
        campaign.say("siti")
        campaign.say("budi")
        campaign.say("budi", False)
        campaign.hear("ani")
        id = campaign.draft([phone(name) for name in ("siti", "budi", "ani", "asing")])
        assert campaign.counts(id) == {
            "waiting": 1,
            "skipped no_consent": 2,
            "skipped unknown": 1,
        }
        listed = campaign.ledger.transact(report.recipients, id)
        assert [one.state for one in listed] == ["waiting", "skipped", "skipped", "skipped"]
        assert all(phone("siti")[:9] not in one.phone and "•" in one.phone for one in listed)

    def test_without_anybody_who_agreed_it_is_not_submitted(self, campaign: Campaign) -> None:
        campaign.hear("ani")
        id = campaign.draft([phone("ani")])
        assert refused(campaign, "submit", id) == "nobody"
        campaign.say("ani")
        campaign.draft([phone("ani")], id=id)
        assert campaign.counts(id) == {"waiting": 1}
        campaign.do("submit", id)

    def test_who_takes_it_back_before_the_wave_gets_nothing(self, campaign: Campaign) -> None:
        for name in ("siti", "budi"):
            campaign.say(name)
        id = campaign.approved()
        campaign.say("siti", False)
        assert campaign.wave() == 1
        assert campaign.deliver() == ["budi"]
        assert campaign.counts(id) == {"sent": 1, "skipped revoked": 1}

    def test_who_takes_it_back_after_the_wave_gets_nothing_that_still_waits(
        self, campaign: Campaign
    ) -> None:
        for name in ("siti", "budi"):
            campaign.say(name)
        id = campaign.approved()
        campaign.wave()
        whose = campaign.people["siti"]
        first = min(row.id for row in rows(campaign.ledger, tables.inbox))
        campaign.ledger.transact(consents.say, whose, first, False, START)
        assert campaign.deliver() == ["budi"]
        assert campaign.counts(id) == {"sent": 1, "skipped revoked": 1}

    def test_visitors_of_the_web_chat_are_never_among_them(self, campaign: Campaign) -> None:
        campaign.say("siti")
        with campaign.ledger.engine.begin() as connection:
            connection.execute(tables.person.update().values(channel="webchat"))
        assert campaign.counts(campaign.draft()) == {}


class TestWaves:
    """A few at a time, within the limit, nobody twice."""

    def test_no_more_than_a_wave_is_under_way_and_all_are_reached(self, campaign: Campaign) -> None:
        names = [f"p{n}" for n in range(5)]
        for name in names:
            campaign.say(name)
        id, reached, at = campaign.approved(), [], START
        assert campaign.wave(at) == 2
        at += PAUSE
        assert campaign.wave(at) == 0, "the wave before has not left"
        while campaign.read(id).line.state is not State.DONE:
            reached += campaign.deliver(at)
            at += PAUSE
            assert campaign.wave(at - timedelta(seconds=1)) == 0
            campaign.wave(at)
        assert sorted(reached) == names
        assert campaign.counts(id) == {"sent": 5}
        assert [state for state, _ in states(campaign, id)][-2:] == ["sending", "done"]
        assert campaign.wave(at + PAUSE) == 0 and len(campaign.rows()) == 5

    def test_no_more_persons_in_a_day_than_allowed(self, campaign: Campaign) -> None:
        for n in range(5):
            campaign.say(f"p{n}")
        few = replace(WAVES, size=50, per_day=3)
        id = campaign.approved()
        assert campaign.wave(waves=few) == 3
        campaign.deliver()
        later = START + waves.DAY - timedelta(seconds=1)
        assert campaign.wave(later, few) == 0
        assert campaign.read(id).line.state is State.SENDING
        assert campaign.wave(later + PAUSE, few) == 2
        campaign.deliver(later + PAUSE)
        campaign.wave(later + 2 * PAUSE, few)
        assert campaign.read(id).line.state is State.DONE

    def test_a_look_that_dies_leaves_nothing_and_two_at_once_queue_nobody_twice(
        self, campaign: Campaign
    ) -> None:
        for n in range(4):
            campaign.say(f"p{n}")
        campaign.approved()
        before = contents(campaign.ledger)

        def dies(connection: Any, vault: Any) -> None:
            WAVES.look(connection, vault, START)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            campaign.ledger.transact(dies)
        assert contents(campaign.ledger) == before
        with sibling(campaign.ledger) as other:
            looks = [
                lambda one=one: one.transact(WAVES.look, START) for one in (campaign.ledger, other)
            ]
            assert sum(together(looks)) == 2
        assert len({row.conversation_id for row in campaign.rows()}) == 2

    def test_the_report_follows_what_whatsapp_tells(self, campaign: Campaign) -> None:
        for name in ("siti", "budi", "ani"):
            campaign.say(name)
        id = campaign.approved()
        campaign.wave(waves=replace(WAVES, size=9))
        taken = campaign.take()
        for one in taken:
            campaign.ledger.transact(handover.sent, one, f"wamid.{one.id}", START)
        told = ((Delivery.READ, 0), (Delivery.FAILED, 131026), (Delivery.DELIVERED, 0))
        for one, (state, code) in zip(taken, told, strict=True):
            status = Status("whatsapp", "1", f"wamid.{one.id}", state, START, one.id, code)
            assert campaign.ledger.transact(receipts.apply_status, status, START)
        assert campaign.counts(id) == {"read": 1, "failed": 1, "delivered": 1}
        listed = campaign.ledger.transact(report.recipients, id)
        assert sorted(one.code for one in listed) == [0, 0, 131026]

    @pytest.mark.parametrize("answered", [True, False], ids=["after the answer", "instead of it"])
    def test_who_tells_whatsapp_to_stop_gets_no_more(
        self, campaign: Campaign, answered: bool
    ) -> None:
        for name in ("siti", "budi"):
            campaign.say(name)
        id, ledger = campaign.approved(), campaign.ledger
        campaign.wave(waves=replace(WAVES, size=1))
        (taken,) = campaign.take()
        first, second = "siti", "budi"
        if taken.conversation_id == campaign.people["budi"]:
            first, second = second, first
        later = campaign.approved()
        if answered:
            ledger.transact(handover.sent, taken, f"wamid.{taken.id}", START)
        state = Delivery.UNWANTED
        status = Status("whatsapp", "1", f"wamid.{taken.id}", state, START, taken.id, 131050)
        for _ in range(2):
            ledger.transact(opt_outs.refused_by, status, START)
            ledger.transact(opt_outs.refused, taken, 131050, START)
        stranger = replace(status, callback=None, external_id="wamid.nobody")
        ledger.transact(opt_outs.refused_by, stranger, START)
        assert not ledger.transact(consents.given, campaign.people[first])
        assert ledger.transact(consents.given, campaign.people[second])
        said = rows(ledger, tables.consent, tables.consent.c.id)
        assert [row.agreed for row in said] == [True, True, False]
        note = next(row for row in rows(ledger, tables.inbox) if row.id == said[-1].inbox_id)
        assert (note.state, note.conversation_id) == ("silent", taken.conversation_id)
        assert [row.kind for row in rows(ledger, tables.audit)] == ["opted_out"]
        assert campaign.read(id).failures == {131050: 1}
        campaign.wave(START + PAUSE, waves=replace(WAVES, size=9))
        assert "skipped revoked" in campaign.counts(later)
        campaign.say(first)
        ledger.transact(opt_outs.refused_by, status, START)
        assert ledger.transact(consents.given, taken.conversation_id), "told twice, heard once"

    def test_a_failed_one_is_not_sent_again_from_a_ticket(self, campaign: Campaign) -> None:
        campaign.say("pemohon")
        campaign.approved()
        campaign.wave()
        (taken,) = campaign.take()
        campaign.ledger.transact(handover.failed, taken, 131026, START)
        seen = TicketSeen(NUMBER, None, "agent:agent", START)
        with pytest.raises(ChangeRefused, match="unknown"):
            campaign.ledger.transact(resend, seen, TEMPLATES, taken.id)


class TestStopping:
    """What was not handed over is not sent any more."""

    def test_what_waits_and_what_is_queued_is_skipped(self, campaign: Campaign) -> None:
        for n in range(5):
            campaign.say(f"p{n}")
        id = campaign.approved()
        campaign.wave()
        (gone,) = campaign.take(limit=1)
        campaign.do("stop", id)
        campaign.ledger.transact(handover.sent, gone, "wamid.gone", START)
        assert campaign.deliver(START + PAUSE) == []
        assert campaign.wave(START + PAUSE) == 0
        assert campaign.counts(id) == {"sent": 1, "skipped stopped": 4}
        assert campaign.ledger.transact(lambda c, _: waves.reached(c, START - waves.DAY)) == 1

    @pytest.mark.parametrize("state", [outbox.QUEUED, outbox.UNKNOWN])
    def test_what_was_being_handed_over_is_not_tried_again(
        self, campaign: Campaign, state: str
    ) -> None:
        campaign.say("siti")
        id = campaign.approved()
        campaign.wave()
        (under_way,) = campaign.take()
        campaign.do("stop", id)
        back = START + WAIT
        campaign.ledger.transact(handover.postpone, under_way, state, 131000, back, START)
        assert campaign.counts(id) == {"queued": 1}
        assert campaign.take(back) == []
        assert campaign.counts(id) == {"skipped stopped": 1}

    def test_an_answer_behind_a_stopped_one_goes(self, campaign: Campaign) -> None:
        campaign.say("siti")
        id = campaign.approved()
        campaign.wave()
        (under_way,) = campaign.take()
        campaign.ledger.transact(
            outbox.enqueue, campaign.people["siti"], None, Reply("jawaban"), START
        )
        campaign.do("stop", id)
        back = START + WAIT
        campaign.ledger.transact(handover.postpone, under_way, outbox.UNKNOWN, 0, back, START)
        assert campaign.take(back) == []
        assert [one.reply.text for one in campaign.take(back)] == ["jawaban"]

    def test_a_draft_is_given_up_by_the_same_step(self, campaign: Campaign) -> None:
        campaign.say("siti")
        id = campaign.draft()
        campaign.do("stop", id)
        assert campaign.counts(id) == {"skipped stopped": 1}


class TestPriority:
    """Answers overtake broadcasts."""

    def test_answers_go_first_though_they_were_queued_last(self, campaign: Campaign) -> None:
        for n in range(4):
            campaign.say(f"p{n}")
        campaign.approved()
        campaign.wave(waves=replace(WAVES, size=9))
        campaign.hear("budi")
        later, answer = START + timedelta(seconds=1), Reply("jawaban")
        campaign.ledger.transact(outbox.enqueue, campaign.people["budi"], None, answer, later)
        assert [one.reply.text for one in campaign.take(later, limit=1)] == ["jawaban"]
        assert len(campaign.take(later)) == 4

    def test_in_one_conversation_the_order_stays_and_the_answer_is_not_held_up(
        self, campaign: Campaign
    ) -> None:
        for n in range(4):
            campaign.say(f"p{n}")
        campaign.approved()
        campaign.wave(waves=replace(WAVES, size=9))
        later, answer = START + timedelta(seconds=1), Reply("jawaban")
        last = campaign.people["p3"]
        campaign.ledger.transact(outbox.enqueue, last, None, answer, later)
        (first,) = campaign.take(later, limit=1)
        assert (first.conversation_id, first.reply.template is None) == (last, False)
        campaign.ledger.transact(handover.sent, first, "wamid.first", later)
        (second,) = campaign.take(later, limit=1)
        assert second.reply == answer


def test_a_list_of_ten_thousand_is_read_and_chosen_at_once(campaign: Campaign) -> None:
    campaign.say("siti")
    text = "nomor;nama\n" + "\n".join(f"0812{n:08}" for n in range(9_999)) + f"\n+{phone('siti')}"
    id = campaign.draft(recipients.read_list(text))
    assert campaign.counts(id) == {"waiting": 1, "skipped unknown": 9_999}
    count = sa.select(sa.func.count()).select_from(tables.broadcast_recipient)
    with campaign.ledger.engine.begin() as connection:
        assert connection.execute(count).scalar_one() == 10_000
