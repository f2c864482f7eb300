"""Category 4, Cek Status Pendaftaran Supplier: type and account give the state in SPAN (B.2)."""

from __future__ import annotations

from actions import fields
from actions.base import Events, Turn, leave_form, listen
from actions.form import FormGuide
from actions.lookup import Lookup, offer_ticket
from actions.questions import Ask
from actions.start import StartForm, inline_fields


class ValidateStatusSupplier(FormGuide):
    """Hears the supplier type and the account number.

    Types 1, 3 and 8 cannot be searched in SPAN (SAKTI manual, import of suppliers): that is said
    before the account is asked for, with a ticket on offer.
    """

    form = "status_supplier_form"
    category = "status_supplier"
    questions = (Ask("tipe_supplier", "tipe_supplier"), Ask("nomor_rekening", "nomor_rekening"))

    async def act(self, turn: Turn) -> Events:
        """Hear the answer; a type that SPAN cannot search for ends the form."""
        events = await super().act(turn)
        chosen = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        kind = chosen.get("tipe_supplier", turn.slot("tipe_supplier"))
        if kind is None or fields.is_searchable(kind):
            return events
        turn.say("utter_supplier_tidak_dicari", tipe=kind, nama=fields.supplier_name(kind))
        return [*leave_form(self.slots), *offer_ticket(self.category), listen()]


class StartStatusSupplier(StartForm):
    """Begins the category."""

    guide = ValidateStatusSupplier

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take type and account of the first message."""
        return inline_fields(turn, self.guide.questions)


class StatusSupplier(Lookup):
    """Looks the registration up in SPAN."""

    category = "status_supplier"
    number = "nomor_rekening"
    slots = ("tipe_supplier", "nomor_rekening")

    async def look_up(self, turn: Turn) -> bool:
        """Say state, NRS and the reason of a refusal."""
        found = await turn.services.clients.span.supplier(
            turn.slot("tipe_supplier"),
            turn.slot("nomor_rekening"),
            request_id=turn.work.request_id,
        )
        turn.say(
            f"utter_supplier_{found.status}",
            nrs=found.nrs or turn.services.words.text("utter_belum_ada"),
            alasan=found.alasan or turn.services.words.text("utter_tanpa_alasan"),
            tanggal=turn.services.calendar.say_day(found.diperbarui),
        )
        return False
