"""One try of one question over HTTP, and what each way of failing is called.

No exception here is built from aiohttp's text or from the answer's: their words may hold what
a person typed. A refusal's word is passed on only when the contract knows it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NoReturn

import aiohttp

from actions.clients.answer import Answer
from bot.errors import BadAnswer, NotFound, Refused, UpstreamTimeout, UpstreamUnavailable

CREDENTIALS = "credentials"
RATE_LIMITED = "rate_limited"
INVALID = "invalid"
REFUSALS = frozenset({"locked", "wrong_state"})

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=None)  # one clock: the caller's


@dataclass
class Question:
    """What is asked, and how far the asking has come."""

    url: str
    body: Mapping[str, object]
    headers: Mapping[str, str]
    ok: Collection[int]
    tries: int = 0
    status: int = 0


async def exchange(system: str, session: aiohttp.ClientSession, question: Question) -> Answer:
    """Send a question once and read its answer; the caller bounds the time.

    Raises:
        UpstreamUnavailable: Unreachable, cut off, 5xx, or not let in.
        BadAnswer: Outside the contract, redirects included, or our request was.
        NotFound: The system says that it has no such record.
        Refused: The system declined.
    """
    try:
        async with session.post(
            question.url,
            json=question.body,
            headers=question.headers,
            allow_redirects=False,
            timeout=_NO_TIMEOUT,
        ) as response:
            question.status = response.status
            if response.status in question.ok:
                return await Answer.receive(system, response)
            await _raise_for(system, response)
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError):
        raise UpstreamUnavailable(system, "connection") from None
    except aiohttp.ClientError:
        raise BadAnswer(system, "protocol") from None


async def _raise_for(system: str, response: aiohttp.ClientResponse) -> NoReturn:
    status = response.status
    plain = f"http_{status}"
    match status:
        case 404:
            if await _word(system, response) == "not_found":
                raise NotFound(system, "not_found")
            raise BadAnswer(system, plain)  # a wrong address, not a missing record
        case 409 | 423:
            word = await _word(system, response)
            raise Refused(system, word if word in REFUSALS else plain)
        case 401 | 403:
            raise UpstreamUnavailable(system, CREDENTIALS)
        case 429:
            raise UpstreamUnavailable(system, RATE_LIMITED)
        case 422:
            raise BadAnswer(system, INVALID)
        case _ if status >= 500:
            raise UpstreamUnavailable(system, plain)
        case _:
            raise BadAnswer(system, plain)


async def _word(system: str, response: aiohttp.ClientResponse) -> str:
    """The answer's ``error``, or nothing when a gateway's page came instead."""
    try:
        word = (await Answer.receive(system, response)).members.get("error")
    except BadAnswer:
        return ""
    return word if isinstance(word, str) else ""


def may_pass(error: BaseException) -> bool:
    """Whether another try may end better."""
    if isinstance(error, UpstreamUnavailable):
        return error.detail not in {CREDENTIALS, RATE_LIMITED}
    return isinstance(error, UpstreamTimeout)
