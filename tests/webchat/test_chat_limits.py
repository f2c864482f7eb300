"""How much may be asked for, by session and by address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.webchat import stream
from bot.channels.webchat.limits import Buckets, Rate
from bot.errors import ChatRefused
from bot.ledger import tables
from tests.kit import rows
from tests.webchat.stage import Door, Visitor


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    burst=st.integers(1, 20),
    per_second=st.integers(1, 10),
    steps=st.lists(st.floats(0, 3), max_size=60),
)
def test_no_more_is_let_through_than_the_rate_allows(
    burst: int, per_second: int, steps: list[float]
) -> None:
    seconds, let_through = Seconds(), 0
    buckets = Buckets(Rate(burst, per_second), seconds)
    for step in steps:
        seconds.now += step
        try:
            buckets.take("a")
            let_through += 1
        except ChatRefused as refused:
            assert refused.code == "busy"
            # Who waits as long as is said is let through.
            before = seconds.now
            seconds.now += refused.retry_after
            buckets.take("a")
            let_through += 1
            assert seconds.now > before
    assert let_through <= burst + seconds.now * per_second + 1e-6


def test_one_name_does_not_hold_up_another() -> None:
    buckets = Buckets(Rate(1, 1), Seconds())
    buckets.take("a")
    buckets.take("b")
    with pytest.raises(ChatRefused):
        buckets.take("a")


async def test_a_session_that_writes_too_fast_is_told_when_to_come_again(
    door: Door, visitor: Visitor
) -> None:
    answers = [await visitor.say(str(number)) for number in range(30)]
    assert [one.status for one in answers[:20]] == [202] * 20
    refused = [one for one in answers if one.status != 202]
    assert len(refused) >= 5
    for one in refused:
        assert (one.status, one.error) == (429, "busy")
        assert int(one.headers["Retry-After"]) >= 1
    other = await door.visitor()
    assert (await other.say()).status == 202
    assert (await visitor.call("GET", "/messages")).status == 200


@pytest.mark.parametrize("settings", [{"webchat_per_address": 1.0}])
async def test_an_address_has_its_own_rate_for_requests_and_for_sessions(
    door: Door,
) -> None:
    statuses = [(await Visitor(door).call("POST", "/sessions")).status for _ in range(3)]
    assert statuses[0] == 201 and statuses[2] == 429
    assert len(rows(door.ledger, tables.chat_session)) < 3
    statuses = [(await Visitor(door).call("GET", "/config")).status for _ in range(20)]
    assert statuses[0] == 200 and statuses[-1] == 429
    # No proxy of ours: what a client says of its address opens no other bucket.
    for number in range(3):
        spoofed = {"X-Forwarded-For": f"198.51.100.{number}"}
        assert (await Visitor(door).call("GET", "/config", headers=spoofed)).status == 429


@pytest.mark.parametrize(
    "settings", [{"webchat_per_address": 1.0, "trusted_proxies": "127.0.0.0/8"}]
)
async def test_behind_our_proxy_each_address_has_its_own_rate(door: Door) -> None:
    for number in range(20):
        from_there = {"X-Forwarded-For": f"198.51.100.{number}"}
        assert (await Visitor(door).call("GET", "/config", headers=from_there)).status == 200


async def test_streams_are_counted_by_session_by_address_and_in_all(
    door: Door, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "OF_SESSION", 2)
    async with visitor.stream(), visitor.stream():
        answer = await visitor.call("GET", "/events")
        assert (answer.status, answer.error) == (429, "busy")
        assert answer.headers["Retry-After"] == "20"
        other = await door.visitor()
        monkeypatch.setattr(stream, "AT_MOST", 2)
        answer = await other.call("GET", "/events")
        assert (answer.status, answer.error) == (503, "away")
        monkeypatch.setattr(stream, "AT_MOST", 100)
        door.chat.streams_at["127.0.0.1"] = 500
        assert (await other.call("GET", "/events")).status == 429
        door.chat.streams_at["127.0.0.1"] = 2
        async with other.stream() as events:
            await events.next("state")
