"""Working time: the vectors of the catalogue's clock, a slow reference, and the files' errors."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import JAKARTA
from bot.errors import DataError, NindyError, StartupError
from bot.worktime import Holiday, MissingYear, WorkCalendar

FOLDER = Path(__file__).parents[2] / "data" / "calendar"
SHUT = "cuti_bersama_tutup: true"
OPEN = "cuti_bersama_tutup: false"
ISRA = "{date: 2026-01-16, kind: libur_nasional, name: Isra Mikraj}"
Edit = Callable[[str, str, str], Path]

# Written down a second time, on purpose: a slip in the YAML files does not hide here.
NATIONAL = """
2026-01-01 2026-01-16 2026-02-17 2026-03-19 2026-03-21 2026-03-22 2026-04-03 2026-04-05 2026-05-01
2026-05-14 2026-05-27 2026-05-31 2026-06-01 2026-06-16 2026-08-17 2026-08-25 2026-12-25
2027-01-01 2027-01-05 2027-02-06 2027-03-08 2027-03-10 2027-03-11 2027-03-26 2027-03-28 2027-05-01
2027-05-06 2027-05-17 2027-05-20 2027-06-01 2027-06-06 2027-08-15 2027-08-17 2027-12-25 2027-12-26
"""
LEAVE = """
2026-02-16 2026-03-18 2026-03-20 2026-03-23 2026-03-24 2026-05-15 2026-05-28 2026-12-24
2027-02-05 2027-03-09 2027-03-12 2027-03-15 2027-03-25 2027-05-18 2027-05-19 2027-12-24
"""
NATIONAL_DAYS = {date.fromisoformat(day) for day in NATIONAL.split()}
LEAVE_DAYS = {date.fromisoformat(day) for day in LEAVE.split()}

# Asked; 16 h shut on cuti bersama; 16 h open on it; 8 h shut (domain notes, section 4).
VECTORS = [
    ("2026-01-09 15:10", "2026-01-13 15:10", "2026-01-13 15:10", "2026-01-12 15:10"),
    ("2026-03-17 15:00", "2026-03-26 15:00", "2026-03-20 15:00", "2026-03-25 15:00"),
    ("2026-03-20 10:00", "2026-03-26 16:00", "2026-03-24 10:00", "2026-03-25 16:00"),
    ("2026-05-13 08:00", "2026-05-18 16:00", "2026-05-15 16:00", "2026-05-13 16:00"),
    ("2026-05-26 13:45", "2026-06-02 13:45", "2026-05-29 13:45", "2026-05-29 13:45"),
    ("2026-06-15 16:00", "2026-06-18 16:00", "2026-06-18 16:00", "2026-06-17 16:00"),
    ("2026-11-21 12:00", "2026-11-24 16:00", "2026-11-24 16:00", "2026-11-23 16:00"),
    ("2026-12-23 11:20", "2026-12-29 11:20", "2026-12-28 11:20", "2026-12-28 11:20"),
    ("2026-12-30 15:00", "2027-01-04 15:00", "2027-01-04 15:00", "2026-12-31 15:00"),
    ("2027-03-05 10:00", "2027-03-17 10:00", "2027-03-12 10:00", "2027-03-16 10:00"),
]


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JAKARTA)


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return WorkCalendar.load(FOLDER)


@pytest.fixture(scope="module")
def open_on_leave(tmp_path_factory: pytest.TempPathFactory) -> WorkCalendar:
    folder = tmp_path_factory.mktemp("open") / "calendar"
    shutil.copytree(FOLDER, folder)
    for year in (2026, 2027):
        _edit(folder / f"{year}.yml", SHUT, OPEN)
    return WorkCalendar.load(folder)


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """Copy the calendar, change one file, and give the folder."""

    def _copy(name: str, old: str, new: str) -> Path:
        folder = tmp_path / "calendar"
        if not folder.exists():
            shutil.copytree(FOLDER, folder)
        _edit(folder / name, old, new)
        return folder

    return _copy


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _line(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return max(number for number, line in enumerate(lines, 1) if text in line)


# The vectors, and the files behind them


@pytest.mark.parametrize(("asked", "shut16", "open16", "shut8"), VECTORS)
def test_vectors(
    calendar: WorkCalendar,
    open_on_leave: WorkCalendar,
    asked: str,
    shut16: str,
    open16: str,
    shut8: str,
) -> None:
    assert calendar.due(wib(asked), 16) == wib(shut16)
    assert open_on_leave.due(wib(asked), 16) == wib(open16)
    assert calendar.due(wib(asked), 8) == wib(shut8)


def test_the_files_hold_the_decrees_days() -> None:
    calendar = WorkCalendar.load(FOLDER)
    days = {day: h for year in calendar.years.values() for day, h in year.holidays.items()}
    assert {day for day, h in days.items() if h.kind == "libur_nasional"} == NATIONAL_DAYS
    assert {day for day, h in days.items() if h.kind == "cuti_bersama"} == LEAVE_DAYS
    estimated = {day for day, h in days.items() if h.estimated}
    assert estimated == {date(2027, 3, 10), date(2027, 3, 11), date(2027, 5, 17)}
    ascension = date(2026, 1, 16)
    assert days[ascension] == Holiday(ascension, "Isra Mikraj", "libur_nasional", False)
    assert "1497" in calendar.years[2026].source
    assert "sekunder" in calendar.years[2027].source


def test_no_file_has_a_key_that_rasa_reads() -> None:
    for path in FOLDER.glob("*.yml"):
        keys = {line.split(":")[0].strip() for line in path.read_text("utf-8").splitlines()}
        assert not keys & {"nlu", "responses", "rules", "stories"}


# Opening hours


def test_working_days(calendar: WorkCalendar, open_on_leave: WorkCalendar) -> None:
    assert calendar.is_working_day(date(2026, 11, 24))
    assert not calendar.is_working_day(date(2026, 11, 22))
    assert not calendar.is_working_day(date(2026, 12, 25))
    assert not calendar.is_working_day(date(2026, 12, 24))
    assert open_on_leave.is_working_day(date(2026, 12, 24))
    assert not open_on_leave.is_working_day(date(2026, 12, 25))


def test_a_datetime_given_as_a_day_is_its_day_in_wib(calendar: WorkCalendar) -> None:
    still_thursday_in_utc = datetime(2026, 12, 24, 18, 0, tzinfo=timezone.utc)
    assert calendar.say_day(still_thursday_in_utc) == "Jumat, 25 Desember 2026"
    assert not calendar.is_working_day(still_thursday_in_utc)
    assert calendar.check(datetime(2026, 6, 1, tzinfo=timezone.utc)) == []


@pytest.mark.parametrize(
    ("moment", "is_open", "opening"),
    [
        ("2026-11-24 07:59:59", False, "2026-11-24 08:00"),
        ("2026-11-24 08:00", True, "2026-11-24 08:00"),
        ("2026-11-24 12:30", True, "2026-11-25 08:00"),
        ("2026-11-24 15:59:59", True, "2026-11-25 08:00"),
        ("2026-11-24 16:00", False, "2026-11-25 08:00"),
        ("2026-11-20 16:00", False, "2026-11-23 08:00"),
        ("2026-03-17 17:00", False, "2026-03-25 08:00"),
        ("2026-12-31 16:00", False, "2027-01-04 08:00"),
    ],
)
def test_open_and_next_opening(
    calendar: WorkCalendar, moment: str, is_open: bool, opening: str
) -> None:
    assert calendar.is_open(wib(moment)) is is_open
    assert calendar.next_opening(wib(moment)) == wib(opening)


def test_a_moment_in_makassar_is_the_same_moment(calendar: WorkCalendar) -> None:
    makassar = ZoneInfo("Asia/Makassar")
    asked = datetime(2026, 1, 9, 16, 10, tzinfo=makassar)
    due = calendar.due(asked, 16)
    assert due == wib("2026-01-13 15:10")
    assert due.utcoffset() == timedelta(hours=7)
    assert calendar.next_opening(asked).utcoffset() == timedelta(hours=7)
    assert calendar.is_open(datetime(2026, 1, 9, 16, 59, tzinfo=makassar))
    assert not calendar.is_open(datetime(2026, 1, 9, 8, 59, tzinfo=makassar))
    assert calendar.working_minutes(asked, due) == 16 * 60
    assert calendar.say_moment(asked) == "Jumat, 9 Januari 2026 pukul 15.10 WIB"


def test_naive_datetimes_are_refused(calendar: WorkCalendar) -> None:
    naive = datetime(2026, 1, 9, 10, 0)
    aware = wib("2026-01-09 10:00")
    calls: list[Callable[[], object]] = [
        lambda: calendar.due(naive, 8),
        lambda: calendar.is_open(naive),
        lambda: calendar.next_opening(naive),
        lambda: calendar.working_minutes(naive, aware),
        lambda: calendar.working_minutes(aware, naive),
        lambda: calendar.is_working_day(naive),
        lambda: calendar.say_day(naive),
        lambda: calendar.say_moment(naive),
        lambda: calendar.say_due(naive),
        lambda: calendar.check(naive),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="time zone"):
            call()


@pytest.mark.parametrize("hours", [0, -1, 0.0, Fraction(-1, 2)])
def test_hours_must_be_positive(calendar: WorkCalendar, hours: float | Fraction) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        calendar.due(wib("2026-01-09 10:00"), hours)


def test_seconds_and_fractions_are_kept(calendar: WorkCalendar) -> None:
    asked = wib("2026-01-09 15:50:30")
    assert calendar.due(asked, Fraction(1, 3)) == wib("2026-01-12 08:10:30")
    assert calendar.due(asked, 0.1) == wib("2026-01-09 15:56:30")


# Against a slow reference, and laws


def slow_due(start: datetime, minutes: int, shut_days: set[date]) -> datetime:
    """Count minute by minute; `start` is a whole minute in WIB."""
    moment, counted = start, 0
    while True:
        day = moment.date()
        working = day.weekday() < 5 and day not in shut_days and 8 <= moment.hour < 16
        moment += timedelta(minutes=1)
        counted += working
        if counted == minutes:
            return moment


starts = st.integers(0, 430 * 24 * 60).map(
    lambda minutes: wib("2026-01-01 00:00") + timedelta(minutes=minutes)
)
quarters = st.integers(1, 160)


@settings(max_examples=60, deadline=None)
@given(start=starts, quarter=quarters, shut=st.booleans())
def test_due_equals_the_slow_reference(
    calendar: WorkCalendar, open_on_leave: WorkCalendar, start: datetime, quarter: int, shut: bool
) -> None:
    chosen = calendar if shut else open_on_leave
    shut_days = NATIONAL_DAYS | LEAVE_DAYS if shut else NATIONAL_DAYS
    assert chosen.due(start, quarter / 4) == slow_due(start, quarter * 15, shut_days)


@settings(max_examples=200, deadline=None)
@given(start=starts, quarter=quarters)
def test_due_lies_in_working_hours_and_working_minutes_give_the_hours_back(
    calendar: WorkCalendar, start: datetime, quarter: int
) -> None:
    due = calendar.due(start, Fraction(quarter, 4))
    assert calendar.is_working_day(due.date())
    assert (8, 0) < (due.hour, due.minute) <= (16, 0)
    assert calendar.is_open(due - timedelta(microseconds=1))
    assert calendar.working_minutes(start, due) == quarter * 15
    assert calendar.working_minutes(due, start) == -quarter * 15


@settings(max_examples=200, deadline=None)
@given(start=starts, later=st.integers(0, 20_000), quarter=quarters, more=st.integers(0, 40))
def test_due_is_monotonic(
    calendar: WorkCalendar, start: datetime, later: int, quarter: int, more: int
) -> None:
    due = calendar.due(start, quarter / 4)
    assert due <= calendar.due(start + timedelta(minutes=later), quarter / 4)
    assert due <= calendar.due(start, (quarter + more) / 4)
    assert due > start


@settings(max_examples=100, deadline=None)
@given(moments=st.tuples(starts, starts, starts).map(sorted))
def test_working_minutes_add_up(calendar: WorkCalendar, moments: list[datetime]) -> None:
    first, middle, last = moments
    parts = calendar.working_minutes(first, middle) + calendar.working_minutes(middle, last)
    assert calendar.working_minutes(first, last) == parts


@settings(max_examples=100, deadline=None)
@given(start=starts)
def test_next_opening_is_an_opening(calendar: WorkCalendar, start: datetime) -> None:
    opening = calendar.next_opening(start)
    assert opening >= start
    assert calendar.is_open(opening)
    assert not calendar.is_open(opening - timedelta(microseconds=1))


# Breaks


def test_a_break_stops_the_clock(edit: Edit) -> None:
    edit("2026.yml", "  break: null\n", '  break: "12.15-13.00"\n')
    folder = edit("2026.yml", "friday_break: null\n", 'friday_break: "11.30-13.15"\n')
    broken = WorkCalendar.load(folder)
    assert not broken.is_open(wib("2026-11-24 12:15"))
    assert broken.is_open(wib("2026-11-24 13:00"))
    assert not broken.is_open(wib("2026-11-27 11:30"))
    assert broken.next_opening(wib("2026-11-24 12:20")) == wib("2026-11-24 13:00")
    assert broken.due(wib("2026-11-24 11:15"), 1) == wib("2026-11-24 12:15")
    assert broken.due(wib("2026-11-24 11:15"), 2) == wib("2026-11-24 14:00")
    assert broken.working_minutes(wib("2026-11-24 08:00"), wib("2026-11-24 16:00")) == 435
    assert broken.working_minutes(wib("2026-11-27 08:00"), wib("2026-11-27 16:00")) == 375


def test_friday_follows_the_other_days_without_its_own_break(edit: Edit) -> None:
    folder = edit("2026.yml", "  break: null\n", '  break: "12.15-13.00"\n')
    calendar = WorkCalendar.load(folder)
    assert calendar.working_minutes(wib("2026-11-27 08:00"), wib("2026-11-27 16:00")) == 435


# Missing years


def test_a_calculation_that_needs_a_missing_year_says_so(
    calendar: WorkCalendar, tmp_path: Path
) -> None:
    with pytest.raises(MissingYear) as caught:
        calendar.due(wib("2027-12-31 15:00"), 2)
    assert (caught.value.year, caught.value.line) == (2028, 0)
    assert str(caught.value) == (
        f"{FOLDER / '2028.yml'}: no calendar for 2028; "
        "copy the newest year's file and fill in the holidays of that year's SKB"
    )
    assert isinstance(caught.value, NindyError)
    assert calendar.due(wib("2027-12-31 15:00"), 1) == wib("2027-12-31 16:00")
    calls: list[Callable[[], object]] = [
        lambda: calendar.is_working_day(date(2025, 12, 31)),
        lambda: calendar.is_open(wib("2025-12-31 10:00")),
        lambda: calendar.next_opening(wib("2027-12-31 10:00")),
        lambda: calendar.working_minutes(wib("2027-12-31 10:00"), wib("2028-01-03 10:00")),
    ]
    for call in calls:
        with pytest.raises(MissingYear):
            call()


def test_check_looks_ahead(calendar: WorkCalendar) -> None:
    assert calendar.check(date(2026, 12, 31)) == []
    assert calendar.check(date(2027, 9, 30)) == []
    for day in (date(2027, 10, 1), date(2027, 12, 14)):
        (warning,) = calendar.check(day)
        assert "2028.yml" in warning
        assert "15 December" in warning
    for day in (date(2027, 12, 15), date(2027, 12, 31), date(2028, 1, 1), date(2025, 6, 1)):
        with pytest.raises(StartupError, match="no calendar for"):
            calendar.check(day)


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2027, 1, 8), []),
        (date(2027, 1, 9), ["2027-03-10"]),
        (date(2027, 1, 10), ["2027-03-10", "2027-03-11"]),
        (date(2027, 3, 11), ["2027-03-11"]),
        (date(2027, 3, 12), []),
        (date(2027, 5, 17), ["2027-05-17"]),
    ],
)
def test_check_warns_of_estimated_days(
    calendar: WorkCalendar, today: date, days: list[str]
) -> None:
    warnings = calendar.check(today)
    assert len(warnings) == len(days)
    for warning, day in zip(warnings, days, strict=True):
        assert warning.startswith(f"{FOLDER / '2027.yml'}: {day} (Idul")
        assert warning.endswith(" is estimated; confirm it and remove 'estimated', or correct it")


def test_without_any_year_the_check_refuses(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "words.yml", tmp_path)
    with pytest.raises(MissingYear):
        WorkCalendar.load(tmp_path).check(date(2026, 11, 23))


# Words


def test_words(calendar: WorkCalendar) -> None:
    due = wib("2026-11-24 10:30:59")
    assert calendar.say_due(due) == "paling lambat Selasa, 24 November 2026 pukul 10.30 WIB"
    assert calendar.say_moment(due) == "Selasa, 24 November 2026 pukul 10.30 WIB"
    assert calendar.say_day(date(2026, 11, 24)) == "Selasa, 24 November 2026"
    assert calendar.say_due(wib("2026-11-24 10:30").astimezone(timezone.utc)).endswith("10.30 WIB")
    assert calendar.say_moment(wib("2027-01-04 08:05")) == "Senin, 4 Januari 2027 pukul 08.05 WIB"


def test_every_weekday_and_month_has_its_name(calendar: WorkCalendar) -> None:
    days = " ".join(calendar.say_day(date(2026, 6, day)).split(",")[0] for day in range(1, 8))
    assert days == "Senin Selasa Rabu Kamis Jumat Sabtu Minggu"
    months = " ".join(calendar.say_day(date(2026, m, 1)).split()[2] for m in range(1, 13))
    assert months == (
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
    )


# Wrong files


def spread(day: str = "2026-01-16", kind: str = "libur_nasional") -> str:
    """An entry with a line for each key, what is wrong marked."""
    return f"name: Isra Mikraj\n    kind: {kind} #\n    date: {day} #"


@pytest.mark.parametrize(
    ("name", "old", "new", "at", "says"),
    [
        ("2026.yml", "date: 2026-01-16, ", "date: 2026-01-01, ", "Isra Mikraj", "listed twice"),
        ("2026.yml", "date: 2026-01-16, ", "date: 2025-01-16, ", "Isra Mikraj", "2025.yml"),
        ("2026.yml", "date: 2026-01-16, ", "date: 2026-02-30, ", "Isra Mikraj", "out of range"),
        ("2026.yml", "date: 2026-01-16, ", "date: '2026', ", "Isra Mikraj", "must be a date"),
        ("2026.yml", ISRA, spread("2026-01-01"), "date: 2026-01-01 #", "listed twice; keep one"),
        ("2026.yml", ISRA, spread("2025-01-16"), "date: 2025-01-16 #", "move it to 2025.yml"),
        ("2026.yml", ISRA, spread(kind="cuti"), "kind: cuti #", "libur_nasional, cuti_bersama"),
        ("2026.yml", "date: 2026-01-16, ", "", "Isra Mikraj", "'date' is missing"),
        ("2026.yml", "{date: 2026-01-16, ", "[date: 2026-01-16, ", "Isra Mikraj", "broken YAML"),
        ("2026.yml", ", name: Isra Mikraj}", ", name: Isra, estimted: 1}", "name: Isra,", "estimt"),
        ("2026.yml", ", name: Nyepi}", ", name: Nyepi, estimated: 1}", "estimated: 1", "true or"),
        ("2026.yml", "kind: cuti_bersama, name: Cuti bersama Natal", "kind: cuti", "cuti}", "kind"),
        ("2026.yml", "holidays:\n", "holidays:\n  - 2026-01-01\n", "- 2026-01-01", "a mapping"),
        ("2026.yml", SHUT, "cuti_bersama_tutup: ya", "cuti_bersama_tutup", "true or false"),
        ("2026.yml", SHUT, "cuti_bersama_tutp: true", "tutp", "unknown key"),
        ("2026.yml", 'open: "08.00"', "open: 08.00", "open: 08", "in quotes"),
        ("2026.yml", 'open: "08.00"', 'open: "8 pagi"', "8 pagi", "is no time"),
        ("2026.yml", 'open: "08.00"', 'open: "16.30"', "close:", "later than"),
        ("2026.yml", "  break: null\n", '  break: "16.15-17.00"\n', "16.15", "between"),
        ("2026.yml", "  break: null\n", '  break: "12.15"\n', "12.15", "is no time"),
        ("2026.yml", "  break: null\n", '  break: "12.15-"\n', "12.15-", "is no time"),
        ("2026.yml", "  break: null\n", '  break: "-13.00"\n', "-13.00", "is no time"),
        ("2026.yml", "  break: null\n", '  break: "12.15-13.00-"\n', "13.00-", "'13.00-' is no"),
        ("2026.yml", "  break: null\n", '  break: "08.00-09.00"\n', "08.00-", "between"),
        ("2026.yml", "  break: null\n", '  break: "12.00-12.00"\n', "12.00-", "between"),
        ("2026.yml", "  break: null\n", '  break: "15.00-16.00"\n', "15.00-", "between"),
        ("2026.yml", 'open: "08.00"', 'open: "０８.００"', "０８", "is no time"),
        ("2026.yml", "friday_break: null", 'friday_break: "13.00-12.00"', "13.00-", "earlier"),
        ("words.yml", ", Minggu]", "]", "days:", "7 names"),
        ("words.yml", "  - Desember\n", "", "months:", "12 names"),
        ("words.yml", "- Desember", "- 12", "- 12", "must be text"),
        ("words.yml", "paling lambat {moment}", "paling lambat", "due:", "exactly {moment}"),
        ("words.yml", ".{minute} WIB", " WIB", "moment:", "exactly {date}, {hour}, {minute}"),
        ("words.yml", "paling lambat {moment}", "{moment.year}", "due:", "exactly {moment}"),
        ("words.yml", "paling lambat {moment}", "{moment:02d}", "due:", "exactly {moment}"),
        ("words.yml", "paling lambat {moment}", "{moment", "due:", "exactly {moment}"),
    ],
)
def test_a_wrong_file_gives_file_line_and_remedy(
    edit: Edit, name: str, old: str, new: str, at: str, says: str
) -> None:
    folder = edit(name, old, new)
    with pytest.raises(DataError) as caught:
        WorkCalendar.load(folder)
    assert caught.value.path == str(folder / name)
    assert caught.value.line == _line(folder / name, at)
    assert says in caught.value.problem


def test_a_holiday_without_a_list_and_a_missing_folder(edit: Edit, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere/words\.yml: the file is missing"):
        WorkCalendar.load(tmp_path / "nowhere")
    folder = edit("2026.yml", "holidays:\n", "")
    with pytest.raises(DataError, match=r"2026\.yml:\d+: broken YAML"):
        WorkCalendar.load(folder)
