"""The sender of signed webhooks: at least once, again and again until it hears 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any
from weakref import WeakValueDictionary

import aiohttp

from sandbox.envelope import MOST, Event, encode, grouped
from sandbox.events import Events
from sandbox.faults import Faults

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
HOLD = 1.0
CONCURRENT = 16
PATIENCE = aiohttp.ClientTimeout(total=20)


def sign(secret: str, raw: bytes) -> str:
    """Return the value of ``X-Hub-Signature-256``."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class Webhooks:
    """Sends events to one address; never loses one while the process lives.

    Attributes:
        delivered: Bodies that were answered with 200.
        retries: Attempts after a first one.
        refused: Attempts that were not answered with 200, by status or ``connection``.
    """

    def __init__(
        self, *, url: str, secret: str, phone_number_id: str, faults: Faults, events: Events
    ) -> None:
        self._url = url
        self._secret = secret
        self._number = phone_number_id
        self._faults = faults
        self._events = events
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._lanes: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Event] = []
        self._zero()

    def _zero(self) -> None:
        self._pending = 0
        self.delivered = 0
        self.retries = 0
        self.refused: Counter[str] = Counter()

    @property
    def pending(self) -> int:
        """Bodies not yet accepted, and events held back for a while."""
        return self._pending + len(self._held)

    @property
    def ready(self) -> bool:
        """Whether webhooks can be sent."""
        return self._session is not None

    async def run(self, _app: object) -> Any:
        """Open the connections for as long as the application runs."""
        connector = aiohttp.TCPConnector(limit=CONCURRENT)
        async with aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as self._session:
            yield
            await self.reset()
        self._session = None

    async def reset(self) -> None:
        """Give up everything that is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._held.clear()
        self._zero()

    def send(self, event: Event) -> None:
        """Take an event; returns at once."""
        match self._faults.strike("webhooks").kind:
            case "duplicated":
                self._post([[event, event]], event.lane)
                self._post([[event]])
            case "reordered":
                self._hold(event, self._shuffled())
            case "batched":
                self._hold(event, self._batches())
            case _:
                self._post([[event]], event.lane)

    async def send_now(self, event: Event, patience: float) -> None:
        """Take an event and wait for its delivery, but not for long."""
        await asyncio.wait([self._post([[event]], event.lane)], timeout=patience)

    def _hold(self, event: Event, flush: Coroutine[Any, Any, None]) -> None:
        first = not self._held
        self._held.append(event)
        if first:
            self._start(flush)
        else:
            flush.close()

    async def _shuffled(self) -> None:
        await asyncio.sleep(HOLD)
        held, self._held = self._held, []
        random.shuffle(held)
        for event in held:
            self._post([[event]])

    async def _batches(self) -> None:
        await asyncio.sleep(HOLD)
        held, self._held = self._held, []
        for at in range(0, len(held), MOST):
            self._post(grouped(held[at : at + MOST]))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _post(self, changes: list[list[Event]], lane: str | None = None) -> asyncio.Task[None]:
        self._pending += 1
        return self._start(self._deliver(changes, self._lane(lane)))

    def _lane(self, name: str | None) -> asyncio.Lock:
        lock = self._lanes.get(name) if name is not None else None
        if lock is None:
            lock = asyncio.Lock()
            if name is not None:
                self._lanes[name] = lock
        return lock

    async def _deliver(self, changes: Sequence[Sequence[Event]], lane: asyncio.Lock) -> None:
        events = [event for change in changes for event in change]
        raw = encode(changes, self._number)
        pauses = _pauses()
        async with lane:  # the first two attempts keep the order, later ones let others pass
            accepted = await self._attempt(raw, events, 0)
            if not accepted:
                accepted = await self._attempt(raw, events, 1)
        number = 2
        while not accepted:
            await asyncio.sleep(next(pauses))
            accepted = await self._attempt(raw, events, number)
            number += 1
        self._pending -= 1
        self.delivered += 1
        for event in events:
            if event.on_accepted is not None:
                event.on_accepted()

    async def _attempt(self, raw: bytes, events: Sequence[Event], number: int) -> bool:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": sign(self._secret, raw),
        }
        self.retries += number > 0
        code: int | str = "connection"
        async with self._slots:
            try:
                assert self._session is not None  # noqa: S101  events come from handlers only
                async with self._session.post(
                    self._url, data=raw, headers=headers, allow_redirects=False
                ) as answer:
                    code = answer.status
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                pass
        what = _name(events) + (f" (ulang {number})" if number else "")
        self._events.note("webhook", what, code)
        if code != 200:
            self.refused[str(code)] += 1
        return code == 200


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE)


def _name(events: Sequence[Event]) -> str:
    if len(events) > 1:
        return f"{len(events)} events"
    item = events[0].item
    return str(item.get("status") or item["type"])
