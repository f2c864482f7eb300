"""The one place that reads the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

JAKARTA = timezone(timedelta(hours=7), "WIB")
"""Western Indonesia Time has no daylight saving, so a fixed offset is exact."""

Clock = Callable[[], datetime]
"""Gives the present moment as an aware datetime; tests pass their own."""


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(timezone.utc)
