"""Watches the clocks: warns the desk at 50 and 80 % of an SLA and at its breach."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.catalogue import Catalogue
from bot.ledger.tables import ticket
from bot.privacy import Vault
from bot.tickets.changes import Changes
from bot.tickets.life import OPEN, WARNINGS, Clock, State, warning
from bot.tickets.record import NINDY, Seen, lock, write
from bot.worktime import WorkCalendar

REST = 24
"""Working hours (three days) after which a resolved ticket is closed, rated or not."""


class Watch:
    """Looks at every running clock.

    Args:
        calendar: Working hours.
        catalogue: The services' SLA.
        changes: What can be done to a ticket.
    """

    def __init__(self, calendar: WorkCalendar, catalogue: Catalogue, changes: Changes) -> None:
        self._calendar = calendar
        self._catalogue = catalogue
        self._changes = changes

    def look(self, connection: Connection, vault: Vault, now: datetime) -> int:
        """Write down the warnings that are due, close what rests, and return how many changed."""
        changed = 0
        running = sa.select(ticket).where(
            ticket.c.state.in_([state.value for state in OPEN]),
            ticket.c.paused_at.is_(None),
            ticket.c.warned < WARNINGS[-1],
        )
        for row in connection.execute(running).all():
            hours = self._catalogue.hours(row.service)
            level = warning(
                Clock(row.created_at, hours, row.paused_minutes).used(self._calendar, now)
            )
            if level > row.warned:
                seen = Seen(row.number, row.version, NINDY, now)
                locked = lock(connection, seen)
                detail = {"percent": level}
                write(connection, vault, locked, seen, "sla", {"warned": level}, detail)
                changed += 1
        resting = sa.select(ticket.c.number, ticket.c.resolved_at).where(
            ticket.c.state == State.RESOLVED.value
        )
        for number, resolved_at in connection.execute(resting).all():
            if self._calendar.working_minutes(resolved_at, now) >= REST * 60:
                self._changes.close(connection, vault, Seen(number, None, NINDY, now))
                changed += 1
        return changed
