"""Wake-ups between the rooms: "there is something new in the inbox (or outbox)".

A wake-up may be lost without harm: whoever waits looks again after a short while anyway. In one
process it is an event; between processes it travels through Redis (`bot.live.shared_wake`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict


class Wake:
    """Named wake-ups inside one process."""

    def __init__(self) -> None:
        self._events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, name: str) -> None:
        """Wake whoever waits for `name`."""
        self.ring_here(name)

    def ring_here(self, name: str) -> None:
        """Wake whoever waits for `name` in this process: it alone has something to go on with."""
        self._events[name].set()

    async def wait(self, name: str, seconds: float) -> None:
        """Wait for `name`, but no longer than `seconds`."""
        event = self._events[name]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        event.clear()
