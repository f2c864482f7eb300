"""Removes files that nobody needs: on no ticket for long, or never written down."""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.attachments.files import Files
from bot.ledger import attachments
from bot.ledger.database import Ledger

_AT_ONCE = 500


async def sweep(ledger: Ledger, files: Files, now: datetime) -> int:
    """Forget and remove such files; return how many there were.

    A row goes before its file: what is left of one in between is found the next time.
    """
    removed = 0
    while ids := await ledger.run(attachments.forget_orphans, now, _AT_ONCE):
        removed += await _drop(files, ids)
    stale = await asyncio.to_thread(files.stale)
    for start in range(0, len(stale), _AT_ONCE):
        ids = await ledger.run(attachments.unknown, stale[start : start + _AT_ONCE])
        removed += await _drop(files, ids)
    return removed


async def _drop(files: Files, ids: list[str]) -> int:
    for id in ids:
        await files.drop(id)
    return len(ids)
