"""Category 6, Aplikasi Digit Kemenkeu: state, e-mail check, activation, reset, unblock (B.2).

Neither a credential nor the registered address is ever said: links go to the registered address,
and the check answers only whether the address that the person gave is the registered one.
"""

from __future__ import annotations

from actions import choices
from actions.base import Turn
from actions.form import FormGuide
from actions.lookup import Lookup
from actions.questions import Ask, Choose
from actions.start import StartForm, inline_choice, inline_fields

_WRONG_STATE = "wrong_state"


class ValidateAkunDigit(FormGuide):
    """Hears what is wanted, who asks, and the registered address."""

    form = "akun_digit_form"
    category = "akun_digit"
    questions = (
        Choose("digit_layanan", in_turn=True),
        Ask("identitas", "identitas"),
        Ask("email_digit", "email"),
    )


class StartAkunDigit(StartForm):
    """Begins the category."""

    guide = ValidateAkunDigit

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take wish, number and address of the first message, or the wish of a button."""
        pressed = turn.entity("nilai")
        wish = choices.parse("digit_layanan", pressed) if pressed else None
        known = {"digit_layanan": wish} if wish else {}
        given = known if pressed else inline_choice(turn, self.guide.questions)
        return {**given, **inline_fields(turn, self.guide.questions)}


class AkunDigit(Lookup):
    """Asks Digit."""

    category = "akun_digit"
    number = "identitas"
    slots = ("digit_layanan", "identitas", "email_digit")

    async def look_up(self, turn: Turn) -> bool:
        """Do what was wished and say how it went, with a button for what may help now."""
        digit = turn.services.clients.digit
        who, address = turn.slot("identitas"), turn.slot("email_digit")
        request = turn.work.request_id
        wish = turn.slot("digit_layanan")
        if wish == "status":
            status = await digit.status(who, address, request_id=request)
            turn.say(f"utter_digit_{status}")
            return True
        if wish == "email":
            same = await digit.email_matches(who, address, request_id=request)
            if not same:
                turn.work.misses.append(self.asked(turn))
            turn.say("utter_digit_email_cocok" if same else "utter_digit_email_tidak_cocok")
            return False
        change = {
            "aktivasi": digit.activate,
            "reset": digit.reset,
            "buka_blokir": digit.unblock,
        }[wish]
        await change(who, address, request_id=request, idempotency_key=self.request(turn))
        turn.say(f"utter_digit_{wish}")
        return False

    def refusal(self, turn: Turn, reason: str) -> str | None:
        """Say what state an account must be in for what was wished."""
        wish = turn.slot("digit_layanan")
        return f"utter_digit_{wish}_ditolak" if reason == _WRONG_STATE else None
