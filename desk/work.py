"""What the pages about tickets share beside the frame: one object in the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from aiohttp import web

from bot.attachments.files import Files
from bot.broadcast.changes import Broadcasts
from bot.broadcast.waves import Waves
from bot.catalogue import Catalogue
from bot.faq import Entry
from bot.faq.mining import Miner
from bot.faq.review import Review
from bot.live.wake import Wake
from bot.nlu.edition import Edition
from bot.templates import Templates
from bot.tickets.changes import Changes
from bot.tickets.life import OPEN, WARNINGS
from bot.tickets.queue import Line
from bot.tickets.takeover import Takeover
from bot.worktime import WorkCalendar
from desk.canned import Canned
from desk.live import Live

Suggest = Callable[[str], Awaitable[list[Entry]]]
"""Gives the FAQ entries nearest to a text, the best first; none before the model is loaded."""

SOON = Fraction(4)
"""Working hours before the due time in which a ticket counts as due soon."""


@dataclass(frozen=True)
class Work:
    """The parts.

    Attributes:
        changes: What can be done to a ticket.
        takeover: Takes conversations over.
        calendar: Working hours.
        catalogue: Services and units.
        canned: Ready-made replies.
        outside: Help desks outside DJPb.
        templates: What goes out while WhatsApp takes no free text.
        suggest: Gives FAQ entries for a ticket.
        wake: Rings when something is to be sent.
        live: Tells open pages what changes, and who looks at what.
        files: The store of attachments.
        review: What can be done to an entry of the FAQ.
        edition: Gives what Nindy knows now; None before the model is loaded.
        broadcasts: What can be done to a broadcast.
        waves: How broadcasts go out.
        miner: Groups what was asked in vain.
    """

    changes: Changes
    takeover: Takeover
    calendar: WorkCalendar
    catalogue: Catalogue
    canned: tuple[Canned, ...]
    outside: tuple[str, ...]
    templates: Templates
    suggest: Suggest
    wake: Wake
    live: Live
    files: Files
    review: Review
    edition: Callable[[], Edition | None]
    broadcasts: Broadcasts
    waves: Waves
    miner: Miner = field(default_factory=Miner)

    def due(self, line: Line, now: datetime) -> Due:
        """Return how a ticket stands with its clock."""
        if line.state not in OPEN:
            return Due(0, 0, "done")
        left = self.calendar.working_minutes(now, line.due_at)
        if line.paused:
            return Due(left, line.warned, "paused")
        if line.due_at < now:
            return Due(-left, WARNINGS[-1], "late")
        return Due(left, min(line.warned, WARNINGS[-2]), "running")


@dataclass(frozen=True)
class Due:
    """A ticket's clock.

    Attributes:
        minutes: Working minutes left, or since the due time when late.
        level: The highest warning reached: 0, 50, 80 or 100 (percent of the SLA).
        how: ``running``, ``paused`` (waits for the person), ``late`` or ``done``.
    """

    minutes: int
    level: int
    how: str


WORK = web.AppKey("work", Work)
