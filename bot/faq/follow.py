"""Follows what the desk publishes, so that a worker answers by it without a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy.engine import Connection

from bot.faq import history
from bot.faq.bank import Bank, Entry
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.nlu.edition import Edition
from bot.nlu.matcher import Engine
from bot.privacy import Vault

log = logging.getLogger(__name__)

WAKE = "faq"
"""Rung when something was published."""
LOOK_AGAIN = 3.0
"""Seconds between two looks at the ledger."""


class Follower:
    """Makes a new edition when something was published or withdrawn.

    Args:
        ledger: Where that is written.
        released: The entries of ``data/faq``, which the engine was trained on.
        engine: As it was trained.
        wake: Rung by a desk in the same process.
        take: Gets each edition, beginning with the first look.
    """

    def __init__(
        self,
        ledger: Ledger,
        released: Bank,
        engine: Engine,
        wake: Wake,
        take: Callable[[Edition], None],
    ) -> None:
        self._ledger = ledger
        self._released = released
        self._engine = engine
        self._wake = wake
        self._take = take
        self._number = -1

    async def run(self) -> None:
        """Look until the task is cancelled."""
        while True:
            await self._wake.wait(WAKE, LOOK_AGAIN)
            try:
                await self.look()
            except Exception:
                log.exception("what the desk published cannot be followed; trying again")

    async def look(self) -> None:
        """Look once; a new edition is built in a thread, so that turns go on meanwhile."""
        if await self._ledger.run(history.publications) == self._number:
            return
        number, changed = await self._ledger.run(_read)
        edition = await asyncio.to_thread(self._edition, number, changed)
        self._take(edition)
        self._number = number
        log.info("the FAQ is now edition %d with %d entries", number, len(edition.bank))

    def _edition(self, number: int, changed: dict[str, Entry | None]) -> Edition:
        if not changed:
            return Edition(number, self._released, self._engine)
        bank = self._released.overlaid(changed)
        engine = self._engine.knowing(
            {entry.id: entry.phrasings for entry in bank.entries},
            {entry.id: entry.service for entry in bank.entries},
        )
        return Edition(number, bank, engine)


def _read(connection: Connection, vault: Vault) -> tuple[int, dict[str, Entry | None]]:
    # The number first: what is committed between the two is then read anew at the next look.
    number = history.publications(connection, vault)
    return number, history.published(connection, vault)
