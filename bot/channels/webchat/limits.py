"""How much one address and one session may ask for: token buckets, kept in this process."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import ChatRefused

_MOST = 50_000
"""Buckets kept; the one that was used longest ago is forgotten first."""

_ROUNDING = 1e-9
"""Who waits just as long as was said must not fail by the last bit of a sum."""


@dataclass(frozen=True)
class Rate:
    """So many at once, and so many a second after that."""

    burst: float
    per_second: float


class Buckets:
    """Lets through what a rate allows, for each name by itself.

    Args:
        rate: What one name may have.
        monotonic: Seconds that only grow.
    """

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> None:
        """Take one from a name's bucket.

        Raises:
            ChatRefused: ``busy``, with the seconds after which there will be one.
        """
        now, rate = self._monotonic(), self._rate
        left, seen = self._left.get(name, (rate.burst, now))
        left = min(rate.burst, left + (now - seen) * rate.per_second)
        enough = left >= 1 - _ROUNDING
        self._left[name] = (left - 1 if enough else left, now)
        self._left.move_to_end(name)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        if not enough:
            raise ChatRefused("busy", math.ceil((1 - left) / rate.per_second))
