"""One question to one outside system, answered or failed within a time budget.

Every try of a question carries the same headers, so a change that was done but whose answer
was lost is recognised by its ``Idempotency-Key`` and not done again. What a person typed
travels in the body only: never in an address, an exception or a log line.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import aiohttp
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from actions.clients.answer import Answer
from actions.clients.breaker import Breaker
from actions.clients.exchange import INVALID, Question, exchange, may_pass
from bot import metrics
from bot.errors import NotFound, Refused, UpstreamError, UpstreamTimeout, UpstreamUnavailable

BREAKER_OPEN = "breaker_open"

_WAIT = wait_random_exponential(multiplier=0.3, min=0.05, max=2)
_LAST_START = 0.9  # of the budget; a try begun later would only turn a clear error into a timeout
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Upstream:
    """An outside system that is asked by POST with JSON.

    Args:
        system: ``span``, ``sakti`` or ``digit``.
        base_url: Where its paths hang.
        token: Bearer token, or empty for none.
        session: The shared session; give it an `aiohttp.DummyCookieJar`, so that a cookie set
            for one person's question is not sent with the next person's.
        budget: Seconds for one question, all tries and pauses included.
        breaker: Its breaker; a new one when None.
        per_try: Seconds for one try.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        token: str,
        session: aiohttp.ClientSession,
        budget: float = 8.0,
        breaker: Breaker | None = None,
        *,
        per_try: float = 3.5,
    ) -> None:
        self.system = system
        self.breaker = breaker or Breaker()
        # Asked when somebody looks: an open breaker closes by time, without any call.
        metrics.BREAKER.labels(system).set_function(lambda: self.breaker.state == "open")
        self._base = base_url.rstrip("/")
        self._session = session
        self._budget = budget
        self._per_try = per_try
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    async def post(
        self,
        path: str,
        body: Mapping[str, object],
        *,
        request_id: str,
        idempotency_key: str | None = None,
        ok: Collection[int] = (200,),
    ) -> dict[str, Any]:
        """Ask, and give the answer's JSON object with its members unchecked; see `ask`."""
        return await self.ask(
            path,
            body,
            lambda answer: answer.members,
            request_id=request_id,
            idempotency_key=idempotency_key,
            ok=ok,
        )

    async def ask(
        self,
        path: str,
        body: Mapping[str, object],
        read: Callable[[Answer], _T],
        *,
        request_id: str,
        idempotency_key: str | None = None,
        ok: Collection[int] = (200,),
    ) -> _T:
        """Ask, and read the answer; an answer that cannot be read counts against the breaker.

        Args:
            path: Path below the base, without data of a person.
            body: The JSON object to send.
            read: Makes the result from the answer, or raises `bot.errors.BadAnswer`.
            request_id: Id for the log and for ``X-Request-Id``, without data of a person.
            idempotency_key: For a change: the same for every try, now or after a restart.
            ok: Statuses that mean success.

        Raises:
            UpstreamUnavailable: Unreachable, 5xx, not let in, or the breaker is open.
            UpstreamTimeout: The last try, or the budget, ran out of time.
            BadAnswer: The answer is outside the contract, or our request was.
            NotFound: No such record.
            Refused: Declined; ``detail`` holds the contract's word.
        """
        headers = {**self._headers, "X-Request-Id": request_id}
        if idempotency_key is not None:
            if not idempotency_key:
                raise ValueError("an idempotency key must not be empty")
            headers["Idempotency-Key"] = idempotency_key
        question = Question(self._base + path, body, headers, ok)
        started = time.monotonic()
        ticket = self.breaker.enter()
        if ticket is None:
            metrics.UPSTREAM.labels(self.system, BREAKER_OPEN).observe(0)
            self._note(path, question, BREAKER_OPEN, started)
            raise UpstreamUnavailable(self.system, BREAKER_OPEN)
        well: bool | None = None
        try:
            result = read(await self._answer(path, question, started + self._budget))
            well = True
        except UpstreamError as error:
            # A 422 is a fault of ours: one person's odd input must not close SPAN for all.
            well = isinstance(error, (NotFound, Refused)) or error.detail == INVALID
            raise
        finally:
            self.breaker.leave(ticket, well)
        return result

    async def _answer(self, path: str, question: Question, ends: float) -> Answer:
        async def once() -> Answer:
            started = time.monotonic()
            question.tries += 1
            question.status = 0
            outcome = kind = "abandoned"
            try:
                answer = await asyncio.wait_for(
                    exchange(self.system, self._session, question),
                    min(self._per_try, ends - started),
                )
                outcome = kind = "ok"
                return answer
            except asyncio.TimeoutError:
                outcome = kind = "timeout"
                raise UpstreamTimeout(self.system, outcome) from None
            except UpstreamError as error:
                outcome, kind = error.detail, type(error).__name__
                raise
            finally:
                # The word of the other side is for the log alone: labels come from a short list.
                metrics.UPSTREAM.labels(self.system, kind).observe(time.monotonic() - started)
                self._note(path, question, outcome, started)

        return await AsyncRetrying(
            retry=retry_if_exception(may_pass),
            wait=_WAIT,
            stop=stop_before_delay(self._budget * _LAST_START),
            reraise=True,
        )(once)

    def _note(self, path: str, question: Question, outcome: str, started: float) -> None:
        fine = outcome in {"ok", "not_found"} or question.status in (409, 423)
        fields = {
            "system": self.system,
            "path": path,
            "status": question.status,
            "outcome": outcome,
            "milliseconds": round((time.monotonic() - started) * 1000),
            "try": question.tries,
            "request_id": question.headers["X-Request-Id"],
        }
        _log.log(logging.INFO if fine else logging.WARNING, "upstream_call", extra=fields)
