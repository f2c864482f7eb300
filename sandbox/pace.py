"""How much Meta takes at once: from the number, and for one person."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from sandbox.graph_limits import Refusal

PER_SECOND = 80
BURST = 45
EVERY = 6.0
"""Seconds between two messages to one person in the long run."""


class Pace:
    """Counts what was taken; while it is switched off it is not asked.

    Args:
        now: The sandbox's clock, which may be put back.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Forget what was taken."""
        self._taken: deque[float] = deque(maxlen=PER_SECOND)
        self._borrowed: dict[str, float] = {}

    def take(self, person: str) -> None:
        """Count a message to a person.

        Raises:
            Refusal: It is too much; nothing was counted.
        """
        now = self._now().timestamp()
        if sum(now - 1 < at <= now for at in self._taken) >= PER_SECOND:
            raise Refusal(130429, "Cloud API message throughput has been reached")
        until = self._borrowed.get(person, now)
        if not now <= until <= now + BURST * EVERY:
            until = now
        if until + EVERY > now + BURST * EVERY:
            raise Refusal(131056, "Too many messages to this person in a short time")
        self._borrowed[person] = until + EVERY
        self._taken.append(now)
