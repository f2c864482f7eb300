"""Watches the clocks: warns the desk at 50 and 80 % of an SLA and at its breach."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.catalogue import Catalogue
from bot.ledger.tables import ticket
from bot.privacy import Vault
from bot.tickets.changes import Changes
from bot.tickets.life import OPEN, WARNINGS, ChangeRefused, Clock, State, warning
from bot.tickets.record import NINDY, Seen, lock, write
from bot.tickets.takeover import Takeover, kept_waiting
from bot.worktime import WorkCalendar

REST = 24
"""Working hours (three days) after which a resolved ticket is closed, rated or not."""
_SLACK = Fraction(2, 60)
"""Hours; clocks count whole minutes."""


class Watch:
    """Looks at every running clock.

    Args:
        calendar: Working hours.
        catalogue: The services' SLA.
        changes: What can be done to a ticket.
        takeover: Reminds of people who wait.
        patience: How long a person waits for the agent who took over before they are told.
    """

    def __init__(
        self,
        calendar: WorkCalendar,
        catalogue: Catalogue,
        changes: Changes,
        takeover: Takeover,
        patience: timedelta,
    ) -> None:
        self._calendar = calendar
        self._catalogue = catalogue
        self._changes = changes
        self._takeover = takeover
        self._patience = patience

    def look(self, connection: Connection, vault: Vault, now: datetime) -> int:
        """Warn, close what rests, remind of who waits, and return how many tickets changed."""
        changed = 0
        running = sa.select(
            ticket.c.number,
            ticket.c.version,
            ticket.c.service,
            ticket.c.created_at,
            ticket.c.paused_minutes,
            ticket.c.warned,
        ).where(
            ticket.c.state.in_([state.value for state in OPEN]),
            ticket.c.paused_at.is_(None),
            self._may_be_due(now),
        )
        for row in connection.execute(running).all():
            hours = self._catalogue.hours(row.service)
            level = warning(
                Clock(row.created_at, hours, row.paused_minutes).used(self._calendar, now)
            )
            if level > row.warned:
                seen = Seen(row.number, row.version, NINDY, now)
                # Who changed it meanwhile does not spoil the look; the next one sees it.
                with suppress(ChangeRefused):
                    locked = lock(connection, seen)
                    detail = {"percent": level}
                    write(connection, vault, locked, seen, "sla", {"warned": level}, detail)
                    changed += 1
        resting = sa.select(ticket.c.number, ticket.c.resolved_at).where(
            ticket.c.state == State.RESOLVED.value,
            ticket.c.resolved_at <= now - timedelta(hours=REST),
        )
        for number, resolved_at in connection.execute(resting).all():
            if self._calendar.working_minutes(resolved_at, now) >= REST * 60:
                with suppress(ChangeRefused):
                    self._changes.close(connection, vault, Seen(number, None, NINDY, now))
                    changed += 1
        for number in kept_waiting(connection, now - self._patience):
            with suppress(ChangeRefused):
                self._takeover.remind(connection, vault, Seen(number, None, NINDY, now))
                changed += 1
        return changed

    def _may_be_due(self, now: datetime) -> Any:
        # Who has more time left than the longest SLA has at a warning cannot have reached it, so
        # a look reads the few that are about to be warned of, and not the whole queue.
        longest = max(self._catalogue.hours(one.number) for one in self._catalogue.services)
        longest = max(longest, self._catalogue.hours(None))
        near = []
        for level in WARNINGS:
            left = Fraction(longest * (100 - level), 100) + _SLACK
            until = self._calendar.due(now, left)
            near.append(sa.and_(ticket.c.warned < level, ticket.c.due_at <= until))
        return sa.or_(*near)
