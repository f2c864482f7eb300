"""A message is marked as read once, with "typing" only while a slow turn lasts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import TurnFailed
from bot.ledger.claims import Claim
from bot.ledger.unit_of_work import UnitOfWork
from bot.turn.read_mark import MarkedRead
from tests.kit import START, message

MESSAGE = message()


def work(channel: str = "whatsapp", claims: int = 1) -> UnitOfWork:
    given = replace(MESSAGE, channel=channel)
    return UnitOfWork(Claim(1, "c", 0, None, None, given, claims, 0, START), START)


async def marks(slow: bool, given: UnitOfWork, fails: bool = False) -> list[tuple[str, bool]]:
    """Run a turn; return how its message was marked."""
    marked: list[tuple[str, bool]] = []
    done = asyncio.Event()

    async def mark(external_id: str, typing: bool) -> None:
        marked.append((external_id, typing))
        done.set()

    async def respond(_: UnitOfWork) -> None:
        if slow:
            await done.wait()
        if fails:
            raise TurnFailed("x")

    turn = MarkedRead({"whatsapp": mark}, respond, patience=0.01)
    try:
        await turn(given)
    except TurnFailed:
        assert fails
    while turn._telling:
        await asyncio.wait(turn._telling)
    return marked


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("slow", [True, False])
async def test_read_and_while_it_lasts_typing(slow: bool, fails: bool) -> None:
    assert await marks(slow, work(), fails) == [(MESSAGE.external_id, slow)]


async def test_not_at_another_try_and_not_where_nothing_can_be_marked() -> None:
    assert await marks(False, work(claims=2)) == []
    assert await marks(False, work("webchat")) == []
