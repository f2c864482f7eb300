"""The desk's working time: when it is open, and when an answer is due.

The desk is open Monday to Friday 08.00-16.00 WIB (Katalog Layanan HAI-DJPb 2026.0, section C),
except on national holidays and, if the year's file says so, on *cuti bersama*. Hours and days
stand in ``data/calendar/<year>.yml``, which names its decree (SKB); nothing of them is in code.
Every moment is an aware datetime; results are in WIB. The loops go by days, never by minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from string import Formatter
from typing import Any

from bot.clock import JAKARTA
from bot.datafile import items, load, only, take, wrong
from bot.errors import DataError

_KINDS = ("libur_nasional", "cuti_bersama")
_FIELDS = {
    "day": {"weekday", "day", "month", "year"},
    "moment": {"date", "hour", "minute"},
    "due": {"moment"},
}
_ONE_DAY = timedelta(days=1)
_HOUR_US = 3_600_000_000
Spans = tuple[tuple[time, time], ...]
"""Opening and closing times of one weekday, in order."""


class MissingYear(DataError):
    """A calculation needs a year that has no calendar file."""

    def __init__(self, folder: Path, year: int) -> None:
        """Name the missing file of a year in the calendar folder."""
        self.year = year
        remedy = "copy the newest year's file and fill in the holidays of that year's SKB"
        super().__init__(folder / f"{year}.yml", 0, f"no calendar for {year}; {remedy}")


@dataclass(frozen=True)
class Holiday:
    """A national holiday or *cuti bersama*; `estimated` where the date is a *perkiraan*."""

    date: date
    name: str
    kind: str
    estimated: bool = False


@dataclass(frozen=True)
class Year:
    """One calendar file; `source` is its decree, `week` the hours from Monday to Sunday."""

    path: Path
    source: str
    closed_on_leave: bool
    week: tuple[Spans, ...]
    holidays: Mapping[date, Holiday]

    def spans(self, day: date) -> Spans:
        """Return the opening hours of a day of this year, in WIB; empty when the desk is shut."""
        holiday = self.holidays.get(day)
        if holiday and (self.closed_on_leave or holiday.kind != "cuti_bersama"):
            return ()
        return self.week[day.weekday()]


@dataclass(frozen=True)
class WorkCalendar:
    """Working days and hours of the desk, and the words for them.

    Methods raise `MissingYear` when they need a year without a file, and ValueError when given
    a naive datetime.
    """

    folder: Path
    years: Mapping[int, Year]
    words: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> WorkCalendar:
        """Read every ``<year>.yml`` and ``words.yml`` of a folder.

        Raises:
            DataError: A file is wrong; the text gives file, line and remedy.
        """
        files = sorted(folder.glob("[0-9][0-9][0-9][0-9].yml"))
        years = {int(path.stem): _year(path) for path in files}
        return cls(folder, years, _words(folder / "words.yml"))

    def is_working_day(self, day: date) -> bool:
        """Say whether the desk opens on a day (for a datetime: its day in WIB)."""
        return bool(self._spans(_date(day)))

    def is_open(self, moment: datetime) -> bool:
        """Say whether the desk is open; at closing time it is not."""
        at = _wib(moment)
        return any(opens <= at.time() < closes for opens, closes in self._spans(at.date()))

    def next_opening(self, moment: datetime) -> datetime:
        """Return the first opening at or after a moment (while open: the one after)."""
        at = _wib(moment)
        return next(opens for opens, _ in self._sessions(at) if opens >= at)

    def due(self, start: datetime, hours: float | Fraction) -> datetime:
        """Return the moment by which a number of working hours has passed.

        A due time that would fall on opening time is the closing of the working day before, so
        8 hours from 08.00 end at 16.00 (catalogue C.3: what comes outside the hours counts from
        the next working day).

        Args:
            start: When the request came.
            hours: Working hours (*jam kerja*) allowed, more than 0; 16, for Broadcast 8.
        """
        left = timedelta(microseconds=round(Fraction(hours) * _HOUR_US))
        if left <= timedelta(0):
            raise ValueError("hours must be more than 0")
        at = _wib(start)
        for opens, closes in self._sessions(at):
            begins = max(opens, at)
            if closes - begins >= left:
                return begins + left
            left -= closes - begins
        raise AssertionError("the sessions never end")

    def working_minutes(self, start: datetime, end: datetime) -> int:
        """Return the whole minutes of working time between two moments.

        Negative when the end lies before the start, so that a due time that has passed reads
        as minutes overdue.
        """
        first, last = _wib(start), _wib(end)
        if last < first:
            return -self.working_minutes(last, first)
        worked, day = timedelta(0), first.date()
        while day <= last.date():
            for opens, closes in self._day(day):
                worked += max(min(closes, last) - max(opens, first), timedelta(0))
            day += _ONE_DAY
        return worked // timedelta(minutes=1)

    def check(self, today: date) -> list[str]:
        """Look ahead at the start of the program.

        Returns:
            Warnings for operators: the following year has no file (from 1 October on), or an
            estimated holiday lies within the next 60 days.

        Raises:
            MissingYear: The current year has no file, or the following one from 15 December on.
        """
        today = _date(today)
        self._year(today.year)
        warnings = []
        if today >= date(today.year, 10, 1) and today.year + 1 not in self.years:
            missing = MissingYear(self.folder, today.year + 1)
            if today >= date(today.year, 12, 15):
                raise missing
            warnings.append(f"{missing}; from 15 December on Nindy refuses to start without it")
        for year in self.years.values():
            for day, holiday in year.holidays.items():
                if holiday.estimated and today <= day <= today + timedelta(days=60):
                    advice = "confirm it and remove 'estimated', or correct it"
                    warnings.append(f"{year.path}: {day} ({holiday.name}) is estimated; {advice}")
        return warnings

    def say_day(self, day: date) -> str:
        """Put a day into words (for a datetime: its day in WIB)."""
        day = _date(day)
        weekday, month = self.words["days"][day.weekday()], self.words["months"][day.month - 1]
        form = self.words["templates"]["day"]
        return str(form.format(weekday=weekday, day=str(day.day), month=month, year=str(day.year)))

    def say_moment(self, moment: datetime) -> str:
        """Put a moment into words, in WIB; seconds are dropped."""
        at = _wib(moment)
        form = self.words["templates"]["moment"]
        said = form.format(date=self.say_day(at), hour=f"{at:%H}", minute=f"{at:%M}")
        return str(said)

    def say_due(self, due: datetime) -> str:
        """Put a due time into words, in WIB."""
        return str(self.words["templates"]["due"].format(moment=self.say_moment(due)))

    def _year(self, year: int) -> Year:
        if year not in self.years:
            raise MissingYear(self.folder, year)
        return self.years[year]

    def _spans(self, day: date) -> Spans:
        return self._year(day.year).spans(day)

    def _day(self, day: date) -> list[tuple[datetime, datetime]]:
        at = datetime.combine
        return [(at(day, o, JAKARTA), at(day, c, JAKARTA)) for o, c in self._spans(day)]

    def _sessions(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Give the open sessions that end after a moment, without end."""
        day = moment.date()
        while True:
            yield from (session for session in self._day(day) if session[1] > moment)
            day += _ONE_DAY


