"""How the desk stands (`/supervisor`), as charts and as a table to download."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from aiohttp import web

from bot.clock import JAKARTA
from bot.ledger import numbers
from bot.worktime import WorkCalendar
from desk import table
from desk.keys import DESK
from desk.pages import render
from desk.scope import OVERSEERS
from desk.security import requires
from desk.work import WORK

routes = web.RouteTableDef()

_AGES = (0, 2, 5)
"""Working days before today on which an open ticket may have been opened, for each column."""
_COLUMNS = (*numbers.COLUMNS, "owner")


@routes.get("/supervisor")
@requires(*OVERSEERS)
async def show(request: web.Request) -> web.StreamResponse:
    """Show open tickets by unit, the SLA, ratings, and where tickets come from."""
    desk, work = request.app[DESK], request.app[WORK]
    now = desk.now()
    found = await desk.ledger.run(numbers.overview, month(now), now, ages(work.calendar, now))
    waited = 0
    if found.oldest is not None:
        waited = work.calendar.working_minutes(found.oldest[2], now)
    names = {one.id: one.name for one in work.catalogue.categories}
    return render(
        request,
        "supervisor.html",
        found=found,
        waited=waited,
        names=names,
        triage=work.catalogue.triage_unit,
        since=month(now),
        now=now,
    )


@routes.get("/supervisor/tiket.csv")
@requires(*OVERSEERS)
async def download(request: web.Request) -> web.Response:
    """Give the tickets of this month and all open ones as CSV, without what people wrote."""
    desk = request.app[DESK]
    rows = await desk.ledger.run(numbers.table, month(desk.now()))
    cells = ([getattr(row, name) for name in _COLUMNS] for row in rows)
    return table.download("tiket.csv", _COLUMNS, cells)


def ages(calendar: WorkCalendar, now: datetime) -> list[datetime]:
    """Return the beginnings (WIB) of today and of so many working days before it as `_AGES`."""
    day = now.astimezone(JAKARTA).date()
    found = []
    for back, behind in zip(_AGES, (0, *_AGES), strict=False):
        for _ in range(back - behind):
            day -= timedelta(days=1)
            while not calendar.is_working_day(day):
                day -= timedelta(days=1)
        found.append(datetime.combine(day, time(), JAKARTA))
    return found


def month(now: datetime) -> datetime:
    """Return the beginning of the month in WIB."""
    return now.astimezone(JAKARTA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
