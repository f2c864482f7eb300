"""Pages of a list that goes on while it is read: a cursor names the last ticket that was seen."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from bot.errors import ApiRefused
from bot.ledger.api_tickets import Wanted
from bot.tickets.life import State

MOST = 100
_KNOWN = ("updated_since", "state", "limit", "cursor")


def wanted(query: Mapping[str, str]) -> Wanted:
    """Read which tickets are wanted.

    Raises:
        ApiRefused: ``invalid``, with the parameter that is wrong.
    """
    for name in query:
        if name not in _KNOWN:
            raise _invalid(name[:64], "unknown")
    state, limit = query.get("state"), query.get("limit", "50")
    if state is not None and state not in {one.value for one in State}:
        raise _invalid("state", "choice")
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:4]) <= MOST):
        raise _invalid("limit", "choice")
    since, after = query.get("updated_since"), query.get("cursor")
    return Wanted(
        since=None if since is None else _moment("updated_since", since),
        state=state,
        after=None if after is None else _read_cursor(after),
        limit=int(limit),
    )


def cursor(row: Any) -> str:
    """Name a ticket's place in the list."""
    place = json.dumps([row.updated_at.isoformat(), row.number])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, str]:
    try:
        padded = text + "=" * (-len(text) % 4)
        moment, number = json.loads(base64.b64decode(padded, b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError, TypeError):
        raise _invalid("cursor", "form") from None
    if not isinstance(moment, str) or not isinstance(number, str):
        raise _invalid("cursor", "form")
    return _moment("cursor", moment), number


def _moment(name: str, text: str) -> datetime:
    # A plus sign that was not escaped comes as a blank.
    text = text.replace(" ", "+")
    text = f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        pass
    raise _invalid(name, "form")


def _invalid(name: str, code: str) -> ApiRefused:
    return ApiRefused(422, "invalid", errors=[{"member": name, "code": code}])
