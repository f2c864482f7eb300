"""Takes events and hands them to the programs they are for, again and again for a day."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from bot.clock import Clock
from bot.errors import ChannelError, UpstreamError
from bot.ledger import deliveries
from bot.ledger.database import Ledger
from bot.ledger.deliveries import Parcel
from bot.live.wake import Wake
from bot.turn.failpoints import Failpoints

log = logging.getLogger(__name__)

EACH = 4
"""Events that one program is handed at the same time; each of another ticket."""
GIVEN_UP = timedelta(hours=24)
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds; doubled from try to try."""
_LOOK_AGAIN = 1.0

Carry = Callable[[Parcel], Awaitable[None]]


class Courier:
    """Delivers.

    Args:
        ledger: Where events wait.
        hooks: Hands an event to a webhook.
        others: Hands an event to a subscriber whose address is in the settings, by its id.
        wake: Rung as ``deliveries`` when there are some.
        clock: The time.
        failpoints: Where tests end the process.
    """

    def __init__(
        self,
        ledger: Ledger,
        hooks: Carry,
        others: Mapping[str, Carry],
        wake: Wake,
        clock: Clock,
        failpoints: Failpoints,
    ) -> None:
        self._ledger = ledger
        self._hooks = hooks
        self._others = others
        self._wake = wake
        self._clock = clock
        self._failpoints = failpoints
        self._under_way: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Deliver until `stop`; then finish what is under way."""
        while not self._stopping:
            try:
                taken = await self._take()
            except Exception:
                log.exception("deliveries cannot be read; trying again")
                taken = []
            for parcel in taken:
                self._tasks.add(task := asyncio.create_task(self._deliver(parcel)))
                task.add_done_callback(self._tasks.discard)
            if not taken:
                await self._wake.wait("deliveries", _LOOK_AGAIN)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def stop(self) -> None:
        """Take no more events."""
        self._stopping = True
        self._wake.ring_here("deliveries")

    async def drain(self) -> None:
        """Deliver everything that is due now (for tests that hold the clock)."""
        while taken := await self._take():
            for parcel in taken:
                await self._deliver(parcel)

    async def _take(self) -> list[Parcel]:
        taken = await self._ledger.run(deliveries.take, self._clock(), dict(self._under_way), EACH)
        self._under_way.update(parcel.subscriber for parcel in taken)
        return taken

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            self._failpoints.reach("before_deliver")
            error = await self._carry(parcel)
            self._failpoints.reach("after_deliver")
            await self._settle(parcel, error)
        except Exception:
            # It falls due again when its lease ends.
            log.exception("a delivery's outcome cannot be recorded")
        finally:
            self._under_way[parcel.subscriber] -= 1
            self._wake.ring_here("deliveries")

    async def _carry(self, parcel: Parcel) -> str:
        carry = self._others.get(parcel.subscriber, self._hooks)
        try:
            await carry(parcel)
        except (ChannelError, UpstreamError) as error:
            return error.detail or type(error).__name__
        except Exception as error:
            log.exception("an event could not be handed over")
            return type(error).__name__
        return ""

    async def _settle(self, parcel: Parcel, error: str) -> None:
        now = self._clock()
        if not error:
            await self._ledger.run(deliveries.done, parcel, now)
            return
        fields = {"subscriber": parcel.subscriber, "outcome": error, "try": parcel.attempts}
        if now - parcel.created_at >= GIVEN_UP:
            log.error("an event is given up", extra=fields)
            await self._ledger.run(deliveries.dead, parcel, error, now)
            return
        log.warning("an event did not arrive", extra=fields)
        again = now + pause(parcel.attempts)
        await self._ledger.run(deliveries.postpone, parcel, error, again)


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many tries: doubling, with jitter."""
    longest = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311
