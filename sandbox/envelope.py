"""The webhook bodies of Meta: one event, or many in one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

DISPLAY_PHONE_NUMBER = "622150001111"
ACCOUNT = "200000000000001"
MOST = 1_000
PER_CHANGE = 5
PER_ENTRY = 2


@dataclass(frozen=True)
class Event:
    """One element of ``messages[]`` or ``statuses[]``.

    Attributes:
        contact: Whose it is, unless the body does not tell.
        lane: Whose event it is; first attempts of one lane keep their order.
        on_accepted: Called once the webhook has answered 200.
    """

    kind: str
    item: dict[str, Any]
    contact: dict[str, Any] | None
    lane: str
    on_accepted: Callable[[], None] | None = None


def encode(changes: Iterable[Sequence[Event]], phone_number_id: str) -> bytes:
    """Return the exact bytes of a body; non-ASCII is escaped, as Meta may do."""
    values = [_change(events, phone_number_id) for events in changes]
    entries = [
        {"id": ACCOUNT, "changes": values[at : at + PER_ENTRY]}
        for at in range(0, len(values), PER_ENTRY)
    ]
    body = {"object": "whatsapp_business_account", "entry": entries}
    return json.dumps(body, separators=(",", ":")).encode()


def grouped(events: Sequence[Event]) -> list[list[Event]]:
    """Spread a batch over several changes."""
    return [list(events[at : at + PER_CHANGE]) for at in range(0, len(events), PER_CHANGE)]


def _change(events: Sequence[Event], phone_number_id: str) -> dict[str, Any]:
    told = [event.contact for event in events if event.contact is not None]
    contacts = {json.dumps(contact, sort_keys=True): contact for contact in told}
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": DISPLAY_PHONE_NUMBER,
            "phone_number_id": phone_number_id,
        },
    }
    if contacts:
        # Paired by id, not by position: turned round, so that nobody relies on the position.
        value["contacts"] = list(contacts.values())[::-1]
    for kind in ("messages", "statuses"):
        if items := [event.item for event in events if event.kind == kind]:
            value[kind] = items
    return {"field": "messages", "value": value}
