"""Whether agents are at work, as the widget says it."""

from __future__ import annotations

from datetime import datetime

from bot.channels.webchat.words import ChatWords
from bot.worktime import MissingYear, WorkCalendar


class Office:
    """The service hours.

    Args:
        calendar: Working hours and holidays.
        words: How they are said.
    """

    def __init__(self, calendar: WorkCalendar, words: ChatWords) -> None:
        self._calendar = calendar
        self._words = words

    def is_open(self, now: datetime) -> bool:
        """Say whether agents are at work; past the last year that is known they are not."""
        try:
            return self._calendar.is_open(now)
        except MissingYear:
            return False

    def says(self, now: datetime) -> str:
        """Return the sentence about it; empty past the last year that is known."""
        try:
            if self._calendar.is_open(now):
                return self._words.hours["open"]
            again = self._calendar.say_moment(self._calendar.next_opening(now))
        except MissingYear:
            return ""
        return self._words.hours["shut"].format(buka=again)
