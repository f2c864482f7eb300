"""Takes bubbles from the outbox and hands them to their channel."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from bot import metrics
from bot.channels.message import Reply
from bot.clock import Clock
from bot.errors import (
    Blocked,
    ChannelError,
    Faulty,
    Permanent,
    Retryable,
    TooSoon,
    Unwanted,
    WindowShut,
)
from bot.ledger import alarms, handover, opt_outs, outbox, window
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.log import trace
from bot.turn.failpoints import Failpoints

log = logging.getLogger(__name__)

AT_ONCE = 32
LOOK_AGAIN = 0.5
LONGEST_PAUSE = 120.0
LOOK_FOR_DEAD = timedelta(seconds=10)

Send = Callable[[Outgoing], Awaitable[str]]


class Sender:
    """Empties the outbox.

    Args:
        ledger: Where bubbles wait.
        channels: For each channel's name, the call that hands a bubble over and returns the
            provider's id.
        owner: This process's name.
        wake: Rung when something is in the outbox.
        clock: The time.
        failpoints: Where tests end the process.
        settle: How long an unknown outcome waits for news before the bubble is repeated.
        spare: The template for bubbles that turn out to be too late and bring none of their own.
    """

    def __init__(
        self,
        ledger: Ledger,
        channels: dict[str, Send],
        owner: Owner,
        wake: Wake,
        clock: Clock,
        failpoints: Failpoints,
        settle: timedelta,
        spare: Reply | None = None,
    ) -> None:
        self._ledger = ledger
        self._channels = channels
        self._owner = owner
        self._wake = wake
        self._clock = clock
        self._failpoints = failpoints
        self._settle = settle
        self._spare = spare
        self._sending: set[asyncio.Task[None]] = set()
        self._looked_for_dead: datetime | None = None
        self._stopping = False

    async def run(self) -> None:
        """Send until `stop`; then finish what is under way."""
        while not self._stopping:
            try:
                await self._recover_from_the_dead()
                taken = await self._take()
            except Exception:
                log.exception("outbox cannot be read; trying again")
                taken = []
            for outgoing in taken:
                task = asyncio.create_task(self._send(outgoing))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            if len(self._sending) >= AT_ONCE:
                await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            elif not taken:
                await self._wake.wait("outbox", LOOK_AGAIN)
        if self._sending:
            await asyncio.wait(self._sending)

    def stop(self) -> None:
        """Take no more bubbles."""
        self._stopping = True
        self._wake.ring_here("outbox")

    async def drain(self) -> None:
        """Send everything that is due now (for tests that hold the clock)."""
        while taken := await self._take():
            for outgoing in taken:
                await self._send(outgoing)

    async def _take(self) -> list[Outgoing]:
        free = AT_ONCE - len(self._sending)
        return await self._ledger.run(handover.take, self._owner.name, self._clock(), free)

    async def _recover_from_the_dead(self) -> None:
        now = self._clock()
        if self._looked_for_dead is not None and now < self._looked_for_dead + LOOK_FOR_DEAD:
            return
        senders = await self._ledger.run(handover.senders)
        if senders:
            dead = self._owner.dead(senders)
            number = await self._ledger.run(handover.recover, dead, now, self._settle)
            if number:
                log.warning("bubbles with an unknown outcome after a crash: %d", number)
        self._looked_for_dead = now

    async def _send(self, outgoing: Outgoing) -> None:
        self._failpoints.reach("before_send")
        with trace(outgoing.trace):
            await self._hand_over(outgoing)
        self._wake.ring_here("outbox")

    async def _hand_over(self, outgoing: Outgoing) -> None:
        try:
            with metrics.timed(metrics.SEND, channel=outgoing.channel, outcome="sent") as labels:
                try:
                    external_id = await self._channels[outgoing.channel](outgoing)
                except Exception as error:
                    labels["outcome"] = type(error).__name__
                    raise
        except TooSoon as error:
            again, code = self._clock() + timedelta(seconds=error.seconds), error.code
            if code:
                log.warning("bubbles are slowed down", extra={"outbox": outgoing.id, "code": code})
            await self._settled(
                handover.postpone, outgoing, outbox.QUEUED, code, again, counted=False
            )
        except ChannelError as error:
            await self._not_sent(outgoing, error)
        except Exception as error:
            log.exception("bubble could not be handed over")
            await self._not_sent(outgoing, Faulty(0, type(error).__name__))
        else:
            self._failpoints.reach("after_send")
            await self._settled(handover.sent, outgoing, external_id)
            log.info("bubble sent", extra={"outbox": outgoing.id})

    async def _not_sent(self, outgoing: Outgoing, error: ChannelError) -> None:
        now = self._clock()
        log.warning("bubble not sent: %s", error, extra={"outbox": outgoing.id, "code": error.code})
        if isinstance(error, Blocked):
            await self._settled(handover.refused, outgoing, error.code)
        elif isinstance(error, WindowShut):
            await self._settled(window.shut, outgoing, error.code, self._spare)
        elif isinstance(error, Unwanted):
            await self._settled(opt_outs.refused, outgoing, error.code)
        elif isinstance(error, Faulty):
            await self._settled(alarms.refused, outgoing, error.code, error.word)
        elif isinstance(error, Permanent) or outgoing.attempts >= handover.ATTEMPTS:
            await self._settled(handover.failed, outgoing, error.code)
        elif isinstance(error, Retryable):
            known = error.seconds
            rest = pause(outgoing.attempts) if known is None else timedelta(seconds=known)
            again = now + rest
            await self._settled(handover.postpone, outgoing, outbox.QUEUED, error.code, again)
        else:
            again = now + self._settle
            await self._settled(handover.postpone, outgoing, outbox.UNKNOWN, error.code, again)

    async def _settled(
        self, settle: Callable[..., None], outgoing: Outgoing, *news: Any, **more: Any
    ) -> None:
        # A bubble that was handed over must not stay "sending" because the database is away.
        until = self._clock() + handover.STALE
        while True:
            try:
                await self._ledger.run(settle, outgoing, *news, now=self._clock(), **more)
                return
            except Exception:
                log.exception("outcome cannot be recorded", extra={"outbox": outgoing.id})
            if self._stopping or self._clock() >= until:
                return  # It will be recovered like those of the dead.
            await asyncio.sleep(LOOK_AGAIN)


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: doubling, with jitter, in seconds."""
    longest = min(0.5 * 2**attempts, LONGEST_PAUSE)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311
