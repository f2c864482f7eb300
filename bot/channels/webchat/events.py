"""What the client is told of a conversation, as JSON and as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bot.ledger.chat import Entry, Standing

Issue = Callable[[str], str]
"""Makes the id of a choice from its payload, good for one conversation."""

RETRY = b"retry: 1000\n\n"
"""The first line of a stream: milliseconds after which the client comes back when it has ended."""
PING = b": ping\n\n"


def message(entry: Entry, issue: Issue) -> dict[str, Any]:
    """Return a message as the client reads it."""
    return {
        "seq": entry.position,
        "id": entry.id,
        "at": entry.at.isoformat(timespec="milliseconds"),
        "from": entry.who,
        "name": entry.name,
        "text": entry.text,
        "choices": [
            {"id": issue(one.payload), "title": one.title, "description": one.description}
            for one in entry.choices
        ],
        "menu": entry.menu,
        "attachments": [
            {"id": file.id, "name": file.name, "type": file.type, "size": file.size}
            for file in entry.files
        ],
    }


def state(standing: Standing, office_is_open: bool) -> dict[str, Any]:
    """Return how the conversation stands as the client reads it."""
    return {
        "seq_read": standing.shown,
        "held": standing.held,
        "agent": standing.agent,
        "typing": standing.typing,
        "open": office_is_open,
    }


def sse(name: str, data: dict[str, Any], id: int | None = None) -> bytes:
    """Return a server-sent event; JSON holds no line break that could end it."""
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
