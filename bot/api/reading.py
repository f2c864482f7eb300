"""Reading what a program sent: the body within a cap, its members one by one, every fault named."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Collection
from typing import Any

from aiohttp import web

from actions import fields
from bot.api.parts import CLIENT
from bot.errors import ApiRefused
from bot.ledger.api_answers import Asked

LARGEST_BODY = 64 * 1024
READ_SECONDS = 10.0
"""So long a body may take to come."""
# Programs log what they are answered, and what is no member's name may be somebody's data.
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,63}")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def read_body(request: web.Request) -> bytes:
    """Read a body of at most `LARGEST_BODY`.

    Raises:
        ApiRefused: ``too_large``; ``malformed`` when it takes too long to come.
    """
    try:
        return await asyncio.wait_for(_read(request), READ_SECONDS)
    except asyncio.TimeoutError:
        raise ApiRefused(400, "malformed") from None


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise ApiRefused(413, "too_large", f"At most {LARGEST_BODY} bytes.")
    return bytes(body)


async def read_members(request: web.Request, known: Collection[str]) -> Members:
    """Read a JSON object.

    Raises:
        ApiRefused: ``media_type``, ``too_large`` or ``malformed``.
    """
    if request.content_type != "application/json":
        raise ApiRefused(415, "media_type")
    try:
        given = json.loads((await read_body(request)).decode("utf-8"))
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ApiRefused(400, "malformed")
    return Members(given, known)


def asked(request: web.Request, given: dict[str, Any]) -> Asked:
    """Return what makes this request the same as another.

    Raises:
        ApiRefused: ``key_missing``.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise ApiRefused(400, "key_missing")
    content = json.dumps([request.method, request.path, given], sort_keys=True)
    return Asked(request[CLIENT].id, key, content)


class Members:
    """The members of an object, read one after the other.

    Args:
        given: The object.
        known: The names it may have.
    """

    def __init__(self, given: dict[str, Any], known: Collection[str]) -> None:
        self.given = given
        self._faults = [
            {"member": name if _NAME.fullmatch(name) else "", "code": "unknown"}
            for name in given
            if name not in known
        ]

    def text(
        self, name: str, shortest: int, longest: int, required: bool = True, lines: bool = False
    ) -> str:
        """Return a text without its outer blanks, lengths in characters; empty when left out."""
        value = self.given.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            return self._fault(name, "missing" if value is None else "type")
        value = value.strip()
        if not value and not required:
            return ""
        if any(_is_odd(letter, lines) for letter in value):
            return self._fault(name, "characters")
        if not shortest <= len(value) <= longest:
            return self._fault(name, "length", f"{shortest} to {longest} characters")
        return value

    def field(self, name: str, field: str) -> str:
        """Return the value of one of the bot's fields, read by the bot's own rules."""
        value = self.text(name, 1, 320)
        if not value:
            return ""
        try:
            return fields.parse(field, value)
        except fields.FieldError as error:
            return self._fault(name, "form", str(error))

    def number(self, name: str, allowed: Collection[int], required: bool = True) -> int | None:
        """Return a whole number out of those allowed; None when left out."""
        value = self.given.get(name)
        if value is None and not required:
            return None
        if type(value) is not int or value not in allowed:
            self._fault(name, "missing" if value is None else "choice")
            return None
        return value

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        """Return one of the allowed words."""
        value = self.given.get(name)
        if not isinstance(value, str) or value not in allowed:
            return self._fault(
                name, "missing" if value is None else "choice", ", ".join(sorted(allowed))
            )
        return value

    def checked(self) -> dict[str, Any]:
        """Return the object, now that all of it was read.

        Raises:
            ApiRefused: ``invalid``, with every fault.
        """
        if self._faults:
            raise ApiRefused(422, "invalid", errors=self._faults)
        return self.given

    def _fault(self, name: str, code: str, detail: str = "") -> str:
        fault = {"member": name, "code": code}
        self._faults.append({**fault, "detail": detail} if detail else fault)
        return ""


def _is_odd(letter: str, lines: bool) -> bool:
    if lines and letter in "\n\r\t":
        return False
    return unicodedata.category(letter) in ("Cc", "Cs")
