"""Redis, which processes share, and which may be away at any moment.

Nothing that must not be lost is kept there: without it wake-ups are replaced by looking again,
and rates by a cautious share for each process.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError

from bot.errors import StartupError

T = TypeVar("T")
log = logging.getLogger(__name__)

_ANSWER = 1.0
"""Seconds that an answer may take; a healthy server needs less than a millisecond."""
_SHORTEST_REST, _LONGEST_REST = 0.2, 5.0
_QUIET = 5.0
"""Seconds of silence after which a listener asks whether the server is still there."""
_AWAY = (RedisError, OSError, asyncio.TimeoutError)


class Shared:
    """Redis as something that never fails: while it is away, it says so once and rests.

    Args:
        url: Address, such as ``redis://:password@host:6379/0`` or ``rediss://…`` (TLS).

    Raises:
        StartupError: The address cannot be used.
    """

    def __init__(self, url: str) -> None:
        try:
            self.redis: Redis = Redis.from_url(
                url,
                socket_timeout=_ANSWER,
                socket_connect_timeout=_ANSWER,
                socket_keepalive=True,
                decode_responses=True,
            )
        except ValueError:
            raise StartupError("NINDY_REDIS_URL: write redis://host:6379/0") from None
        self._asking = _Patience("asked")

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T | None:
        """Ask Redis; None while it is away, which after a failure is not tried at every call."""
        if self._asking.rest > 0:
            return None
        try:
            answer = await call()
        except _AWAY as error:
            self._asking.failed(error)
            return None
        self._asking.went_well()
        return answer

    async def listen(self, channel: str) -> AsyncIterator[str]:
        """Give the messages of a channel, for ever; what is said meanwhile is missed."""
        patience = _Patience("listened to")
        while True:
            try:
                async with self.redis.pubsub() as ear:
                    await ear.subscribe(channel)
                    async for heard in _heard(ear):
                        patience.went_well()
                        if heard is not None:
                            yield heard
            except _AWAY as error:
                patience.failed(error)
            await asyncio.sleep(patience.rest)

    async def close(self) -> None:
        """Close every connection."""
        await self.redis.aclose()


async def _heard(ear: PubSub) -> AsyncIterator[str | None]:
    """Give messages, and None for other signs of life."""
    asked = False
    while True:
        message = await ear.get_message(timeout=_QUIET)
        if message is None:
            # A peer whose cable was cut says nothing, and TCP alone would wait for minutes.
            if asked:
                raise Disconnected("silent")
            await ear.ping()
        else:
            yield str(message["data"]) if message["type"] == "message" else None
        asked = message is None


class _Patience:
    """Says once that Redis is away, and how long to leave it alone: longer and longer."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._pause = 0.0
        self._until = 0.0

    @property
    def rest(self) -> float:
        """Seconds to wait before the next try."""
        return max(0.0, self._until - time.monotonic())

    def failed(self, error: Exception) -> None:
        if not self._pause:
            name = type(error).__name__
            log.warning("Redis cannot be %s (%s); going on without", self._what, name)
        if not self.rest:  # Many that fail together are one failure.
            self._pause = min(max(self._pause * 2, _SHORTEST_REST), _LONGEST_REST)
            self._until = time.monotonic() + self._pause

    def went_well(self) -> None:
        if self._pause:
            log.warning("Redis can be %s again", self._what)
            self._pause = self._until = 0.0
