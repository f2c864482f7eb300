"""Category 2, Lacak status tiket: state, service, unit, last change and due time (B.2)."""

from __future__ import annotations

from actions import routing
from actions.base import Turn
from actions.form import FormGuide, StartForm, inline_fields
from actions.lookup import Lookup
from actions.questions import Ask
from bot.errors import NotFound
from bot.ledger import tickets


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
        own = found.conversation_id == turn.work.claim.conversation_id
        turn.say(
            "utter_hasil_tiket_sendiri" if own else "utter_hasil_tiket",
            nomor=found.number,
            status=services.words.text(f"utter_status_{found.state}"),
            pelayanan=routing.service_name(services, found.service),
            unit=found.unit or services.catalogue.unit(found.service),
            perubahan=services.calendar.say_moment(found.updated_at),
            tenggat=services.calendar.say_due(found.due_at),
            judul=found.content.subject if own else "",
        )
        return False
