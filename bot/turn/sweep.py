"""Removes files that were never written down: of an upload or a fetch that was not finished."""

from __future__ import annotations

import asyncio

from bot.attachments.files import Files
from bot.ledger import attachments
from bot.ledger.database import Ledger

_AT_ONCE = 500


async def sweep(ledger: Ledger, files: Files) -> int:
    """Remove such files; return how many there were.

    Whatever forgets a file removes its row first: what is left of one in between is found here.
    """
    removed = 0
    stale = await asyncio.to_thread(files.stale)
    for start in range(0, len(stale), _AT_ONCE):
        ids = await ledger.run(attachments.unknown, stale[start : start + _AT_ONCE])
        for id in ids:
            await files.drop(id)
        removed += len(ids)
    return removed
