"""How much may be asked for."""

from __future__ import annotations

from bot.errors import ChatRefused
from bot.live.limits import Limit


async def take(limit: Limit, who: str) -> None:
    """Count one.

    Raises:
        ChatRefused: ``busy``, with the seconds after which there will be one.
    """
    if wait := await limit.take(who):
        raise ChatRefused("busy", wait)
