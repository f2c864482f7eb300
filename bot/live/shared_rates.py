"""Rates that all processes hold together, in Redis."""

from __future__ import annotations

from bot.live.rates import Rate, Rates
from bot.live.shared import Shared

SHARE = 4
"""While Redis is away each sender takes a fourth of WhatsApp's rates: right for up to four."""

# The same sum as in `bot.live.rates`, by Redis's own clock, in microseconds (Lua gives whole
# numbers back).
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every, burst, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local spread = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
local wait = math.max(0, spread - (burst - 1) * every - now)
if wait <= patience then
  spread = spread + every
  redis.call('SET', KEYS[1], string.format('%.0f', spread), 'PX', math.ceil((spread - now) / 1000))
end
return math.ceil(wait)
"""


class SharedRates(Rates):
    """Asks Redis, and itself while Redis is away.

    Args:
        shared: Redis.
        share: Which part of a rate this process has while Redis is away: a half for 2.
    """

    def __init__(self, shared: Shared, share: int = SHARE) -> None:
        super().__init__()
        self._shared = shared
        self._share = share
        self._take = shared.redis.register_script(_TAKE)

    async def take(self, key: str, rate: Rate, patience: float) -> float:
        """Reserve a turn among all processes; see `Rates.take`."""
        figures = (rate.every * 1e6, rate.burst, patience * 1e6)
        wait = await self._shared.ask(lambda: self._take([f"nindy:rate:{key}"], figures))
        if wait is None:
            return await super().take(key, rate.share(self._share), patience)
        return float(wait) / 1e6
