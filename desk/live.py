"""Tells open pages what changes, and who else looks at a ticket.

One look a second at the ledger serves all pages of this process, and only while one is open. A
page hears a number and fetches what it shows by itself, so every request asks for permission.
What happens while no stream is open is not told: a page reads anew whenever its stream opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bot.ledger import news
from bot.ledger.agents import Agent
from bot.ledger.database import Ledger
from bot.ledger.news import News
from desk.scope import may_see

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
HERE = timedelta(seconds=45)
"""How long after its last sign of life a page counts as open."""
_WAITING = 200
"""News kept for a page that reads slowly; what is beyond is lost without harm."""


class Live:
    """Open pages of this process.

    Args:
        ledger: Where news come from.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pages: set[asyncio.Queue[News | None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._marked = asyncio.Event()
        self._closed = False
        self._here: dict[tuple[str, str], tuple[str, datetime]] = {}

    @contextlib.asynccontextmanager
    async def page(self) -> AsyncIterator[asyncio.Queue[News | None]]:
        """Open a page; what happens from then on is put into its queue, None when all must end."""
        queue: asyncio.Queue[News | None] = asyncio.Queue(_WAITING)
        if self._closed:
            queue.put_nowait(None)
        self._pages.add(queue)
        if self._looking is None or self._looking.done():
            self._marked.clear()
            self._looking = asyncio.create_task(self._look())
        try:
            if not self._closed:
                await self._marked.wait()
            yield queue
        finally:
            self._pages.discard(queue)

    def close(self) -> None:
        """Let every stream end, also those that come back: the server is about to stop."""
        self._closed = True
        self._marked.set()
        for queue in self._pages:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    def here(self, number: str, agent: Agent, now: datetime) -> list[str]:
        """Note that an agent looks at a ticket, and return the names of the others who do."""
        self._here[(number, agent.id)] = (agent.name, now)
        self._here = {key: seen for key, seen in self._here.items() if now - seen[1] < HERE}
        others = (key for key in self._here if key[0] == number and key[1] != agent.id)
        return sorted(self._here[key][0] for key in others)

    async def _look(self) -> None:
        mark = None
        while self._pages:
            try:
                if mark is None:
                    mark = await self._ledger.run(news.latest)
                    self._marked.set()
                mark, found = await self._ledger.run(news.since, mark)
            except Exception:
                log.exception("news for open pages cannot be read; trying again")
                found = []
            for one in found:
                for queue in self._pages:
                    with contextlib.suppress(asyncio.QueueFull):
                        queue.put_nowait(one)
            await asyncio.sleep(LOOK_SECONDS)


def told(agent: Agent, one: News) -> bytes:
    """Return the news as a server-sent event, or nothing when the agent may not know."""
    if not may_see(agent, one.service, one.unit):
        return b""
    data = json.dumps({"number": one.number, "heard": one.heard})
    return f"event: tiket\ndata: {data}\n\n".encode()
