"""Complaints (catalogue service 20): told in confidence, with a name or without one.

The slot ``perkara`` holds the matter that the talk belongs to (`bot.ledger.confidence`); with a
name it becomes the ticket's id. Without a name nothing may lead from the ticket to the person, so
the words are taken out of the conversation when they are sent.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import offers, routing, sayings
from actions.base import FORM_MEMORY, Events, NindyAction, Turn, forget, listen
from actions.nama import AskNama
from actions.pelapor import ANONYMOUS, AskPelapor
from actions.questions import NO_ANSWER, Ask, Confirm, shorten
from actions.secret import shown
from actions.summary_form import SummaryForm
from actions.tell import Tell
from bot.ledger import anonymous, tickets
from bot.ledger.confidence import SLOT, claim
from bot.ledger.people import SESSION
from bot.ledger.tables import COMPLAINTS
from bot.ledger.tickets import Content, NewTicket, Reason
from bot.privacy import mask_email

CATEGORY = "pengaduan"
_SUBJECT, _SUMMARY = 150, 600


class Pengaduan(NindyAction):
    """Names the channels for complaints, and offers to take it here."""

    action = "action_pengaduan"

    async def act(self, turn: Turn) -> Events:
        """Say it, unless it was just offered and is taken in words: "iya saya mau lapor"."""
        offered = turn.slot("tawaran") == offers.COMPLAINT
        if offered and offers.tells(turn.text):
            return [SlotSet("uraian", turn.text.strip()), FollowupAction("action_start_pengaduan")]
        agrees = sayings.begins(turn.text, "agree") and not sayings.holds(turn.text, "asking")
        if offered and agrees:
            return [FollowupAction("action_start_pengaduan")]
        return [*offers.complaint(turn), listen()]


class StartPengaduan(NindyAction):
    """Begins a complaint with what was told of it."""

    action = "action_start_pengaduan"

    async def act(self, turn: Turn) -> Events:
        """Let this session's talk that no ticket has be confidential, and ask."""
        work, matter = turn.work, turn.confide()
        since = work.now - SESSION
        work.writes.append(
            partial(claim, conversation_id=work.claim.conversation_id, matter=matter, since=since)
        )
        story = turn.slot("uraian")
        turn.say("utter_mulai_pengaduan_cerita" if story else "utter_mulai_pengaduan")
        names = (*ValidatePengaduan().slots, *FORM_MEMORY, *offers.REMEMBERED)
        return [
            *(SlotSet(name, None) for name in names if name != "uraian"),
            SlotSet("uraian", story),
            SlotSet(SLOT, matter),
            FollowupAction("pengaduan_form"),
        ]


class ValidatePengaduan(SummaryForm):
    """Hears what happened, what is known of it, with a name or without, and the confirmation."""

    form = "pengaduan_form"
    category = CATEGORY
    story = "uraian"
    parts = "bagian_pengaduan"
    which = "utter_ubah_pengaduan"
    questions = (
        Tell("uraian", shortest=20, words=4),
        Tell("keterangan", shortest=3, optional=True, words=2),
        AskPelapor("pelapor"),
        AskNama("nama", "nama"),
        Ask("email", "email"),
        Confirm("konfirmasi"),
    )

    async def act(self, turn: Turn) -> Events:
        """Hear the answer; who stays without a name is asked for none."""
        events = await self.hear(turn)
        said = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        if not said.get("pelapor"):
            return events
        if said["pelapor"] == ANONYMOUS:
            name = email = NO_ANSWER
        else:
            last = await turn.services.ledger.run(tickets.latest, turn.work.claim.conversation_id)
            name = last.content.name if last else ""
            email = last.content.email if last else ""
        return [*events, SlotSet("nama", name or None), SlotSet("email", email or None)]

    @staticmethod
    def _is_fixed(turn: Turn) -> bool:
        # What is told here sounds like a complaint, or like anger.
        return False


class AskKonfirmasiPengaduan(NindyAction):
    """Shows the complaint before it is sent, with the address masked."""

    action = "action_ask_pengaduan_form_konfirmasi"

    async def act(self, turn: Turn) -> Events:
        """Say the summary with its buttons."""
        if turn.slot("ulang"):
            turn.say("utter_konfirmasi_pengaduan_ulang")
            return []
        words, details = turn.services.words, turn.slot("keterangan")
        if turn.slot("pelapor") == ANONYMOUS:
            who = words.text("utter_pelapor_anonim")
        else:
            alamat = mask_email(turn.slot("email"))
            who = words.text("utter_pelapor_bernama", nama=turn.slot("nama"), alamat=alamat)
        turn.say(
            "utter_ringkasan_pengaduan",
            uraian=shorten(shown(turn.slot("uraian")), _SUMMARY),
            keterangan=words.text("utter_tanpa_satker")
            if details == NO_ANSWER
            else shorten(shown(details), _SUMMARY),
            pelapor=who,
            unit=turn.services.catalogue.unit(COMPLAINTS),
        )
        return []


class KirimPengaduan(NindyAction):
    """Opens the complaint and says its number, without a name also the code that tracks it."""

    action = "action_kirim_pengaduan"

    async def act(self, turn: Turn) -> Events:
        """Open it."""
        work, services = turn.work, turn.services
        unnamed = turn.slot("pelapor") == ANONYMOUS
        at = anonymous.whole_hour(work.now) if unnamed else work.now
        hours = services.catalogue.hours(COMPLAINTS)
        new = NewTicket(
            number=tickets.new_number(work.now),
            category=CATEGORY,
            service=COMPLAINTS,
            content=_content(turn, unnamed),
            created_at=at,
            due_at=services.calendar.due(at, hours),
            unit=services.catalogue.unit(COMPLAINTS),
            reason=Reason.WISHED,
            matter=None if unnamed else turn.confide(),
        )
        values = {
            "nomor": new.number,
            "unit": new.unit,
            "tenggat": services.calendar.say_due(new.due_at),
            "jam": str(hours),
        }
        if unnamed:
            code = anonymous.new_code()
            turn.erase()
            work.writes.append(partial(anonymous.open_complaint, new=new, code=code))
            turn.say("utter_pengaduan_anonim", kode=code, **values)
        else:
            work.tickets.append(new)
            turn.say("utter_pengaduan_dibuat", **values)
        if not services.calendar.is_open(work.now):
            opening = services.calendar.next_opening(work.now)
            turn.say("utter_di_luar_jam", hari=services.calendar.say_day(opening.date()))
        done = (*ValidatePengaduan().slots, SLOT, routing.CANDIDATES, routing.DOOR)
        return [*forget(done), *(SlotSet(name, None) for name in offers.REMEMBERED), listen()]


def _content(turn: Turn, unnamed: bool) -> Content:
    story, details = turn.slot("uraian"), turn.slot("keterangan")
    known: dict[str, Any] = {}
    if not unnamed:
        known = {"name": turn.slot("nama"), "email": turn.slot("email")}
    return Content(
        subject=shorten(" ".join(story.split()), _SUBJECT),
        chronology=story if details == NO_ANSWER else f"{story}\n\n{details}",
        **known,
    )
