"""Category 5, Cek Nomor Register Kontrak: satker and contract number give state and NRK (B.2)."""

from __future__ import annotations

from actions.base import Turn
from actions.form import FormGuide
from actions.lookup import Lookup
from actions.questions import Ask
from actions.start import StartForm, inline_fields


class ValidateRegisterKontrak(FormGuide):
    """Hears the satker code and the contract number."""

    form = "register_kontrak_form"
    category = "register_kontrak"
    questions = (Ask("kode_satker", "kode_satker"), Ask("nomor_kontrak", "nomor_kontrak"))


class StartRegisterKontrak(StartForm):
    """Begins the category."""

    guide = ValidateRegisterKontrak

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take satker and contract of the first message."""
        return inline_fields(turn, self.guide.questions)


class RegisterKontrak(Lookup):
    """Looks the contract up in SPAN."""

    category = "register_kontrak"
    # The same contract number is in use at many satker: held for one, it would be for all.
    number = ""
    slots = ("kode_satker", "nomor_kontrak")

    async def look_up(self, turn: Turn) -> bool:
        """Say state, NRK and the reason of a refusal."""
        found = await turn.services.clients.span.contract(
            turn.slot("kode_satker"), turn.slot("nomor_kontrak"), request_id=turn.work.request_id
        )
        turn.say(
            f"utter_kontrak_{found.status}",
            nrk=found.nrk or turn.services.words.text("utter_belum_ada"),
            alasan=found.alasan or turn.services.words.text("utter_tanpa_alasan"),
            tanggal=turn.services.calendar.say_day(found.diperbarui),
        )
        return False
