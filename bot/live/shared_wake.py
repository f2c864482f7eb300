"""Wake-ups between processes, through Redis."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial

from bot.live.shared import Shared
from bot.live.wake import Wake

_CHANNEL = "nindy:wake"


class SharedWake(Wake):
    """Wakes whoever waits in this process at once, and those in others as soon as Redis can.

    Args:
        shared: Redis.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared
        self._me = uuid.uuid4().hex
        self._untold: set[str] = set()
        self._something = asyncio.Event()

    def ring(self, name: str) -> None:
        """Wake whoever waits for `name`, in any process."""
        self.ring_here(name)
        # Rings that come while one is under way are told as one.
        self._untold.add(name)
        self._something.set()

    async def run(self) -> None:
        """Tell the others and hear them, for ever."""
        await asyncio.gather(self._tell(), self._hear())

    async def _tell(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            names, self._untold = self._untold, set()
            for name in names:
                said = f"{self._me} {name}"
                await self._shared.ask(partial(self._shared.redis.publish, _CHANNEL, said))

    async def _hear(self) -> None:
        async for said in self._shared.listen(_CHANNEL):
            who, _, name = said.partition(" ")
            if who != self._me:
                self.ring_here(name)
