"""Takes stored messages, one conversation at a time and in order, and answers them.

Each message is one transaction. A turn that fails is undone and tried again; after the third
failure the person gets an apology with a ticket, and the message stays visible as a dead letter.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import metrics
from bot.clock import Clock
from bot.errors import TurnFailed, TurnLost
from bot.ledger import claims, inbox, unit_of_work
from bot.ledger.claims import Claim
from bot.ledger.database import Ledger
from bot.ledger.unit_of_work import UnitOfWork
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.log import told, trace
from bot.turn.failpoints import Failpoints

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
"""Longer than a turn may take, so that a living worker never loses its conversation."""
FAILURES = 3
CLAIMS = 12
"""A message that was claimed so often without an end probably kills its worker."""
AT_ONCE = 16
"""Conversations in work at the same time: most of a turn's time is waiting for look-ups."""
LOOK_AGAIN = 0.5
LOOK_FOR_DEAD = timedelta(seconds=10)
LONGEST_REST = 60.0

Respond = Callable[[UnitOfWork], Awaitable[None]]


class Worker:
    """Answers what is in the inbox.

    Args:
        ledger: Where messages wait.
        respond: Fills a unit of work (the dialogue).
        apologise: Fills a unit of work when the dialogue cannot.
        listen: Fills a unit of work while an agent holds the conversation.
        owner: This process's name on leases.
        wake: Rung when something is in the inbox; rings the outbox.
        clock: The time.
        failpoints: Where tests end the process.
    """

    def __init__(
        self,
        ledger: Ledger,
        respond: Respond,
        apologise: Respond,
        listen: Respond,
        owner: Owner,
        wake: Wake,
        clock: Clock,
        failpoints: Failpoints,
    ) -> None:
        self._ledger = ledger
        self._respond = respond
        self._apologise = apologise
        self._listen = listen
        self._owner = owner
        self._wake = wake
        self._clock = clock
        self._failpoints = failpoints
        self._turns: set[asyncio.Task[None]] = set()
        self._looked_for_dead: datetime | None = None
        self._stopping = False

    async def run(self) -> None:
        """Answer messages until `stop`; then finish the turns that have begun."""
        while not self._stopping:
            try:
                await self._free_leases_of_the_dead()
                claimed = await self._claim()
            except Exception:
                log.exception("inbox cannot be read; trying again")
                claimed = None
            if claimed is None:
                await self._wake.wait("inbox", LOOK_AGAIN)
                continue
            task = asyncio.create_task(self._turn(claimed))
            self._turns.add(task)
            task.add_done_callback(self._turns.discard)
            if len(self._turns) >= AT_ONCE:
                await asyncio.wait(self._turns, return_when=asyncio.FIRST_COMPLETED)
        if self._turns:
            await asyncio.wait(self._turns)

    def stop(self) -> None:
        """Take no more messages."""
        self._stopping = True
        self._wake.ring_here("inbox")

    async def drain(self) -> None:
        """Answer everything that waits now (for tests that hold the clock)."""
        while (claimed := await self._claim()) is not None:
            await self._turn(claimed)

    async def _free_leases_of_the_dead(self) -> None:
        now = self._clock()
        if self._looked_for_dead is not None and now < self._looked_for_dead + LOOK_FOR_DEAD:
            return
        dead = self._owner.dead(await self._ledger.run(claims.owners))
        if dead:
            freed = await self._ledger.run(claims.release, dead)
            log.warning("leases of dead workers freed: %d", freed)
        self._looked_for_dead = now

    async def _claim(self) -> Claim | None:
        claimed = await self._ledger.run(claims.claim, self._owner.name, self._clock(), LEASE)
        if claimed is not None:
            self._failpoints.reach("after_claim")
        return claimed

    async def _turn(self, claimed: Claim) -> None:
        waited = self._clock() - claimed.received_at
        metrics.WAITED.observe(max(waited.total_seconds(), 0))
        with trace(claimed.trace), metrics.timed(metrics.TURN, outcome="answered") as labels:
            labels["outcome"] = await self._answer(claimed)

    async def _answer(self, claimed: Claim) -> str:
        """Answer a message, or leave it for another try; return how it ended."""
        began = time.perf_counter()
        work = UnitOfWork(claimed, self._clock())
        outcome = "answered"
        try:
            if claimed.failures >= FAILURES or claimed.claims > CLAIMS:
                outcome = "apologised"
                await self._apologise(work)
                await self._commit(work, inbox.DEAD)
            else:
                if claimed.holder_id:
                    outcome = "held"
                await (self._listen if claimed.holder_id else self._respond)(work)
                self._failpoints.reach("after_rasa")
                await self._commit(work, inbox.DONE)
        except TurnLost as lost:
            log.warning("turn dropped: %s", lost, extra={"inbox": claimed.inbox_id})
            await self._give_back(claimed, None)
            return "dropped"
        except Exception as error:
            await self._rest(claimed, error)
            return "failed"
        log.info("turn done", extra={"inbox": claimed.inbox_id, "ms": _milliseconds(began)})
        return outcome

    async def _commit(self, work: UnitOfWork, final_state: str) -> None:
        self._failpoints.reach("before_commit")
        await self._persist(
            lambda: self._ledger.run(
                unit_of_work.commit, work, self._owner.name, self._clock(), final_state
            ),
            work.now + LEASE,
        )
        self._failpoints.reach("after_commit")
        self._wake.ring("outbox")
        self._wake.ring_here("inbox")

    async def _rest(self, claimed: Claim, error: Exception) -> None:
        log.error(
            "turn failed and was undone: %s",
            told(error),
            extra={"inbox": claimed.inbox_id, "failures": claimed.failures + 1},
            exc_info=not isinstance(error, TurnFailed) or error.__cause__,
        )
        pause = min(0.5 * 4 ** min(claimed.failures, 9), LONGEST_REST)
        await self._give_back(claimed, pause)
        asyncio.get_running_loop().call_later(pause, self._wake.ring_here, "inbox")

    async def _give_back(self, claimed: Claim, pause: float | None) -> None:
        def not_before() -> datetime | None:
            return None if pause is None else self._clock() + timedelta(seconds=pause)

        try:
            await self._persist(
                lambda: self._ledger.run(claims.give_back, claimed, self._owner.name, not_before()),
                self._clock() + LEASE,
            )
        except Exception:
            log.exception("turn cannot be given back; its lease will run out")
        self._wake.ring_here("inbox")

    async def _persist(self, write: Callable[[], Awaitable[None]], until: datetime) -> None:
        # What a turn did outlives a database that is away for a moment. Writing twice is
        # harmless: the second time the version no longer fits.
        while True:
            try:
                return await write()
            except (
                sa.exc.OperationalError,
                sa.exc.InterfaceError,
                sa.exc.InternalError,  # What a database says that is only read for now.
            ) as error:
                if self._stopping or self._clock() >= until:
                    raise
                log.warning("database is away: %s", type(error.orig).__name__)
            await asyncio.sleep(LOOK_AGAIN)


def _milliseconds(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