def _wib(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a naive datetime; give it a time zone")
    return moment.astimezone(JAKARTA)


def _date(day: date) -> date:
    return _wib(day).date() if isinstance(day, datetime) else day


def _year(path: Path) -> Year:
    data = load(path)
    source = take(data, "source", str)
    only(data, ("source", "cuti_bersama_tutup", "hours", "holidays"))
    holidays: dict[date, Holiday] = {}
    for node in items(data, "holidays", dict):
        day = take(node, "date", date)
        kind = take(node, "kind", str)
        only(node, ("date", "kind", "name", "estimated"))
        if day.year != int(path.stem):
            raise wrong(node, f"{day} is not in {path.stem}; move it to {day.year}.yml", "date")
        if day in holidays:
            raise wrong(node, f"{day} is listed twice; keep one line, with both names", "date")
        if kind not in _KINDS:
            raise wrong(node, f"unknown kind '{kind}'; write one of {', '.join(_KINDS)}", "kind")
        estimated = take(node, "estimated", bool, False)
        holidays[day] = Holiday(day, take(node, "name", str), kind, estimated)
    week = _week(take(data, "hours", dict))
    return Year(path, source, take(data, "cuti_bersama_tutup", bool), week, holidays)


def _week(node: Any) -> tuple[Spans, ...]:
    only(node, ("open", "close", "break", "friday_break"))
    opens, closes = _time(node, "open"), _time(node, "close")
    if opens >= closes:
        raise wrong(node, "'close' must be later than 'open'", "close")
    daily = _around(node, "break", opens, closes) or ((opens, closes),)
    friday = _around(node, "friday_break", opens, closes) or daily
    return (daily,) * 4 + (friday, (), ())


def _around(node: Any, key: str, opens: time, closes: time) -> Spans:
    text = take(node, key, str, "")
    if not text:
        return ()
    stops, _, resumes = text.partition("-")
    span = _parse(node, key, stops), _parse(node, key, resumes)
    if not opens < span[0] < span[1] < closes:
        raise wrong(node, f"'{key}' must lie between 'open' and 'close', earlier time first", key)
    return (opens, span[0]), (span[1], closes)


def _time(node: Any, key: str) -> time:
    return _parse(node, key, take(node, key, str))


def _parse(node: Any, key: str, text: str) -> time:
    found = re.fullmatch(r"([01]\d|2[0-3])\.([0-5]\d)", text.strip(), re.ASCII)
    if not found:
        raise wrong(node, f"'{text}' is no time; write it like \"08.00\", in quotes", key)
    return time(int(found[1]), int(found[2]))


def _words(path: Path) -> Mapping[str, Any]:
    data = load(path)
    templates = take(data, "templates", dict)
    only(data, ("days", "months", "templates"))
    for key, count in (("days", 7), ("months", 12)):
        if len(items(data, key, str)) != count:
            raise wrong(data, f"'{key}' must list {count} names", key)
    for key, fields in _FIELDS.items():
        text = take(templates, key, str)
        try:
            used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            text.format(**dict.fromkeys(used, ""))
        except (ValueError, LookupError):
            used = set()
        if used != fields:
            wanted = ", ".join(f"{{{field}}}" for field in sorted(fields))
            raise wrong(templates, f"template '{key}' must use exactly {wanted}", key)
    return data  # type: ignore[no-any-return]
