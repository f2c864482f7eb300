"""Choices that do not fit one bubble of a channel, shown page by page.

The last row of a page asks for the next one. Its payload names the bubble and the choice that comes
next, so nothing is kept in between; like every payload it is signed for one conversation.
"""

from __future__ import annotations

import re

from bot.channels.message import Choice

ROOM = {"whatsapp": 10}
"""Rows that a channel shows at once; others show all."""

_NEXT = re.compile(r"lainnya:([0-9a-f-]{36}):([0-9]{1,4})")


def turn_to(outbox_id: str, shown: int) -> str:
    """Return the payload that asks for the choices of a bubble from this one on."""
    return f"lainnya:{outbox_id}:{shown}"


def wanted(payload: str) -> tuple[str, int] | None:
    """Return the bubble and the choice that a payload asks for; None when it asks for no page."""
    found = _NEXT.fullmatch(payload)
    return (found[1], int(found[2])) if found else None


def each_once(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Return the choices that do something different, the first of those that do the same."""
    by_payload: dict[str, Choice] = {}
    for choice in choices:
        by_payload.setdefault(choice.payload, choice)
    return tuple(by_payload.values())


def first(choices: tuple[Choice, ...], channel: str) -> int:
    """Return how many choices a channel's first page shows, beside the row for the next."""
    room = ROOM.get(channel, len(choices))
    return len(choices) if len(choices) <= room else room - 1
