"""The ticket that every unanswered question can become (catalogue B.2, category 1, and F.2)."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import choices, feedback, offers, routing
from actions.base import (
    FORM_MEMORY,
    Events,
    NindyAction,
    Turn,
    forget,
    leave_form,
    listen,
)
from actions.nama import AskNama
from actions.questions import NO_ANSWER, Ask, Choose, Confirm, shorten
from actions.secret import shown
from actions.summary_form import SummaryForm
from actions.tell import Tell
from bot.ledger import tickets
from bot.ledger.tables import COMPLAINTS
from bot.ledger.tickets import LENGTHS, Content, NewTicket, Reason
from bot.privacy import mask_email
from bot.routing import fullest

_SUMMARY_LENGTH = 300
"""Characters of the chronology that are shown before sending; the ticket keeps all."""
FROM_PERSON = "petugas"
"""Value of the slot ``asal`` when somebody asked for a person."""
_SHORT = 4
"""Words up to which an answer names a group and asks for nothing."""
_OTHER_GROUP = "ganti_kelompok"
"""What the button brings of somebody who pressed the wrong group."""


class ValidateTiket(SummaryForm):
    """Hears subject, chronology, group, name, e-mail, satker and the confirmation."""

    form = "tiket_form"
    category = "tiket"
    story = "kronologi"
    parts = "bagian_tiket"
    which = "utter_ubah_apa"
    questions = (
        Tell("subjek", *LENGTHS["subject"]),
        Tell("kronologi", *LENGTHS["chronology"], words=4),
        Choose("pengguna"),
        AskNama("nama", "nama"),
        Ask("email", "email"),
        Tell("satker", *LENGTHS["satker"], optional=True, story=False, label="kode_satker"),
        Confirm("konfirmasi"),
    )

    async def act(self, turn: Turn) -> Events:
        """Hear the answer, and find out where the ticket goes as soon as it can be known."""
        events = await self._hear(turn)
        left = any(event["event"] == "active_loop" for event in events)
        return events if left else await self._route(turn, events)

    async def _hear(self, turn: Turn) -> Events:
        asked = turn.slot("requested_slot")
        if asked and turn.intent == "agent" and turn.is_certain:
            # The ticket is the way to a person, so what was told is kept.
            turn.say("utter_petugas_tiket")
            return self._again()
        if asked == "pengguna" and (group := self._group(turn)):
            return self._accept(turn, {"pengguna": group})
        return await self.hear(turn)

    @staticmethod
    def _group(turn: Turn) -> str | None:
        """Read a short answer before it is taken for a wish: "vendor" is a supplier elsewhere."""
        asks = turn.text.rstrip().endswith("?") or len(turn.text.split()) > _SHORT
        return None if asks else choices.parse("pengguna", turn.text)

    async def _route(self, turn: Turn, events: Events) -> Events:
        said = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        told = [said.get(name, turn.slot(name)) for name in ("subjek", "kronologi")]
        if all(told) and ("subjek" in said or "kronologi" in said):
            text = fullest((turn.slot("pertanyaan") or "", _matter(turn, *told)))
            found = routing.keep(await turn.services.judge(text))
            said[routing.CANDIDATES] = found["value"]
            events = [*events, found]
        if said.get("pengguna"):
            said[routing.GROUP] = said["pengguna"]
            events = [*events, SlotSet(routing.GROUP, said["pengguna"])]
        route = routing.route(turn, said)
        if route.service == COMPLAINTS:
            turn.say("utter_ke_pengaduan")
            story = SlotSet("uraian", said.get("kronologi") or turn.slot("kronologi"))
            return [*leave_form(self.slots), story, FollowupAction("action_start_pengaduan")]
        if route.shut:
            away = routing.turn_away(turn, *route.shut)
            return [*events, *leave_form(("pengguna", "konfirmasi")), *away, listen()]
        return [*events, SlotSet("pengguna", None if route.asks else NO_ANSWER)]


class AskKonfirmasi(NindyAction):
    """Shows the ticket before it is sent, with the address masked."""

    action = "action_ask_konfirmasi"

    async def act(self, turn: Turn) -> Events:
        """Say the summary with its buttons."""
        if turn.slot("ulang"):
            turn.say("utter_konfirmasi_ulang")
            return []
        services, service = turn.services, routing.route(turn, {}).service
        satker = turn.slot("satker")
        turn.say(
            "utter_ringkasan_tiket",
            subjek=shown(turn.slot("subjek")),
            kronologi=shorten(shown(turn.slot("kronologi")), _SUMMARY_LENGTH),
            nama=turn.slot("nama"),
            alamat=mask_email(turn.slot("email")),
            satker=satker if satker != NO_ANSWER else services.words.text("utter_tanpa_satker"),
            pelayanan=routing.service_name(services, service),
            unit=services.catalogue.unit(service),
        )
        return []


class StartTiket(NindyAction):
    """Begins a ticket with what is known: the question, and name and e-mail of the last ticket."""

    action = "action_start_tiket"

    async def act(self, turn: Turn) -> Events:
        """Fill the form's slots as far as they are known."""
        judged = feedback.refused(turn) if turn.intent == "belum_terbantu" else []
        door = offers.door_of(turn.slot("tawaran"))
        turned_away = door is not None
        changed: dict[str, Any] = {routing.DOOR: door}
        if turn.entity("nilai") == _OTHER_GROUP:
            changed = {routing.DOOR: None, routing.GROUP: None}
        if not turned_away:
            changed[routing.CANDIDATES] = list(routing.of_question(turn))
        kept = [SlotSet(name, value) for name, value in changed.items()]
        route = routing.route(turn, changed)
        if route.service == COMPLAINTS:
            return [*judged, FollowupAction("action_start_pengaduan")]
        names = tuple(question.slot for question in ValidateTiket.questions)
        if route.shut:
            away = routing.turn_away(turn, *route.shut)
            return [*judged, *kept, *forget(names), *away, listen()]
        values = await self._known(turn)
        if turned_away:
            # Who was turned away has told a part of it already.
            values.update({name: value for name in names if (value := turn.slot(name))})
        values["pengguna"] = None if route.asks else NO_ANSWER
        return [
            *judged,
            *kept,
            SlotSet("alasan", _reason(turn).value),
            *(SlotSet(name, values.get(name)) for name in names),
            *(SlotSet(name, None) for name in FORM_MEMORY),
            SlotSet("tawaran", None),
            FollowupAction("tiket_form"),
        ]

    async def _known(self, turn: Turn) -> dict[str, Any]:
        words = turn.services.words
        origin, question = turn.slot("asal"), turn.slot("pertanyaan")
        values: dict[str, Any] = {}
        if question:
            values["subjek"] = shorten(" ".join(question.split()), LENGTHS["subject"][1])
            turn.say("utter_mulai_tiket_pertanyaan", subjek=values["subjek"])
        elif origin:
            values["subjek"] = words.text(
                "utter_subjek_kategori", layanan=words.text(f"utter_nama_{origin}")
            )
            if origin != FROM_PERSON:
                turn.say("utter_mulai_tiket_kategori", layanan=words.text(f"utter_nama_{origin}"))
        else:
            turn.say("utter_mulai_tiket")
        last = await turn.services.ledger.run(tickets.latest, turn.work.claim.conversation_id)
        if last is not None and last.content.email:
            values["nama"], values["email"] = last.content.name, last.content.email
        return values


