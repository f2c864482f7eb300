"""What SPAN, SAKTI and Digit have in common: reading a question, doing a change once."""

from __future__ import annotations

import hmac
import json
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.events import Events

KEEP = 20_000
MAX_MEMBER = 1_000


class InvalidError(Exception):
    """A member is missing or of the wrong type."""


def same(given: str, stored: str) -> bool:
    """Compare as a careful system would: spaces around and letter case do not count."""
    left, right = (
        text.strip().casefold().encode("utf-8", "surrogatepass") for text in (given, stored)
    )
    return hmac.compare_digest(left, right)


def found(row: dict[str, Any] | None) -> web.Response:
    """Answer a look-up; every kind of miss gets the same 404."""
    if row is None:
        return web.json_response({"error": "not_found"}, status=404)
    return web.json_response(row)


async def members(request: web.Request, *names: str) -> tuple[str, ...]:
    """Read the named text members of the JSON body.

    Raises:
        InvalidError: One is missing, empty, too long or no text.
    """
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise InvalidError from None
    if not isinstance(body, dict):
        raise InvalidError
    return tuple(_text(body.get(name)) for name in names)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_MEMBER:
        raise InvalidError
    return value


@web.middleware
async def refuse_invalid(
    request: web.Request,
    handler: Callable[[web.Request], Any],
) -> web.StreamResponse:
    """Turn `InvalidError` into the upstreams' 422."""
    try:
        answer: web.StreamResponse = await handler(request)
    except InvalidError:
        return web.json_response({"error": "invalid"}, status=422)
    return answer


class Changes:
    """The changes that were executed, each key once."""

    def __init__(self, now: Callable[[], datetime], events: Events) -> None:
        self._now = now
        self._events = events
        self.reset()

    def reset(self) -> None:
        """Forget every change and key."""
        self.log: deque[dict[str, Any]] = deque(maxlen=KEEP)
        self._answers: dict[tuple[str, str], tuple[str, int, dict[str, Any]]] = {}
        self._count = 0

    def once(
        self,
        request: web.Request,
        given: dict[str, str],
        execute: Callable[[], tuple[int, dict[str, Any]]],
    ) -> web.Response:
        """Execute a change, or give the earlier answer to the same ``Idempotency-Key``.

        Raises:
            InvalidError: The key was used for something else before.
        """
        system, key = request.path.split("/", 2)[1], request.headers.get("Idempotency-Key")
        question = json.dumps([request.path, given], sort_keys=True)
        if key is not None and (earlier := self._answers.get((system, key))):
            if earlier[0] != question:
                raise InvalidError
            self._events.note(system, f"{request.path} (kunci sama)", earlier[1])
            return web.json_response(earlier[2], status=earlier[1])
        status, answer = execute()
        self._events.note(system, request.path, status)
        if key is not None:
            self._answers[(system, key)] = (question, status, answer)
            if len(self._answers) > KEEP:
                del self._answers[next(iter(self._answers))]
        if status == web.HTTPAccepted.status_code:
            self._count += 1
            self.log.append(
                {
                    "n": self._count,
                    "at": self._now().isoformat(),
                    "system": system,
                    "path": request.path,
                    "body": given,
                    "idempotency_key": key,
                }
            )
        return web.json_response(answer, status=status)
