"""The word that is asked for after a rating, and the story when a ticket is opened again."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction

from actions.base import Events, NindyAction, Turn, forget, leave_form, listen
from actions.categories import FIXED, STARTS
from actions.form import EXITS, FormGuide
from actions.questions import Question
from actions.tell import Tell
from bot.ledger.confidence import SLOT
from bot.tickets import in_turn

_LONGEST = 1000
"""Characters of a word that are kept."""

USUAL = {
    **STARTS,
    **EXITS,
    **dict.fromkeys(FIXED, "action_fixed"),
    "complaint": "action_pengaduan",
    "cancel": "action_done",
    "skip": "action_done",
    "affirm": "action_done",
    "deny": "action_done",
    "greet": "action_greet",
    "thank": "action_thank",
    "faq": "action_jawab",
    "nlu_fallback": "action_jawab",
    "inform": "action_inform",
    "subscribe": "action_subscribe",
    "unsubscribe": "action_unsubscribe",
    "pilih_faq": "action_jawab",
    "bukan_semuanya": "action_tawarkan_tiket",
    "terbantu": "action_terbantu",
    "belum_terbantu": "action_start_tiket",
    "buat_tiket": "action_start_tiket",
    "buat_pengaduan": "action_start_pengaduan",
    "tambah_pesan": "action_start_tambahan",
    "belum_selesai": "action_belum_selesai",
    "untuk_tiket": "action_untuk_tiket",
    "bukan_tiket": "action_bukan_tiket",
    "lihat_balasan": "action_lihat_balasan",
    "nilai": "action_nilai",
    "media": "action_lampiran",
    "non_text": "action_non_text",
}
"""What answers an intent when no form is under way, as in ``data/rules``. A yes or no is to the
question for a word, so it is taken as "nothing to say"."""


class ValidateUlasan(FormGuide):
    """Hears the word, or leaves it for whatever else is said: it is asked for only once."""

    form = "ulasan_form"
    category = "nilai"
    questions = (Tell("ulasan", shortest=2, longest=_LONGEST, optional=True),)

    async def act(self, turn: Turn) -> Events:
        """Take what is a word; all else is treated as if nothing had been asked."""
        if self._asked(turn) is None or self._is_word(turn):
            return await super().act(turn)
        leave = leave_form((*self.slots, "tiket_dinilai"))
        if turn.intent in USUAL:
            return [*leave, FollowupAction(USUAL[turn.intent])]
        turn.say("utter_pilihan_lama")
        return [*leave, listen()]

    def _is_word(self, turn: Turn) -> bool:
        # A word of thanks or of the officer is praise as long as it is not said by itself.
        wish = turn.intent in (*STARTS, "menu", "cancel", "skip", "deny") and turn.is_certain
        control = turn.match.get("decision") == "control" and turn.is_exact
        asks = turn.intent == "faq" or "?" in turn.text
        # Anger is a word about the officer, too.
        fixed = self._is_fixed(turn) and turn.intent != "upset"
        return bool(turn.typed) and not (wish or control or asks or fixed)

    def _is_something_else(self, turn: Turn, asked: Question) -> bool:
        return turn.intent != "upset" and super()._is_something_else(turn, asked)


class KirimUlasan(NindyAction):
    """Keeps the word beside the rating."""

    action = "action_kirim_ulasan"

    async def act(self, turn: Turn) -> Events:
        """Thank."""
        seen = in_turn.by_person(turn.work, turn.slot("tiket_dinilai"))
        in_turn.add(turn.work, turn.services.changes.comment, seen=seen, word=turn.slot("ulasan"))
        turn.say("utter_terima_ulasan")
        return [*forget(("ulasan", "tiket_dinilai", SLOT)), listen()]


class ValidateLanjut(FormGuide):
    """Hears what is not finished."""

    form = "lanjut_form"
    category = "belum_selesai"
    questions = (Tell("kelanjutan", shortest=8, words=2),)

    def _to_ticket(self) -> Events:
        return self._again()


class BukaLagi(NindyAction):
    """Opens the ticket again with what the person wrote."""

    action = "action_buka_lagi"

    async def act(self, turn: Turn) -> Events:
        """Say that it goes on."""
        number = turn.slot("tiket_dinilai")
        in_turn.add(
            turn.work,
            turn.services.changes.answered,
            seen=in_turn.by_person(turn.work, number),
            text=turn.slot("kelanjutan"),
            inbox_id=turn.work.claim.inbox_id,
        )
        turn.say("utter_dibuka_lagi", nomor=number)
        return [*forget(("kelanjutan", "tiket_dinilai", SLOT)), listen()]
