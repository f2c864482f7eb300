"""Puts the privacy notice beneath the first answer that a person gets, and again when it changes.

In the same bubble: each costs money, and a second one would part question and answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from bot.ledger import notices
from bot.ledger.unit_of_work import UnitOfWork
from bot.personal.notice import Notice

ROOM = 1_000
"""Characters that fit into any bubble with buttons; a longer one leaves the notice to the next."""

Respond = Callable[[UnitOfWork], Awaitable[None]]


class Informed:
    """Fills a unit of work.

    Args:
        by_channel: The notice of each channel that shows it in the talk itself.
        respond: What answers.
    """

    def __init__(self, by_channel: Mapping[str, Notice], respond: Respond) -> None:
        self._by_channel = by_channel
        self._respond = respond

    async def __call__(self, work: UnitOfWork) -> None:
        """Respond, and add the notice where this version was not shown yet."""
        await self._respond(work)
        notice = self._by_channel.get(work.claim.message.channel)
        if notice is None or work.claim.notice == notice.version or not work.replies:
            return
        last = work.replies[-1]
        text = f"{last.text}\n\n{notice.text}"
        if last.template is not None or len(text) > ROOM:
            return
        work.replies[-1] = replace(last, text=text, beneath=notice.text)
        work.writes.append(
            partial(
                notices.shown,
                conversation_id=work.claim.conversation_id,
                version=notice.version,
                now=work.now,
            )
        )
