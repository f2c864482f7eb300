"""Category 3, Informasi SP2D: number and account together give the payment's data (B.2)."""

from __future__ import annotations

from actions import fields
from actions.base import Turn
from actions.form import FormGuide
from actions.lookup import Lookup
from actions.questions import Ask
from actions.start import StartForm, inline_fields
from bot.privacy import mask_number


class ValidateInfoSp2d(FormGuide):
    """Hears the SP2D number and the account number."""

    form = "info_sp2d_form"
    category = "info_sp2d"
    questions = (Ask("nomor_sp2d", "nomor_sp2d"), Ask("nomor_rekening", "nomor_rekening"))


class StartInfoSp2d(StartForm):
    """Begins the category."""

    guide = ValidateInfoSp2d

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take the numbers of the first message."""
        return inline_fields(turn, self.guide.questions)


class InfoSp2d(Lookup):
    """Looks the payment order up in SPAN."""

    category = "info_sp2d"
    number = "nomor_sp2d"
    slots = ("nomor_sp2d", "nomor_rekening")

    async def look_up(self, turn: Turn) -> bool:
        """Say ministry, satker, masked account and supplier type; nothing else is given."""
        found = await turn.services.clients.span.sp2d(
            turn.slot("nomor_sp2d"), turn.slot("nomor_rekening"), request_id=turn.work.request_id
        )
        turn.say(
            "utter_hasil_sp2d",
            nama_kl=found.nama_kl,
            satker=found.kode_satker,
            nama_satker=found.nama_satker,
            rekening=mask_number(found.nomor_rekening),
            tipe=fields.supplier_name(found.tipe_supplier),
        )
        return False
