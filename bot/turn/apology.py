"""The way out when a turn has failed for good: an apology and a ticket, never silence."""

from __future__ import annotations

from bot.ledger.confidence import under_way
from bot.ledger.tickets import Content, NewTicket, Reason, new_number
from bot.ledger.unit_of_work import UnitOfWork
from bot.words import Words
from bot.worktime import WorkCalendar

SLA_HOURS = 16


class Apology:
    """Fills a unit of work without Rasa.

    Args:
        words: Sentences for users.
        calendar: Counts the due time.
        unit: Who sorts tickets.
    """

    def __init__(self, words: Words, calendar: WorkCalendar, unit: str) -> None:
        self._words = words
        self._calendar = calendar
        self._unit = unit

    async def __call__(self, work: UnitOfWork) -> None:
        """Open a ticket with the message that could not be answered, and say so.

        What was written in confidence becomes no ticket: agents would read it.

        The dialogue starts anew afterwards: its state may be what broke it.
        """
        if matter := under_way(work.claim.state):
            work.state, work.events, work.matter = None, [], matter
            work.replies = [self._words.reply("utter_gangguan_pengaduan")]
            return
        due = self._calendar.due(work.now, SLA_HOURS)
        number = new_number(work.now)
        work.state = None
        work.events = []
        work.tickets = [
            NewTicket(
                number=number,
                category="gangguan",
                service=None,
                content=Content(
                    subject=self._words.text("utter_subjek_gangguan"),
                    chronology=work.claim.message.text,
                    name=work.claim.message.sender.name or "",
                ),
                created_at=work.now,
                due_at=due,
                unit=self._unit,
                reason=Reason.FAILURE,
            )
        ]
        work.replies = [
            self._words.reply(
                "utter_gangguan_nindy", nomor=number, tenggat=self._calendar.say_due(due)
            )
        ]
