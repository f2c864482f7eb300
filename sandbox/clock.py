"""The sandbox's clock, which a test may put forward or back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """Gives the time of the whole sandbox.

    Attributes:
        hours: How far it is ahead of the real time; behind it when negative.
    """

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self.hours = 0.0

    def __call__(self) -> datetime:
        """Return the moment."""
        return self._real() + timedelta(hours=self.hours)
