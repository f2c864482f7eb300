"""While a turn lasts the person sees that their message was read and is being answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.ledger.unit_of_work import UnitOfWork

PATIENCE = 1.0
"""Seconds after which "typing" is shown; a quicker answer would only be overtaken by it."""

Mark = Callable[[str, bool], Awaitable[None]]
"""Marks a message as read, with "typing" or without; it must not raise."""
Respond = Callable[[UnitOfWork], Awaitable[None]]


class MarkedRead:
    """Fills a unit of work while the person is told so.

    Args:
        marks: For each channel's name, the call that marks a message.
        respond: Fills the unit of work.
        patience: Seconds until "typing" is shown.
    """

    def __init__(
        self, marks: dict[str, Mark], respond: Respond, patience: float = PATIENCE
    ) -> None:
        self._marks = marks
        self._respond = respond
        self._patience = patience
        self._telling: set[asyncio.Task[None]] = set()

    async def __call__(self, work: UnitOfWork) -> None:
        """Respond; a turn that is tried again does not tell again."""
        message = work.claim.message
        mark = self._marks.get(message.channel)
        ended = asyncio.Event()
        if mark is not None and work.claim.claims == 1:
            # The turn does not wait for it.
            task = asyncio.create_task(self._tell(mark, message.external_id, ended))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        try:
            await self._respond(work)
        finally:
            ended.set()

    async def _tell(self, mark: Mark, external_id: str, ended: asyncio.Event) -> None:
        typing = False
        try:
            await asyncio.wait_for(ended.wait(), self._patience)
        except asyncio.TimeoutError:
            typing = True
        await mark(external_id, typing)
