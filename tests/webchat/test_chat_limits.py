"""How much may be asked for, by session and by address, and behind which proxies."""

from __future__ import annotations

import pytest

from bot.channels.webchat import stream
from bot.ledger import tables
from tests.kit import rows
from tests.webchat.stage import Door, Visitor


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
