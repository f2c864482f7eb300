"""Rates that all processes hold together, in Redis."""

from __future__ import annotations

from bot.live.rates import Rate, Rates, Rest
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

# One key lives as long as the rest, another keeps its length until it would begin anew.
_REST = """
local left = redis.call('PTTL', KEYS[2])
if left > 0 then return left * 1000 end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local shortest, longest = tonumber(ARGV[3]), tonumber(ARGV[4])
local last = tonumber(redis.call('GET', KEYS[3]) or 0)
local rest = math.min(math.max(last * 2, shortest), longest)
redis.call('SET', KEYS[2], '', 'PX', math.ceil(rest / 1000))
redis.call('SET', KEYS[3], rest, 'PX', math.ceil((rest + longest) / 1000))
local spread = now + rest + (burst - 1) * every
spread = math.max(spread, tonumber(redis.call('GET', KEYS[1]) or 0))
redis.call('SET', KEYS[1], string.format('%.0f', spread), 'PX', math.ceil((spread - now) / 1000))
return rest
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
        self._rest = shared.redis.register_script(_REST)

    async def take(self, key: str, rate: Rate, patience: float) -> float:
        """Reserve a turn among all processes; see `Rates.take`."""
        figures = (rate.every * 1e6, rate.burst, patience * 1e6)
        wait = await self._shared.ask(lambda: self._take([f"nindy:rate:{key}"], figures))
        if wait is None:
            return await super().take(key, rate.share(self._share), patience)
        return float(wait) / 1e6

    async def rest(self, key: str, rate: Rate, rest: Rest) -> float:
        """Grant nothing for a while, in any process; see `Rates.rest`."""
        keys = [f"nindy:rate:{key}", f"nindy:rest:{key}", f"nindy:rested:{key}"]
        figures = (rate.every * 1e6, rate.burst, rest.shortest * 1e6, rest.longest * 1e6)
        seconds = await self._shared.ask(lambda: self._rest(keys, figures))
        # Known here too, should Redis go away meanwhile.
        here = await super().rest(key, rate.share(SHARE), rest)
        return here if seconds is None else float(seconds) / 1e6

    async def resting(self, key: str) -> float:
        """Return the seconds that a rest still lasts, whoever began it."""
        left = await self._shared.ask(lambda: self._shared.redis.pttl(f"nindy:rest:{key}"))
        return await super().resting(key) if left is None else max(0.0, float(left) / 1e3)
