"""Fetches the files that messages brought, and lets the scanner look again at what waits for it.

A message is stored without its file; this loop fetches it afterwards, so that no webhook waits
for a download and none is lost with the process. When a file does not come after its sender was
told that it was received, the sender hears it, once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from bot.attachments.files import Files, Kept
from bot.attachments.scanner import Verdict
from bot.channels.message import Media, Reply
from bot.clock import Clock
from bot.errors import Blocked, FileLost, FileRefused, Permanent
from bot.ledger import attachments, confidence, fetches, outbox
from bot.ledger.attachments import LOST, REJECTED
from bot.ledger.database import Ledger
from bot.ledger.fetches import Fetch
from bot.live.wake import Wake
from bot.privacy import Vault
from bot.turn.file_words import FileWords

log = logging.getLogger(__name__)

AT_ONCE = 4
LOOK_AGAIN = 0.5
ATTEMPTS = 10
"""With the pauses below about half an hour, then the file counts as lost."""
A_DAY = 50
"""Files of one person that are fetched in 24 hours: a flood must not fill the disk."""
STRICT = 3
"""Tries in which the digest must fit."""
LONGEST_PAUSE = 300
SECONDS = 50.0
"""For fetching, scanning and sealing one file; less than its lease."""
REMEMBERED = timedelta(days=7)
"""So long a provider keeps a file (WhatsApp: ids of what people send)."""

Fetched = Callable[[Media, bool], AsyncGenerator[bytes, None]]
"""Reads a file from its channel: which, and whether its digest must fit."""


class Fetcher:
    """Empties the queue of files.

    Args:
        ledger: Where they wait.
        files: Where they go.
        sources: For each channel's name, the call that reads a file.
        words: What is said when one does not come.
        wake: Rings the inbox and the outbox.
        clock: The time.
    """

    def __init__(
        self,
        ledger: Ledger,
        files: Files,
        sources: dict[str, Fetched],
        words: FileWords,
        wake: Wake,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._sources = sources
        self._words = words
        self._wake = wake
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Fetch until `stop`. What is under way then is left, and fetched after the next start."""
        while not self._stopping:
            try:
                taken = await self._take(AT_ONCE - len(self._running))
            except Exception:
                log.exception("files to be fetched cannot be read; trying again")
                taken = []
            for fetch in taken:
                task = asyncio.create_task(self._fetch(fetch))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if len(self._running) >= AT_ONCE:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            elif not taken:
                await self._wake.wait("files", LOOK_AGAIN)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def stop(self) -> None:
        """Take no more files."""
        self._stopping = True
        self._wake.ring_here("files")

    async def drain(self) -> None:
        """Fetch everything that is due now (for tests that hold the clock)."""
        while taken := await self._take(AT_ONCE):
            for fetch in taken:
                await self._fetch(fetch)

    async def _take(self, limit: int) -> list[Fetch]:
        return await self._ledger.run(fetches.take, self._clock(), limit)

    async def _fetch(self, fetch: Fetch) -> None:
        try:
            await self._settle(fetch)
        except Exception:
            log.exception("what became of a file cannot be recorded; it is fetched again")
        self._wake.ring("inbox")
        self._wake.ring("outbox")

    async def _settle(self, fetch: Fetch) -> None:
        try:
            if fetch.media is None:
                await self._scan(fetch)
            else:
                kept = await asyncio.wait_for(self._keep(fetch, fetch.media), SECONDS)
                await self._ledger.run(fetches.kept, fetch, kept, self._clock())
        except FileRefused as refused:
            await self._gone(fetch, REJECTED, refused.reason)
        except (Permanent, FileLost) as error:
            log.warning("a file is lost: %s", error, extra={"attachment": fetch.id})
            await self._gone(fetch, LOST)
        except Exception as error:
            await self._later(fetch, error)

    async def _keep(self, fetch: Fetch, media: Media) -> Kept:
        source = self._sources.get(fetch.channel)
        if source is None:
            raise Permanent(0, f"no files come from {fetch.channel}")
        day = self._clock() - timedelta(days=1)
        if await self._ledger.run(attachments.sent_since, fetch.conversation_id, day) > A_DAY:
            raise FileRefused("many")
        async with aclosing(source(media, fetch.attempts <= STRICT)) as pieces:
            return await self._files.keep(pieces, media.name, fetch.id)

    async def _scan(self, fetch: Fetch) -> None:
        verdict = await self._files.scan_again(fetch.id)
        if verdict is Verdict.INFECTED:
            await self._files.drop(fetch.id)
            raise FileRefused("infected")
        if verdict is Verdict.CLEAN:
            await self._ledger.run(fetches.clean, fetch)
        else:
            await self._ledger.run(fetches.postpone, fetch, self._clock() + pause(fetch.attempts))

    async def _later(self, fetch: Fetch, error: Exception) -> None:
        log.warning(
            "a file could not be fetched: %s",
            type(error).__name__,
            extra={"attachment": fetch.id, "attempts": fetch.attempts},
        )
        now = self._clock()
        tried = fetch.attempts >= ATTEMPTS and not isinstance(error, Blocked)
        if tried or now > fetch.created_at + REMEMBERED:
            await self._gone(fetch, LOST)
        else:
            await self._ledger.run(fetches.postpone, fetch, now + pause(fetch.attempts))

    async def _gone(self, fetch: Fetch, state: str, reason: str = "") -> None:
        await self._ledger.run(_write_off, fetch, state, reason, self._words, self._clock())


def _write_off(
    connection: Connection,
    vault: Vault,
    fetch: Fetch,
    state: str,
    reason: str,
    words: FileWords,
    now: datetime,
) -> None:
    if fetches.gone(connection, vault, fetch, state, reason):
        for file in attachments.of(connection, vault, [fetch.id]):
            told = Reply(words.refused(file))
            matter = confidence.of_file(connection, fetch.id)
            outbox.enqueue(connection, vault, fetch.conversation_id, None, told, now, matter=matter)


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: doubling from two seconds."""
    return timedelta(seconds=min(2 ** min(attempts, 9), LONGEST_PAUSE))
