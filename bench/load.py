"""Load: closed loops (each sender waits for its answer) and a fixed rate that waits for nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Once = Callable[[int], Awaitable[bool]]
"""Does one exchange for a sender, or the exchange of a number; says whether it went well."""
Until = Callable[[], bool]


@dataclass
class Result:
    """What a load measured.

    Attributes:
        seconds: How long it lasted.
        latencies: Milliseconds of each exchange that went well.
        failed: How many did not.
        cpu: CPU seconds of what was measured, where they are known.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Exchanges that went well, a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def cpu_each(self) -> float:
        """CPU milliseconds for each exchange that went well."""
        return 1000 * self.cpu / len(self.latencies) if self.latencies else 0.0

    def percentile(self, percent: float) -> float:
        """Return a percentile of the latencies in milliseconds."""
        return percentile(self.latencies, percent)


def percentile(values: list[float], percent: float) -> float:
    """Return a percentile, the nearest rank; 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


async def closed(once: Once, senders: int, until: Until) -> Result:
    """Let each sender do one exchange after the other until it is enough."""
    result = Result()

    async def loop(sender: int) -> None:
        while not until():
            await _measure(once, sender, time.perf_counter(), result)

    began = time.perf_counter()
    await asyncio.gather(*(loop(sender) for sender in range(senders)))
    result.seconds = time.perf_counter() - began
    return result


async def fixed(once: Once, per_second: float, until: Until) -> Result:
    """Begin exchanges at a fixed rate, whatever becomes of the earlier ones.

    An exchange is timed from the moment it was due, so that a stall counts for all it delays.
    """
    result = Result()
    tasks: list[asyncio.Task[None]] = []
    began = time.perf_counter()
    while not until():
        due = began + len(tasks) / per_second
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(_measure(once, len(tasks), due, result)))
    await asyncio.gather(*tasks)
    result.seconds = time.perf_counter() - began
    return result


def for_seconds(seconds: float) -> Until:
    """Return a condition that comes true after some seconds."""
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() >= end


async def _measure(once: Once, number: int, began: float, result: Result) -> None:
    try:
        good = await once(number)
    except Exception:
        good = False
    if good:
        result.latencies.append((time.perf_counter() - began) * 1000)
    else:
        result.failed += 1
