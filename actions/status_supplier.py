"""Category 4, Cek Status Pendaftaran Supplier: type and account give the state in SPAN (B.2)."""

from __future__ import annotations

from actions import fields
from actions.base import Turn
from actions.form import FormGuide, StartForm, inline_fields
from actions.lookup import Lookup
from actions.questions import Ask
from bot.errors import Refused


class ValidateStatusSupplier(FormGuide):
    """Hears the supplier type and the account number."""

    form = "status_supplier_form"
    category = "status_supplier"
    questions = (Ask("tipe_supplier", "tipe_supplier"), Ask("nomor_rekening", "nomor_rekening"))


class StartStatusSupplier(StartForm):
    """Begins the category."""

    guide = ValidateStatusSupplier

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take type and account of the first message."""
        return inline_fields(turn, self.guide.questions)


class StatusSupplier(Lookup):
    """Looks the registration up in SPAN."""

    category = "status_supplier"
    slots = ("tipe_supplier", "nomor_rekening")

    async def look_up(self, turn: Turn) -> None:
        """Say state, NRS and the reason of a refusal.

        Types 1, 3 and 8 cannot be searched in SPAN (SAKTI manual, import of suppliers): that is
        said honestly, with a ticket on offer.
        """
        kind = turn.slot("tipe_supplier")
        if not fields.is_searchable(kind):
            raise Refused("span", "type cannot be searched")
        found = await turn.services.clients.span.supplier(
            kind, turn.slot("nomor_rekening"), request_id=turn.work.request_id
        )
        turn.say(
            f"utter_supplier_{found.status}",
            nrs=found.nrs or turn.services.words.text("utter_belum_ada"),
            alasan=found.alasan or turn.services.words.text("utter_tanpa_alasan"),
            tanggal=turn.services.calendar.say_day(found.diperbarui),
        )
