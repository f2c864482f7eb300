"""Writes what a channel received, many deliveries in one transaction.

A commit is the expensive part of storing a message, so deliveries that arrive while one commit
is under way share the next. The channel answers "received" only when its own is on disk. A
delivery that cannot be stored takes no other with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Alarm, IdentityChange, Inbound, Reply, Status
from bot.channels.message import Delivery as State
from bot.clock import Clock
from bot.ledger import alarms, inbox, opt_outs, people, prices, receipts, window
from bot.ledger.database import Ledger
from bot.ledger.left_behind import leave_behind
from bot.live.wake import Wake
from bot.privacy import Vault

log = logging.getLogger(__name__)

_LOCKED = "55P03"
"""PostgreSQL's code for a row that somebody else has held too long."""


@dataclass(frozen=True)
class Delivery:
    """Everything of one POST of a provider."""

    messages: tuple[Inbound, ...]
    statuses: tuple[Status, ...]
    identity: tuple[IdentityChange, ...]
    alarms: tuple[Alarm, ...] = ()


_Waiter = tuple[Delivery, "asyncio.Future[int]"]


class Intake:
    """Stores deliveries and rings the worker.

    Args:
        ledger: Where they are stored.
        wake: Rung after each commit.
        clock: The time.
        spare: The template for bubbles that turn out to be too late and bring none of their own.
        told: What a person hears whose number changed while something was under way.
    """

    def __init__(
        self,
        ledger: Ledger,
        wake: Wake,
        clock: Clock,
        spare: Reply | None = None,
        told: Reply | None = None,
    ) -> None:
        self._ledger = ledger
        self._wake = wake
        self._clock = clock
        self._spare = spare
        self._told = told
        self._waiting: list[_Waiter] = []
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
            if not await self._store(batch):
                for one in batch:
                    await self._store([one], alone=True)

    async def _store(self, batch: list[_Waiter], alone: bool = False) -> bool:
        try:
            items = [item for item, _ in batch]
            new = await self._ledger.run(_store_all, items, self._clock, self._spare, self._told)
        except Exception as error:
            if not (_is_away(error) or alone or len(batch) == 1):
                return False
            for _, done in batch:
                if not done.done():
                    done.set_exception(error)
            return True
        for (_, done), count in zip(batch, new, strict=True):
            if not done.done():
                done.set_result(count)
        if any(new):
            self._wake.ring("inbox")
            self._wake.ring("files")
            # Whoever waits is answered first; to write a line costs a fifth of a webhook.
            await asyncio.sleep(0)
            for item, _ in batch:
                for message in item.messages:
                    name = inbox.trace_of(inbox.key_of(self._ledger.vault, message))
                    log.info("message received", extra={"trace": name, "type": message.type})
        return True


def _is_away(error: Exception) -> bool:
    """Say whether the database is away, for all; anything else is the fault of one delivery."""
    if not isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError)):
        return False
    return getattr(error.orig, "pgcode", None) != _LOCKED


def _store_all(
    connection: Connection,
    vault: Vault,
    deliveries: list[Delivery],
    clock: Clock,
    spare: Reply | None,
    told: Reply | None,
) -> list[int]:
    now = clock()

    def moved(conversation_id: str) -> None:
        leave_behind(connection, vault, conversation_id, told, now)

    new: list[bool] = []
    for step in _steps(deliveries):
        if isinstance(step, IdentityChange):
            conversation_id = people.change_identity(connection, vault, step, now)
            if conversation_id is not None:
                moved(conversation_id)
        else:
            new += inbox.receive(connection, vault, step, now, moved)
    told_new = iter(new)
    counts = [sum(islice(told_new, len(delivery.messages))) for delivery in deliveries]
    for delivery in deliveries:
        for status in delivery.statuses:
            if status.state is State.SHUT:
                window.shut_by(connection, vault, status, spare, now)
            elif status.state is State.HELD:
                receipts.hold(connection, vault, status, now)
            elif status.state is State.PUT_OFF:
                receipts.put_off(connection, vault, status, now)
            elif status.state is State.UNWANTED:
                opt_outs.refused_by(connection, vault, status, now)
            else:
                receipts.apply_status(connection, vault, status, now)
            prices.note(connection, vault, status)
        for alarm in delivery.alarms:
            alarms.sound(connection, vault, alarm, now)
    return counts


def _steps(deliveries: list[Delivery]) -> Iterator[IdentityChange | list[Inbound]]:
    """Part what came in, so that whoever moved moves between what was written before and after.

    Each delivery's messages stay together, and all are in as few parts as that allows.
    """
    together: list[Inbound] = []
    for delivery in deliveries:
        later = list(delivery.messages)
        for change in sorted(delivery.identity, key=lambda change: change.at):
            together += [message for message in later if message.sent_at < change.at]
            later = [message for message in later if message.sent_at >= change.at]
            yield together
            yield change
            together = []
        together += later
    yield together
