"""A message as it is sealed in its row of the inbox."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from bot.channels.message import Inbound, Kind, Sender

T = TypeVar("T")


def to_json(message: Inbound) -> dict[str, Any]:
    """Return what is sealed of a message."""
    return {
        **vars(message),
        "sender": vars(message.sender),
        "sent_at": message.sent_at.isoformat(),
        "kind": message.kind.value,
    }


def from_json(body: dict[str, Any]) -> Inbound:
    """Return the message that was sealed.

    Raises:
        Exception: Of any kind, when it was not sealed by `to_json`.
    """
    return _made(
        Inbound,
        {
            **body,
            "sender": _made(Sender, body["sender"]),
            "sent_at": datetime.fromisoformat(body["sent_at"]),
            "kind": Kind(body["kind"]),
            "attachments": tuple(body.get("attachments", ())),
        },
    )


def _made(shape: type[T], values: dict[str, Any]) -> T:
    # An edge of a newer version may have stored more than this version has a field for.
    names = {field.name for field in fields(shape)}  # type: ignore[arg-type]
    return shape(**{name: value for name, value in values.items() if name in names})
