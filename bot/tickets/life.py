"""The states of a ticket, what leads from one to another, and its clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from fractions import Fraction

from bot.errors import NindyError
from bot.worktime import WorkCalendar


class State(str, Enum):
    """Where a ticket stands."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    """For the person's answer; the clock stands still."""
    FORWARDED = "forwarded"
    RESOLVED = "resolved"
    CLOSED = "closed"


OPEN = (State.NEW, State.IN_PROGRESS, State.WAITING, State.FORWARDED)


class Resolution(str, Enum):
    """What was done for the person: the indicators of catalogue F.3."""

    INFORMED = "informed"
    """Information was given (F.3.a.1.a)."""
    SOLVED = "solved"
    """A solution or explanation was given (F.3.a.1.b)."""
    DOCUMENTED = "documented"
    """The wish for a service or a change was documented for analysis (F.3.b.1)."""
    FORWARDED = "forwarded"
    """It was handed to the unit outside, or the person was shown the way (F.3.c.1)."""


class Priority(int, Enum):
    """How urgent a ticket is."""

    NORMAL = 0
    URGENT = 1


_LEADS: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.IN_PROGRESS, State.WAITING, State.FORWARDED, State.RESOLVED}),
    State.IN_PROGRESS: frozenset({State.NEW, State.WAITING, State.FORWARDED, State.RESOLVED}),
    State.WAITING: frozenset({State.IN_PROGRESS, State.FORWARDED, State.RESOLVED}),
    State.FORWARDED: frozenset({State.IN_PROGRESS, State.WAITING, State.RESOLVED}),
    State.RESOLVED: frozenset({State.CLOSED, State.IN_PROGRESS}),
    State.CLOSED: frozenset({State.IN_PROGRESS}),
}


class ChangeRefused(NindyError):
    """A ticket does not allow a change.

    Args:
        reason: ``unknown`` ticket; ``changed`` since it was read; no such ``step``; ``owned`` by
            another agent; ``closed``; the 24-hour ``window`` is shut; the person has ``gone``;
            ``no-forward`` waits for a receipt; ``unfinished``, ``rated`` or still ``unrated``; the
            conversation is ``held`` by another agent, or ``free``; only its ``holder`` may hand it
            back; nobody can be spoken to, because the complaint is ``anonymous``; a ``file`` is not
            there to be sent.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_step(before: State, after: State) -> None:
    """Refuse a step that the life of a ticket does not know.

    Raises:
        ChangeRefused: ``step``.
    """
    if after not in _LEADS[before]:
        raise ChangeRefused("step")


@dataclass(frozen=True)
class Clock:
    """How much of its SLA a ticket has used.

    Attributes:
        created_at: When it was opened.
        hours: The service's SLA in working hours.
        paused_minutes: Working minutes for which the clock has stood still.
        paused_at: Since when it stands still now.
    """

    created_at: datetime
    hours: int
    paused_minutes: int = 0
    paused_at: datetime | None = None

    def due(self, calendar: WorkCalendar) -> datetime:
        """Return the moment by which the ticket must be answered, pauses so far included."""
        allowed = Fraction(self.hours) + Fraction(self.paused_minutes, 60)
        return calendar.due(self.created_at, allowed)

    def paused_until(self, calendar: WorkCalendar, now: datetime) -> int:
        """Return the working minutes of pause up to now."""
        if self.paused_at is None:
            return self.paused_minutes
        return self.paused_minutes + _minutes(calendar, self.paused_at, now)

    def used(self, calendar: WorkCalendar, now: datetime) -> float:
        """Return the share of the SLA that is used; above 1 it is breached."""
        spent = _minutes(calendar, self.created_at, now) - self.paused_until(calendar, now)
        return max(spent, 0) / (self.hours * 60)


def _minutes(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    # From whole minute to whole minute, so that the parts of a span add up to the whole.
    first, last = (moment.replace(second=0, microsecond=0) for moment in (start, end))
    return max(calendar.working_minutes(first, last), 0)


WARNINGS = (50, 80, 100)
"""Percent of the SLA at which the desk is warned; the last is the breach."""


def warning(used: float) -> int:
    """Return the highest warning that a used share has reached, 0 below the first."""
    return max((level for level in WARNINGS if used * 100 >= level), default=0)
