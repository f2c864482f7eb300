"""News for the phone page: a bounded log, and whoever listens to it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

KEEP = 500
QUEUE = 2_000


class Listener:
    """One open page.

    Attributes:
        person: Whose chat the page shows, if any.
        lost: Set when the page did not keep up; it must connect anew.
    """

    def __init__(self, person: str | None) -> None:
        self.person = person
        self.lost = False
        self.queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)


class Events:
    """Keeps the log and passes news on; holds types and codes, never what was written.

    Attributes:
        run: Tells a page whether the sandbox was started anew.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._count = 0
        self._listeners: set[Listener] = set()
        self.run = uuid4().hex
        self.log: deque[dict[str, Any]] = deque(maxlen=KEEP)

    def note(self, source: str, what: str, code: int | str | None = None) -> None:
        """Add a line to the log."""
        self._count += 1
        line = {
            "n": self._count,
            "at": self._now().isoformat(),
            "source": source,
            "what": what,
            "code": code,
        }
        self.log.append(line)
        self.publish("log", line)

    def publish(self, name: str, data: dict[str, Any]) -> None:
        """Tell every open page."""
        text = f"event: {name}\ndata: {json.dumps(data)}\n\n"
        for listener in self._listeners:
            try:
                listener.queue.put_nowait(text)
            except asyncio.QueueFull:
                listener.lost = True

    def listen(self, person: str | None) -> Listener:
        """Register a page."""
        listener = Listener(person)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a page."""
        self._listeners.discard(listener)

    def is_open(self, person: str) -> bool:
        """Whether a page shows this person's chat."""
        return any(listener.person == person for listener in self._listeners)
