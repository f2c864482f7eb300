"""Limits: how often each of many may do something, counted together by all who share the rates."""

from __future__ import annotations

import math
from collections.abc import Callable

from bot.live.rates import Rate, Rates

_ROUNDING = 0.001
"""Who waits just as long as was said must not fail by the last bit of a sum."""


class Limit:
    """Lets through what a rate allows, for each name by itself.

    Args:
        rates: Where it is counted.
        hide: Makes a key that tells nothing about whoever is counted (`bot.privacy.Vault.key`).
        what: What is limited.
        rate: What one name may have.
    """

    def __init__(self, rates: Rates, hide: Callable[..., str], what: str, rate: Rate) -> None:
        self._rates = rates
        self._hide = hide
        self._what = what
        self._rate = rate

    async def take(self, who: str) -> int:
        """Take one; return 0, or when there is none the whole seconds until there is."""
        key = f"{self._what}:{self._hide('limit', self._what, who)}"
        wait = await self._rates.take(key, self._rate, _ROUNDING)
        return 0 if wait <= _ROUNDING else math.ceil(wait)
