"""Writes what a channel received, many deliveries in one transaction.

A commit is the expensive part of storing a message, so deliveries that arrive while one commit
is under way share the next. The channel answers "received" only when its own is on disk.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from bot.channels.message import IdentityChange, Inbound, Status
from bot.clock import Clock
from bot.ledger import inbox, outbox, people
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.privacy import Vault


@dataclass(frozen=True)
class Delivery:
    """Everything of one POST of a provider."""

    messages: tuple[Inbound, ...]
    statuses: tuple[Status, ...]
    identity: tuple[IdentityChange, ...]


class Intake:
    """Stores deliveries and rings the worker.

    Args:
        ledger: Where they are stored.
        wake: Rung after each commit.
        clock: The time.
    """

    def __init__(self, ledger: Ledger, wake: Wake, clock: Clock) -> None:
        self._ledger = ledger
        self._wake = wake
        self._clock = clock
        self._waiting: list[tuple[Delivery, asyncio.Future[int]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def store(self, delivery: Delivery) -> int:
        """Store a delivery; return how many of its messages are new.

        Raises:
            Exception: The database could not commit it; nothing of it is stored.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                new = await self._ledger.run(_store_all, [item for item, _ in batch], self._clock)
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), count in zip(batch, new, strict=True):
                if not done.done():
                    done.set_result(count)
            if any(new):
                self._wake.ring("inbox")


def _store_all(
    connection: Connection, vault: Vault, deliveries: list[Delivery], clock: Clock
) -> list[int]:
    now = clock()
    counts = []
    for delivery in deliveries:
        for change in delivery.identity:
            people.change_identity(connection, vault, change, now)
        new = [inbox.receive(connection, vault, message, now) for message in delivery.messages]
        for status in delivery.statuses:
            outbox.apply_status(connection, vault, status, now)
        counts.append(sum(new))
    return counts
