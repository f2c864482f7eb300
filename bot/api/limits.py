"""How much of something each of many may do: a bucket each, that fills again with time."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import datetime

_MOST = 20_000
"""Buckets that are remembered; a forgotten one is full."""


class Buckets:
    """The buckets, in this process.

    Args:
        size: How much one holds.
        refill: How much flows in each second.
    """

    def __init__(self, size: int, refill: float) -> None:
        self._size = size
        self._refill = refill
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, key: str, now: datetime) -> int:
        """Take one; return 0, or when there is none the seconds until there is."""
        left, then = self._left.get(key, (float(self._size), now))
        left = min(self._size, left + (now - then).total_seconds() * self._refill)
        if left < 1:
            return math.ceil((1 - left) / self._refill)
        self._left[key] = (left - 1, now)
        self._left.move_to_end(key)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        return 0
