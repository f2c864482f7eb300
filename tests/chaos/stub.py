"""A worker of its own process whose dialogue is a stub; all else is the product's.

It answers a message with its own words and a count that it keeps in the conversation's state,
opens a ticket for each that begins with "tiket", and thinks for ever about "lambat" the first time.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from bot import cli
from bot.channels.message import Reply
from bot.ledger import tickets
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.model import Model


class Engine:
    """Finds no choice that words name."""

    def words(self, text: str) -> list[str]:
        return []

    def number_in(self, text: str) -> int:
        return 0


class Stub:
    engine = Engine()

    async def respond(self, work: UnitOfWork) -> None:
        text = work.claim.message.text
        if text == "lambat" and work.claim.claims == 1:
            await asyncio.Event().wait()
        count = (work.claim.state or {"count": 0})["count"] + 1
        work.state = {"count": count, "loop": None}
        work.replies = [Reply(f"{count} {text}")]
        if text.startswith("tiket"):
            number = tickets.new_number(work.now)
            due = work.now + timedelta(hours=16)
            work.tickets = [NewTicket(number, "tiket", 3, Content(text, text), work.now, due)]

    async def parse(self, text: str) -> dict[str, object]:
        raise AssertionError("only messages that come hours late are judged outside a turn")


async def _dialogue(_model: Model) -> Stub:
    return Stub()


def main() -> None:
    Model.dialogue = _dialogue  # type: ignore[assignment,method-assign]
    sys.argv[1:] = ["worker"]
    cli.main()
