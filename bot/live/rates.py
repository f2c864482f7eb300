"""Rates: so many at once, then one every so often (the generic cell rate algorithm).

A key keeps one moment, the one at which all it was granted would have been spread out evenly.
What it is asked for lies beyond that moment by at most the burst, or has to wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

_MOST = 10_000
"""Keys after which those that are at rest are looked for, and forgotten."""


@dataclass(frozen=True)
class Rate:
    """How often something may happen.

    Attributes:
        every: Seconds from one to the next in the long run.
        burst: How many may come at once after a rest, at least 1.
    """

    every: float
    burst: int = 1

    def share(self, of: int) -> Rate:
        """Return the part of one out of so many that do not know of each other."""
        return Rate(self.every * of, max(1, self.burst // of))


@dataclass(frozen=True)
class Rest:
    """How long nothing happens after it was too much.

    Attributes:
        shortest: Seconds the first time.
        longest: Seconds at most, doubled each time until then; after so long without another
            refusal it begins anew.
    """

    shortest: float
    longest: float


class Rates:
    """The rates of one process.

    Args:
        clock: A monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spread: dict[str, float] = {}
        self._rests: dict[str, tuple[float, float]] = {}
        self._most = _MOST

    async def take(self, key: str, rate: Rate, patience: float) -> float:
        """Reserve a turn, if it comes soon enough.

        Args:
            key: Whose rate; must tell nothing about a person.
            rate: How often.
            patience: Seconds that the caller would wait for it.

        Returns:
            The seconds to wait. When they are more than `patience`, nothing was reserved.
        """
        now = self._clock()
        spread = max(now, self._spread.get(key, now))
        wait = max(0.0, spread - (rate.burst - 1) * rate.every - now)
        if wait <= patience:
            self._spread[key] = spread + rate.every
            if len(self._spread) > self._most:
                self._spread = {key: at for key, at in self._spread.items() if at > now}
                # Not again before as many have come as are in use.
                self._most = max(_MOST, 2 * len(self._spread))
        return wait

    async def rest(self, key: str, rate: Rate, rest: Rest) -> float:
        """Grant nothing for a while, because the other side says that it was too much.

        Those who are refused while it rests already make it no longer.

        Args:
            key: Whose rate.
            rate: The rate that it is taken at.
            rest: For how long.

        Returns:
            The seconds until turns are granted again.
        """
        now = self._clock()
        until, last = self._rests.get(key, (0.0, 0.0))
        if now < until:
            return until - now
        if now >= until + rest.longest:
            last = 0.0
        seconds = min(max(last * 2, rest.shortest), rest.longest)
        self._rests[key] = (now + seconds, seconds)
        spread = now + seconds + (rate.burst - 1) * rate.every
        self._spread[key] = max(self._spread.get(key, spread), spread)
        return seconds

    async def resting(self, key: str) -> float:
        """Return the seconds that a rest still lasts, for who took a turn before it began."""
        return max(0.0, self._rests.get(key, (0.0, 0.0))[0] - self._clock())
