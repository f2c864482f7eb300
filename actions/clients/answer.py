"""What an outside system answered, believed only as far as its contract goes.

Every fault is a `BadAnswer` that names the member and never its value, and that is raised
outside the handler of the parser's own exception, because that one carries the whole text.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from typing import Any, TypeVar

import aiohttp

from bot.errors import BadAnswer

MAX_BYTES = 64 * 1024
MAX_TEXT = 500

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_Choice = TypeVar("_Choice", bound=str)


class Answer:
    """A JSON object from a system, read member by member.

    Args:
        system: Whose answer it is, for the exceptions.
        members: The object.
    """

    def __init__(self, system: str, members: dict[str, Any]) -> None:
        self.system = system
        self.members = members

    @classmethod
    async def receive(cls, system: str, response: aiohttp.ClientResponse) -> Answer:
        """Read a response's body, at most `MAX_BYTES` of it.

        Raises:
            BadAnswer: It is too long, compressed, or not a JSON object in UTF-8.
        """
        if response.content_type != "application/json":
            raise BadAnswer(system, "content_type")
        if (response.charset or "utf-8").lower() not in ("utf-8", "utf8"):
            raise BadAnswer(system, "charset")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise BadAnswer(system, "content_encoding")  # we asked for none
        body = await _capped(response)
        if body is None:
            response.close()
            raise BadAnswer(system, "too_long")
        members = _parse(body)
        if members is None:
            raise BadAnswer(system, "not_a_json_object")
        return cls(system, members)

    def text(self, name: str, pattern: str = r".*\S.*") -> str:
        """A text of one line that fits the whole pattern."""
        value = self._member(name)
        if (
            not isinstance(value, str)
            or len(value) > MAX_TEXT
            or any(unicodedata.category(letter).startswith("C") for letter in value)
            or not re.fullmatch(pattern, value)
        ):
            raise self.bad(name)
        return value

    def text_or_none(self, name: str) -> str | None:
        """A text of one line, or null; the member itself must be there."""
        return None if self._member(name) is None else self.text(name)

    def one_of(self, name: str, choices: tuple[_Choice, ...]) -> _Choice:
        """One of the contract's words."""
        value = self._member(name)
        for choice in choices:
            if value == choice:
                return choice
        raise self.bad(name)

    def flag(self, name: str) -> bool:
        """True or false, and nothing that merely looks like it."""
        value = self._member(name)
        if not isinstance(value, bool):
            raise self.bad(name)
        return value

    def date(self, name: str) -> dt.date:
        """A date written YYYY-MM-DD."""
        value = self._member(name)
        parsed = None
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                parsed = dt.date.fromisoformat(value)
            except ValueError:
                parsed = None
        if parsed is None:
            raise self.bad(name)
        return parsed

    def taken_on(self) -> None:
        """The one answer that says a change is being made."""
        self.one_of("status", ("diproses",))

    def bad(self, name: str) -> BadAnswer:
        """The exception for a member that breaks the contract."""
        return BadAnswer(self.system, f"member {name}")

    def _member(self, name: str) -> Any:
        if name not in self.members:
            raise self.bad(name)
        return self.members[name]


async def _capped(response: aiohttp.ClientResponse) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        members = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return members if isinstance(members, dict) else None
