"""The circuit breaker: a system that keeps failing is left alone for a while.

    closed ──5 failures in a row──▶ open ──30 s──▶ half_open ──one trial──▶ closed or open

A result that arrives after the state has moved on belongs to an older state and is ignored:
a slow call from before the breaker opened neither closes it nor opens it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half_open"]


class Breaker:
    """The breaker of one system in one process.

    Args:
        failures: Failures in a row that open it.
        pause: Seconds it stays open before one trial is let through.
        clock: A monotonic clock in seconds.
    """

    def __init__(
        self,
        failures: int = 5,
        pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._failed = 0
        self._opened_at: float | None = None
        self._trial_runs = False
        self._era = 0

    @property
    def state(self) -> State:
        """What the next call meets; ``half_open`` lasts until the trial has ended."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() - self._opened_at >= self._pause else "open"

    def enter(self) -> int | None:
        """Ask to call the system.

        Returns:
            A ticket for `leave`, or None when the call must not be made.
        """
        state = self.state
        if state == "open" or (state == "half_open" and self._trial_runs):
            return None
        if state == "half_open":
            self._trial_runs = True
            self._era += 1
        return self._era

    def leave(self, ticket: int, well: bool | None) -> None:
        """Report how a call ended.

        Args:
            ticket: What `enter` gave.
            well: True when the system did its work, False when it failed, None when the call
                was abandoned and says nothing about the system.
        """
        if ticket != self._era:
            return
        trial, self._trial_runs = self._trial_runs, False
        if well is None:
            return
        if well:
            self._failed = 0
            self._opened_at = None
            return
        self._failed += 1
        if trial or self._failed >= self._limit:
            self._opened_at = self._clock()
            self._failed = 0
            self._era += 1
