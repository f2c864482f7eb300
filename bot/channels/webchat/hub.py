"""Feeds the open streams of this process.

One look at the ledger serves all streams: it asks which conversations have moved lately, compares
how they stand with what their streams were told, and reads what is new once for all tabs. Now and
then a look goes over all of them, so that nothing depends on the clocks of several machines. A
stream takes one batch at a time and gets the next when that has been written, so a slow client
holds up nobody and costs no more memory than its batch; what it has not got waits in the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from bot.channels.webchat import events
from bot.channels.webchat.events import Issue
from bot.clock import Clock
from bot.ledger import chat
from bot.ledger.chat import Entry, Standing
from bot.ledger.chat_sessions import Session
from bot.ledger.database import Ledger
from bot.live.wake import Ear
from bot.privacy import Vault

log = logging.getLogger(__name__)

LOOK_AGAIN = 0.5
SWEEP = 5.0
"""Seconds between two looks at every conversation that has a stream."""
_OVERLAP = timedelta(seconds=2)
"""Longer than a transaction lasts, from its moment to its commit."""
REST = 0.05
"""Seconds between two looks, however often it rings."""
BATCH = 100
"""Messages that a stream takes at a time."""
AT_ONCE = 50
"""Conversations read in one transaction: others must get their turn at the ledger in between."""


@dataclass(eq=False)
class Stream:
    """One open stream.

    Attributes:
        session: Whose it is.
        position: How far it has been fed.
        is_gone: Whether the client has hung up.
        look: Asks for another look at the ledger.
        told: The last state it was fed.
        is_typing: Whether it was told that somebody writes, which ends by itself.
        is_behind: Whether there was more than it could take at the last look.
        ended: Whether it is to end.
    """

    session: Session
    position: int
    is_gone: Callable[[], bool]
    look: Callable[[], None]
    told: bytes = b""
    is_typing: bool = False
    is_behind: bool = False
    ended: bool = False
    _batch: bytes = b""
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_hungry(self) -> bool:
        """Whether what it was fed before has been taken."""
        return not self._batch and not self.ended

    def feed(self, batch: bytes) -> None:
        """Put a batch into it."""
        self._batch = batch
        self._ready.set()

    def end(self) -> None:
        """Let it end once its batch is taken."""
        self.ended = True
        self._ready.set()

    async def take(self, seconds: float) -> bytes:
        """Wait for a batch and take it; nothing when none came in time or the stream has ended."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ready.wait(), seconds)
        batch, self._batch = self._batch, b""
        if not self.ended:
            self._ready.clear()
        if self.is_behind:
            self.look()
        return batch


class Hub:
    """All open streams of this process.

    Args:
        ledger: Where conversations are.
        ear: Hears that something may be new.
        clock: The time.
        is_open: Whether agents are at work now.
        issue_for: Makes what issues the ids of choices in a conversation.
    """

    def __init__(
        self,
        ledger: Ledger,
        ear: Ear,
        clock: Clock,
        is_open: Callable[[], bool],
        issue_for: Callable[[str], Issue],
    ) -> None:
        self._ledger = ledger
        self._ear = ear
        self._clock = clock
        self._is_open = is_open
        self._issue_for = issue_for
        self._streams: set[Stream] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False
        self._looked_at: datetime | None = None
        self._sweep_at = 0.0

    def __len__(self) -> int:
        return len(self._streams)

    def of(self, session_key: str) -> int:
        """Return how many streams a session has."""
        return sum(stream.session.key == session_key for stream in self._streams)

    @contextlib.contextmanager
    def stream(self, session: Session, after: int, is_gone: Callable[[], bool]) -> Iterator[Stream]:
        """Open a stream that is fed everything after a position until it is closed."""
        opened = Stream(session, after, is_gone, self._ear.ring)
        if self._closed:
            opened.end()
        self._streams.add(opened)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        self._ear.ring()
        try:
            yield opened
        finally:
            self._streams.discard(opened)

    def close(self) -> None:
        """Let every stream end, also those that come back: the server is about to stop."""
        self._closed = True
        for stream in self._streams:
            stream.end()
        if self._looking is not None:
            self._looking.cancel()

    async def _look_on(self) -> None:
        while self._streams:
            try:
                await self._look()
            except Exception:
                log.exception("conversations of open streams cannot be read; trying again")
            await asyncio.sleep(REST)
            await self._ear.wait(LOOK_AGAIN)

    async def _look(self) -> None:
        for stream in self._streams:
            if not stream.is_hungry:
                stream.is_behind = True
            if stream.is_gone():
                stream.end()
        now, is_open = self._clock(), self._is_open()
        streams = await self._restless([one for one in self._streams if one.is_hungry], now)
        keys = list({stream.session.key for stream in streams})
        standings = await self._ledger.run(chat.standings, keys, now)
        behind: defaultdict[str, list[Stream]] = defaultdict(list)
        for stream in streams:
            standing = standings.get(stream.session.key)
            if standing is None:
                stream.end()
            elif stream.position < standing.position:
                behind[standing.conversation_id].append(stream)
            else:
                # A client may have seen more than there is, after a backup was put back.
                stream.position, stream.is_behind = standing.position, False
                _tell(stream, b"", standing, is_open)
        ids = list(behind)
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            wanted = {id: min(stream.position for stream in behind[id]) for id in some}
            for id, entries in (await self._ledger.run(_logs, wanted)).items():
                self._feed(behind[id], entries, standings, is_open)
        self._looked_at = now

    async def _restless(self, streams: list[Stream], now: datetime) -> list[Stream]:
        """Return those for which there may be something new."""
        if self._looked_at is None or time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP
            return streams
        moved = await self._ledger.run(chat.moved, self._looked_at - _OVERLAP, now)
        return [
            one
            for one in streams
            if not one.told
            or one.is_behind
            or one.is_typing
            or one.session.conversation_id in moved
        ]

    def _feed(
        self,
        streams: list[Stream],
        entries: list[Entry],
        standings: dict[str, Standing],
        is_open: bool,
    ) -> None:
        standing = standings[streams[0].session.key]
        issue = self._issue_for(standing.conversation_id)
        written = [
            (one.position, events.sse("message", events.message(one, issue), one.position))
            for one in entries
        ]
        upto = entries[-1].position if entries else 0
        if len(entries) < BATCH:
            # There are no more, also if the last positions hold nothing to show.
            upto = max(upto, standing.position)
        for stream in streams:
            batch = b"".join(text for position, text in written if position > stream.position)
            stream.position = max(stream.position, upto)
            stream.is_behind = stream.position < standing.position
            if stream.is_behind:
                stream.feed(batch)
            else:
                _tell(stream, batch, standing, is_open)


def _tell(stream: Stream, batch: bytes, standing: Standing, is_open: bool) -> None:
    state = events.sse("state", events.state(standing, is_open))
    if state != stream.told:
        stream.told, stream.is_typing = state, bool(standing.typing)
        batch += state
    if batch:
        stream.feed(batch)


def _logs(connection: Connection, vault: Vault, wanted: dict[str, int]) -> dict[str, list[Entry]]:
    return {id: chat.log(connection, vault, id, after, BATCH) for id, after in wanted.items()}
