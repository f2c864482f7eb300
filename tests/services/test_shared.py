"""Wake-ups and rates between processes, on a real Redis that may go away at any moment."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise

import pytest
import pytest_asyncio

from bot.errors import StartupError
from bot.live.limits import Limit
from bot.live.rates import Rate, Rates, Rest
from bot.live.shared import Shared
from bot.live.shared_rates import SHARE, SharedRates
from bot.live.shared_wake import SharedWake
from bot.live.wake import Wake
from tests.servers import Redis

pytestmark = pytest.mark.redis
SOON = 10


@pytest.fixture
def server(redis_server: Redis) -> Iterator[Redis]:
    """A server that holds nothing."""
    redis_server.client.flushall()
    yield redis_server
    redis_server.stop()
    redis_server.start()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Shared]:
    shared = Shared(url)
    try:
        yield shared
    finally:
        await shared.close()


@asynccontextmanager
async def process(url: str) -> AsyncIterator[SharedWake]:
    """The wake-ups of one process."""
    async with connected(url) as shared:
        wake = SharedWake(shared)
        running = asyncio.create_task(wake.run())
        try:
            yield wake
        finally:
            running.cancel()
            await asyncio.wait({running})


async def listeners(server: Redis, number: int) -> None:
    while server.client.pubsub_numsub("nindy:wake")[0][1] != number:
        await asyncio.sleep(0.01)


@pytest_asyncio.fixture(params=["here", "between"])
async def two(request: pytest.FixtureRequest, server: Redis) -> AsyncIterator[tuple[Wake, Wake]]:
    """Who rings and who waits: in one process, and in two."""
    if request.param == "here":
        wake = Wake()
        yield wake, wake
        return
    async with process(server.url) as one, process(server.url) as other:
        await listeners(server, 2)
        yield one, other


async def test_a_ring_wakes_who_waits_for_it_and_nobody_else(two: tuple[Wake, Wake]) -> None:
    rings, waits = two
    inbox = asyncio.create_task(waits.wait("inbox", 60))
    outbox = asyncio.create_task(waits.wait("outbox", 60))
    await asyncio.sleep(0)
    rings.ring("inbox")
    await asyncio.wait_for(inbox, SOON)
    assert not outbox.done()
    rings.ring("outbox")
    await asyncio.wait_for(outbox, SOON)


async def test_a_ring_before_the_wait_is_heard(two: tuple[Wake, Wake]) -> None:
    rings, waits = two
    rings.ring("inbox")
    await asyncio.wait_for(waits.wait("inbox", 60), SOON)


async def test_a_ring_wakes_its_own_process_without_redis(server: Redis) -> None:
    server.stop()
    async with process(server.url) as wake:
        wake.ring("inbox")
        await asyncio.wait_for(wake.wait("inbox", 60), SOON)


async def test_one_does_not_hear_oneself_twice(server: Redis) -> None:
    async with process(server.url) as one, process(server.url) as other:
        await listeners(server, 2)
        one.ring("inbox")
        await one.wait("inbox", 60)
        await asyncio.wait_for(other.wait("inbox", 60), SOON)
        # All has been said by now, also to the one that rang.
        other.ring("outbox")
        await asyncio.wait_for(one.wait("outbox", 60), SOON)
        began = time.monotonic()
        await one.wait("inbox", 0.2)
        assert time.monotonic() - began >= 0.2


async def test_a_ring_here_stays_here(server: Redis) -> None:
    async with process(server.url) as one, process(server.url) as other:
        await listeners(server, 2)
        one.ring_here("inbox")
        one.ring("outbox")
        await asyncio.wait_for(other.wait("outbox", 60), SOON)
        began = time.monotonic()
        await other.wait("inbox", 0.2)
        assert time.monotonic() - began >= 0.2


async def test_rings_travel_again_after_redis_was_away(
    server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "bot.live.shared"):
        async with process(server.url) as one, process(server.url) as other:
            await listeners(server, 2)
            server.stop()
            for _ in range(200):
                one.ring("inbox")
                await asyncio.sleep(0.005)
            server.start()
            await asyncio.wait_for(listeners(server, 2), 20)
            while True:
                one.ring("inbox")
                began = time.monotonic()
                await other.wait("inbox", 0.5)
                if time.monotonic() - began < 0.5:
                    break
    said = [record.getMessage() for record in caplog.records]
    assert sum("cannot be asked" in line for line in said) == 1, said
    assert sum("cannot be listened to" in line for line in said) <= 2, said


async def test_a_server_that_hangs_costs_one_time_out_not_many(server: Redis) -> None:
    async with connected(server.url) as shared:
        assert await shared.ask(shared.redis.ping) is True
        server.signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert [await shared.ask(shared.redis.ping) for _ in range(100)] == [None] * 100
            assert time.monotonic() - began < 5
        finally:
            server.signal(signal.SIGCONT)
        while await shared.ask(shared.redis.ping) is None:
            await asyncio.sleep(0.01)


async def test_a_listener_notices_a_server_that_hangs(
    server: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.live.shared._QUIET", 0.2)

    async def both_noticed() -> None:
        while sum("cannot be listened to" in line for line in caplog.messages) < 2:
            await asyncio.sleep(0.01)

    async with process(server.url) as one, process(server.url) as other:
        await listeners(server, 2)
        server.signal(signal.SIGSTOP)
        try:
            await asyncio.wait_for(both_noticed(), SOON)
        finally:
            server.signal(signal.SIGCONT)

        async def heard() -> None:
            # The server may still count the listeners of before, who hear nothing any more.
            while not other_heard.done():
                one.ring("inbox")
                await asyncio.wait([other_heard], timeout=0.1)

        other_heard = asyncio.ensure_future(other.wait("inbox", 60))
        await asyncio.wait_for(heard(), 20)


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://localhost", "redis://host:port"])
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(StartupError, match="NINDY_REDIS_URL"):
        Shared(url)


@pytest_asyncio.fixture(params=["here", "between"])
async def counters(
    request: pytest.FixtureRequest, server: Redis
) -> AsyncIterator[tuple[Rates, Rates]]:
    """Two who take turns of the same rate: in one process, and in two."""
    if request.param == "here":
        rates = Rates()
        yield rates, rates
        return
    async with AsyncExitStack() as stack:
        one = SharedRates(await stack.enter_async_context(connected(server.url)))
        yield one, SharedRates(await stack.enter_async_context(connected(server.url)))


async def test_all_take_turns_of_one_rate(counters: tuple[Rates, Rates]) -> None:
    rate, used = Rate(0.01), list[float]()

    async def user(rates: Rates) -> None:
        for _ in range(20):
            wait = await rates.take("number", rate, 60)
            used.append(time.monotonic() + wait)
            await asyncio.sleep(wait)

    began = time.monotonic()
    await asyncio.gather(*(user(rates) for rates in counters * 2))
    # The loop's timers are exact to a millisecond or two.
    assert time.monotonic() - began >= 79 * rate.every - 0.02
    used.sort()
    # When a turn was granted is known up to the way of the answer only.
    assert used[-1] - used[0] >= 79 * rate.every - 0.2
    assert all(later - earlier >= 0 for earlier, later in pairwise(used))


async def test_a_burst_is_granted_once_for_all(counters: tuple[Rates, Rates]) -> None:
    rate = Rate(60.0, 5)
    waits = [await rates.take("person", rate, 0) for rates in counters * 4]
    assert [wait == 0 for wait in waits] == [True] * 5 + [False] * 3
    assert all(59 < wait <= 60 for wait in waits[5:])


async def test_a_rest_of_one_is_a_rest_of_all(counters: tuple[Rates, Rates]) -> None:
    (one, other), rate, rest = counters, Rate(0.01), Rest(shortest=5.0, longest=60.0)
    assert await one.rest("number", rate, rest) == 5
    for rates in counters:
        assert 4 < await rates.take("number", rate, 0) <= 5
        assert 4 < await rates.rest("number", rate, rest) <= 5, "it is made no longer"
        assert 4 < await rates.resting("number") <= 5
    assert await other.resting("another number") == 0
    assert await other.take("another number", rate, 0) == 0


async def test_a_rest_doubles_for_all_and_is_forgotten_after_a_quiet_time(server: Redis) -> None:
    rate, rest = Rate(0.01), Rest(shortest=0.1, longest=0.3)
    async with connected(server.url) as first, connected(server.url) as second:
        one, other = SharedRates(first), SharedRates(second)
        assert await one.rest("number", rate, rest) == 0.1
        while await other.take("number", rate, 0):
            await asyncio.sleep(0.01)
        assert await other.rest("number", rate, rest) == 0.2
        assert 0 < server.client.pttl("nindy:rested:number") <= 500
        while server.client.exists("nindy:rested:number"):
            await asyncio.sleep(0.01)
        assert await one.rest("number", rate, rest) == 0.1


async def test_a_rest_holds_here_when_redis_goes_away(server: Redis) -> None:
    rate, rest = Rate(0.01), Rest(shortest=30.0, longest=60.0)
    async with connected(server.url) as shared:
        rates = SharedRates(shared)
        assert await rates.rest("number", rate, rest) == 30
        server.stop()
        assert 29 < await rates.take("number", rate, 0) <= 30
        assert 29 < await rates.resting("number") <= 30
        assert await rates.rest("other", rate, rest) == 30
        assert await rates.take("other", rate, 0) > 29


async def test_what_was_taken_is_forgotten_when_it_is_over(server: Redis) -> None:
    async with connected(server.url) as shared:
        rates = SharedRates(shared)
        await rates.take("person", Rate(60.0, 45), 0)
        assert 59_000 < server.client.pttl("nindy:rate:person") <= 60_000


async def test_while_redis_is_away_each_takes_a_share(server: Redis) -> None:
    async with connected(server.url) as shared:
        rates, rate = SharedRates(shared), Rate(60.0, 8)
        assert await rates.take("person", rate, 0) == 0
        server.stop()
        waits = [await rates.take("person", rate, 0) for _ in range(4)]
        assert [wait == 0 for wait in waits] == [True, True, False, False]
        assert waits[3] == pytest.approx(60 * SHARE, abs=5)
        server.start()
        while await shared.ask(shared.redis.ping) is None:
            await asyncio.sleep(0.01)
        assert [await rates.take("other", rate, 0) for _ in range(8)] == [0] * 8


def doors(*rates: Rates) -> list[Limit]:
    return [Limit(one, lambda *parts: ".".join(parts), "visits", Rate(60.0, 6)) for one in rates]


async def test_what_asks_us_is_limited_by_all_processes_together(
    counters: tuple[Rates, Rates],
) -> None:
    waits = [await door.take("visitor") for door in doors(*counters) * 5]
    assert waits[:6] == [0] * 6
    assert all(59 <= wait <= 60 for wait in waits[6:])
    assert [await door.take("other") for door in doors(*counters)] == [0, 0]


async def test_while_redis_is_away_each_process_limits_by_itself(server: Redis) -> None:
    async with connected(server.url) as one, connected(server.url) as other:
        both = doors(SharedRates(one, share=1), SharedRates(other, share=1))
        assert await both[0].take("visitor") == 0
        server.stop()
        for door in both:
            waits = [await door.take("visitor") for _ in range(7)]
            assert waits[:6] == [0] * 6 and waits[6] > 0
        server.start()
        while await one.ask(one.redis.ping) is None:
            await asyncio.sleep(0.01)
        assert await both[0].take("other") == 0
        assert server.client.keys("nindy:rate:visits:*") == ["nindy:rate:visits:limit.visits.other"]
