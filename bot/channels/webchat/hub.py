"""Feeds the open streams of this process.

One look at the ledger serves all streams: it compares how their conversations stand with what was
seen at the look before, and reads the new messages of those that have moved, once for all tabs. A
stream takes one batch at a time and gets the next when that has been written, so a slow client
holds up nobody and costs no more memory than its batch; what it has not got waits in the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from bot.channels.webchat import events
from bot.channels.webchat.events import Issue
from bot.clock import Clock
from bot.ledger import chat
from bot.ledger.chat import Entry, Standing
from bot.ledger.database import Ledger
from bot.live.wake import Ear
from bot.privacy import Vault

log = logging.getLogger(__name__)

LOOK_AGAIN = 0.5
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
        session_key: Whose it is.
        position: How far it has been fed.
        is_gone: Whether the client has hung up.
        look: Asks for another look at the ledger.
        told: The last state it was fed.
        is_behind: Whether there was more than it could take at the last look.
        ended: Whether it is to end.
    """

    session_key: str
    position: int
    is_gone: Callable[[], bool]
    look: Callable[[], None]
    told: bytes = b""
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

    def __len__(self) -> int:
        return len(self._streams)

    def of(self, session_key: str) -> int:
        """Return how many streams a session has."""
        return sum(stream.session_key == session_key for stream in self._streams)

    @contextlib.contextmanager
    def stream(self, session_key: str, after: int, is_gone: Callable[[], bool]) -> Iterator[Stream]:
        """Open a stream that is fed everything after a position until it is closed."""
        opened = Stream(session_key, after, is_gone, self._ear.ring)
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
            stream.is_behind = not stream.is_hungry
            if stream.is_gone():
                stream.end()
        streams = [stream for stream in self._streams if stream.is_hungry]
        keys = list({stream.session_key for stream in streams})
        standings = await self._ledger.run(chat.standings, keys, self._clock())
        is_open = self._is_open()
        behind: defaultdict[str, list[Stream]] = defaultdict(list)
        for stream in streams:
            standing = standings.get(stream.session_key)
            if standing is None:
                stream.end()
            elif stream.position < standing.position:
                behind[standing.conversation_id].append(stream)
            else:
                # A client may have seen more than there is, after a backup was put back.
                stream.position = standing.position
                _tell(stream, b"", events.sse("state", events.state(standing, is_open)))
        ids = list(behind)
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            wanted = {id: min(stream.position for stream in behind[id]) for id in some}
            for id, entries in (await self._ledger.run(_logs, wanted)).items():
                self._feed(behind[id], entries, standings, is_open)

    def _feed(
        self,
        streams: list[Stream],
        entries: list[Entry],
        standings: dict[str, Standing],
        is_open: bool,
    ) -> None:
        standing = standings[streams[0].session_key]
        issue = self._issue_for(standing.conversation_id)
        written = [
            (one.position, events.sse("message", events.message(one, issue), one.position))
            for one in entries
        ]
        upto = entries[-1].position if entries else 0
        if len(entries) < BATCH:
            # There are no more, also if the last positions hold nothing to show.
            upto = max(upto, standing.position)
        state = events.sse("state", events.state(standing, is_open))
        for stream in streams:
            batch = b"".join(text for position, text in written if position > stream.position)
            stream.position = max(stream.position, upto)
            stream.is_behind = stream.position < standing.position
            _tell(stream, batch, stream.told if stream.is_behind else state)


def _tell(stream: Stream, batch: bytes, state: bytes) -> None:
    if state != stream.told:
        stream.told = state
        batch += state
    if batch:
        stream.feed(batch)


def _logs(connection: Connection, vault: Vault, wanted: dict[str, int]) -> dict[str, list[Entry]]:
    return {id: chat.log(connection, vault, id, after, BATCH) for id, after in wanted.items()}
