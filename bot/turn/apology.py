"""The way out when Nindy must not or cannot answer: a sentence and a ticket, never silence."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ledger.confidence import under_way
from bot.ledger.tickets import Content, NewTicket, Reason, new_number
from bot.ledger.unit_of_work import UnitOfWork
from bot.words import Words
from bot.worktime import WorkCalendar

SLA_HOURS = 16


@dataclass(frozen=True)
class Case:
    """Why a message goes to a person, and what is said of it.

    Attributes:
        category: The ticket's category.
        subject: The sentence that is its subject.
        said: The sentence for the person; it may name ``nomor`` and ``tenggat``.
        reason: Why a person had to be asked.
    """

    category: str
    subject: str
    said: str
    reason: Reason


FAILED = Case("gangguan", "utter_subjek_gangguan", "utter_gangguan_nindy", Reason.FAILURE)
LATE = Case("terlambat", "utter_subjek_terlambat", "utter_pesan_terlambat", Reason.LATE)


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
        """Open a ticket with the message whose turn has failed for good, and say so."""
        self.open(work, FAILED)

    def open(self, work: UnitOfWork, case: Case) -> None:
        """Open a ticket with the message, and say so.

        What was written in confidence becomes no ticket: agents would read it. The dialogue
        starts anew afterwards: its state may be what broke it, or is long past.
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
                category=case.category,
                service=None,
                content=Content(
                    subject=self._words.text(case.subject),
                    chronology=work.claim.message.text,
                    name=work.claim.message.sender.name or "",
                ),
                created_at=work.now,
                due_at=due,
                unit=self._unit,
                reason=case.reason,
            )
        ]
        work.replies = [
            self._words.reply(case.said, nomor=number, tenggat=self._calendar.say_due(due))
        ]

    def add(self, work: UnitOfWork, number: str) -> None:
        """Say that a late message is on a ticket that is open already."""
        work.replies = [self._words.reply("utter_terlambat_masuk_tiket", nomor=number)]
