"""Category 2, Lacak status tiket: state, service, unit, last change and due time (B.2).

A complaint is shown where it was told, and to whoever has its tracking code; to anybody else it
is as unknown as a number that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from rasa_sdk.events import FollowupAction, SlotSet

from actions import routing
from actions.base import Events, Turn
from actions.form import FormGuide
from actions.lookup import Lookup
from actions.questions import Ask, shorten
from actions.start import StartForm, inline_fields
from bot.errors import NotFound
from bot.ledger import anonymous, tickets
from bot.ledger.anonymous import find_code
from bot.ledger.tables import COMPLAINTS
from bot.ledger.tickets import Ticket
from bot.tickets import own
from bot.tickets.life import State

_REPLIES = 5
"""The latest answers that are shown to whoever has a code."""
_REPLY_LENGTH = 600
"""Characters of the desk's last answer that are shown; the whole stands in its own bubble."""


@dataclass(frozen=True)
class AskNumber(Ask):
    """Asks for a ticket number; the code of a complaint without a name is an answer too."""

    def read(self, turn: Turn) -> str:
        """Find the code, or parse the number."""
        return find_code(turn.text) or super().read(turn)


class ValidateLacakTiket(FormGuide):
    """Hears the ticket number."""

    form = "lacak_tiket_form"
    category = "lacak_tiket"
    questions = (AskNumber("nomor_tiket", "nomor_tiket"),)

    async def _decide(self, turn: Turn) -> Events:
        """Take the person's own ticket where they say that they have no number."""
        lost = turn.match.get("decision") == "ticket" or turn.intent in ("lacak_tiket", "skip")
        if lost and self._asked(turn) and (number := await _newest(turn)):
            return self._accept(turn, {"nomor_tiket": number})
        return await super()._decide(turn)


class StartLacakTiket(StartForm):
    """Begins the category."""

    guide = ValidateLacakTiket

    def inline(self, turn: Turn) -> dict[str, str]:
        """Take the number or code of the first message."""
        code = find_code(turn.text)
        return {"nomor_tiket": code} if code else inline_fields(turn, self.guide.questions)

    async def act(self, turn: Turn) -> Events:
        """Begin with the person's own ticket where they name none ("tiket saya kapan dijawab")."""
        *events, last = await super().act(turn)
        # Whoever only names the service ("lacak tiket") may mean any ticket.
        begins = last == FollowupAction(self.guide.form) and not turn.is_exact
        if begins and not self.inline(turn) and (number := await _newest(turn)):
            events.append(SlotSet("nomor_tiket", number))
        return [*events, last]


class LacakTiket(Lookup):
    """Finds the ticket in the ledger."""

    category = "lacak_tiket"
    number = ""
    slots = ("nomor_tiket",)

    async def look_up(self, turn: Turn) -> bool:
        """Say how the ticket stands; what it says is told only where it was opened."""
        services, asked = turn.services, turn.slot("nomor_tiket")
        if code := find_code(asked):
            return await _tracked(turn, code)
        found = await services.ledger.run(tickets.find, asked)
        if found is None:
            raise NotFound("ledger")
        mine = found.conversation_id == turn.work.claim.conversation_id
        if found.service == COMPLAINTS:
            if not mine:
                # Even its number must not stay beside somebody who knows it.
                turn.erase()
                raise NotFound("ledger")
            turn.about(found.id)
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
        for said in await services.ledger.run(own.replies, found.number, 1) if mine else []:
            turn.say("utter_jawaban_terakhir", isi=shorten(said, _REPLY_LENGTH))
        return False


async def _newest(turn: Turn) -> str | None:
    """Return the number of the own ticket that a typed text without a number means, and say so."""
    if not turn.typed or any(letter.isdigit() for letter in turn.typed):
        return None
    found = await turn.services.ledger.run(own.newest_open, turn.work.claim.conversation_id)
    if found is None or found.is_complaint:
        return None
    turn.say("utter_tiket_terakhir")
    return found.number


async def _tracked(turn: Turn, code: str) -> bool:
    """Say how a complaint without a name stands, and what the desk has answered."""
    services = turn.services
    found = await services.ledger.run(anonymous.tracked, code)
    if found is None:
        raise NotFound("ledger")
    replies = await services.ledger.run(own.replies, found.number, _REPLIES)
    turn.say(
        "utter_hasil_pengaduan",
        nomor=found.number,
        status=services.words.text(f"utter_status_{found.state}"),
        unit=found.unit,
        waktu=_time(turn, found, ""),
        kode=code,
    )
    if replies:
        texts = (shorten(text, _REPLY_LENGTH) for text in replies)
        turn.say("utter_jawaban_pengaduan", isi="\n\n".join(texts))
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
