"""Category 2, Lacak status tiket: state, service, unit, last change and due time (B.2)."""

from __future__ import annotations

from actions import routing
from actions.base import Turn
from actions.form import FormGuide, StartForm, inline_fields
from actions.lookup import Lookup
from actions.questions import Ask, shorten
from bot.errors import NotFound
from bot.ledger import tickets
from bot.ledger.tickets import Ticket
from bot.tickets import own
from bot.tickets.life import State

_REPLY_LENGTH = 600
"""Characters of the desk's last answer that are shown; the whole stands in its own bubble."""


class ValidateLacakTiket(FormGuide):
    """Hears the ticket number."""

    form = "lacak_tiket_form"
    category = "lacak_tiket"
    questions = (Ask("nomor_tiket", "nomor_tiket"),)


class StartLacakTiket(StartForm):
    """Begins the category."""

    guide = ValidateLacakTiket

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take the number of the first message."""
        return inline_fields(turn, self.guide.questions)


class LacakTiket(Lookup):
    """Finds the ticket in the ledger."""

    category = "lacak_tiket"
    slots = ("nomor_tiket",)

    async def look_up(self, turn: Turn) -> bool:
        """Say how the ticket stands; what it says is told only where it was opened."""
        services = turn.services
        found = await services.ledger.run(tickets.find, turn.slot("nomor_tiket"))
        if found is None:
            raise NotFound("ledger")
        mine = found.conversation_id == turn.work.claim.conversation_id
        other = "_lain" if found.state == State.WAITING and not mine else ""
        turn.say(
            "utter_hasil_tiket_sendiri" if mine else "utter_hasil_tiket",
            nomor=found.number,
            status=services.words.text(f"utter_status_{found.state}{other}"),
            pelayanan=routing.service_name(services, found.service),
            unit=found.unit or services.catalogue.unit(found.service),
            perubahan=services.calendar.say_moment(found.updated_at),
            waktu=_time(turn, found, other),
            judul=found.content.subject if mine else "",
        )
        said = await services.ledger.run(own.last_reply, found.number) if mine else ""
        if said:
            turn.say("utter_jawaban_terakhir", isi=shorten(said, _REPLY_LENGTH))
        return False


def _time(turn: Turn, found: Ticket, other: str) -> str:
    """Say until when the ticket is answered, that its clock stands still, or when it was done."""
    words, calendar = turn.services.words, turn.services.calendar
    if found.state == State.WAITING:
        return words.text(f"utter_waktu_berhenti{other}")
    if found.state in (State.RESOLVED, State.CLOSED):
        done = found.resolved_at or found.updated_at
        return words.text("utter_waktu_selesai", tanggal=calendar.say_moment(done))
    return words.text("utter_waktu_dijawab", tenggat=calendar.say_due(found.due_at))
