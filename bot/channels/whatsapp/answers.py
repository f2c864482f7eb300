"""What the Graph API answers to a call: an object, or an error that says what to do."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from bot.channels.whatsapp import wire
from bot.channels.whatsapp.errors import action_for, error_for

NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
)
"""What happens while connecting: nothing was sent, for certain."""
BROKEN = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
"""What may happen at any moment of a call."""


async def accepted(response: aiohttp.ClientResponse) -> wire.Table:
    """Return the answer of an accepted call.

    Raises:
        ChannelError: What any other answer stands for.
        aiohttp.ClientError: The answer of an accepted call broke off.
    """
    try:
        answer = wire.table(json.loads(await _text(response)))
    except (ValueError, RecursionError):
        answer = {}
    error, status = answer.get("error"), response.status
    if isinstance(error, dict) or not 200 <= status < 300:
        given = wire.table(error).get("code")
        code = given if isinstance(given, int) and not isinstance(given, bool) else None
        raise error_for(action_for(code, status), code or 0, f"http {status}") from None
    return answer


async def _text(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.read()
    except BROKEN:
        if response.status < 300:
            raise
        return b""  # A refusal is certain even when its reason was lost.