class KirimTiket(NindyAction):
    """Opens the ticket with the turn and says its number and due time."""

    action = "action_kirim_tiket"

    async def act(self, turn: Turn) -> Events:
        """Open the ticket."""
        services, now = turn.services, turn.work.now
        origin = turn.slot("asal") or "tanya_nindy"
        route = routing.route(turn, {})
        service, unit = route.service, services.catalogue.unit(route.service)
        due = services.calendar.due(now, services.catalogue.hours(service))
        satker = turn.slot("satker")
        new = NewTicket(
            number=tickets.new_number(now),
            category=origin,
            service=service,
            content=Content(
                subject=turn.slot("subjek"),
                chronology=turn.slot("kronologi"),
                name=turn.slot("nama"),
                email=turn.slot("email"),
                satker="" if satker == NO_ANSWER else satker,
            ),
            created_at=now,
            due_at=due,
            unit=unit,
            candidates=tuple(route.candidates),
            user_group=route.group,
            reason=Reason(turn.slot("alasan") or Reason.WISHED),
        )
        turn.work.tickets.append(new)
        turn.say(
            "utter_tiket_dibuat",
            nomor=new.number,
            pelayanan=routing.service_name(services, service),
            unit=unit,
            tenggat=services.calendar.say_due(due),
            jam=str(services.catalogue.hours(service)),
        )
        if not services.calendar.is_open(now):
            opening = services.calendar.next_opening(now)
            turn.say("utter_di_luar_jam", hari=services.calendar.say_day(opening.date()))
        slots = tuple(question.slot for question in ValidateTiket.questions)
        done = ("asal", "pertanyaan", "alasan", routing.CANDIDATES, routing.DOOR)
        return [*forget(slots), *(SlotSet(name, None) for name in done), listen()]


def _reason(turn: Turn) -> Reason:
    """Say why a ticket is begun: what failed before it, if anything did."""
    if turn.intent == "belum_terbantu":
        return Reason.NOT_HELPED
    origin = turn.slot("asal")
    if origin:
        return Reason.WISHED if origin == FROM_PERSON else Reason.LOOKUP
    offered = offers.is_ticket(turn.slot("tawaran"))
    return Reason(turn.slot("alasan") or Reason.UNANSWERED) if offered else Reason.WISHED


def _matter(turn: Turn, subject: str, chronology: str) -> str:
    """Join what the ticket says; the subject of somebody who asked for a person says nothing."""
    words = turn.services.words
    nothing = words.text("utter_subjek_kategori", layanan=words.text(f"utter_nama_{FROM_PERSON}"))
    return chronology if subject == nothing else f"{subject}\n{chronology}"
