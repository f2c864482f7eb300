"""Wake-ups between the rooms: "there is something new in the inbox (or outbox)".

A wake-up may be lost without harm: whoever waits looks again after a short while anyway. In one
process it is an event; between processes it travels through Redis (`bot.live.shared_wake`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict


class Ear:
    """Hears wake-ups, also those that come while nobody waits."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake who waits here."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Wait for a wake-up, but no longer than `seconds`."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)
        self._event.clear()


class Wake:
    """Named wake-ups inside one process."""

    def __init__(self) -> None:
        self._ears: defaultdict[str, list[Ear]] = defaultdict(lambda: [Ear()])

    def ear(self, *names: str) -> Ear:
        """Make an ear that hears all these names, beside whoever else waits for them."""
        made = Ear()
        for name in names:
            self._ears[name].append(made)
        return made

    def ring(self, name: str) -> None:
        """Wake whoever waits for `name`."""
        self.ring_here(name)

    def ring_here(self, name: str) -> None:
        """Wake whoever waits for `name` in this process: it alone has something to go on with."""
        for ear in self._ears[name]:
            ear.ring()

    async def wait(self, name: str, seconds: float) -> None:
        """Wait for `name`, but no longer than `seconds`."""
        await self._ears[name][0].wait(seconds)
