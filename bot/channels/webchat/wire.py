"""Reads what clients send: never more than a cap, and nothing that is not as it should be."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.errors import ChatRefused

LONGEST = 4000
"""Characters of a message."""
FILES = 5
"""Files of a message."""
LARGEST_BODY = 64 * 1024
"""Bytes of a JSON body: the longest message with every character escaped fits in."""
PAGE = 100
"""Messages of one poll."""
_READ_SECONDS = 10.0
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_NAME = 100
_VERSION = re.compile(r"[\w.-]{1,13}", re.ASCII)


@dataclass(frozen=True)
class User:
    """Whom a host site says it knows: its id, a name to show, and the proof."""

    id: str
    name: str
    proof: str


@dataclass(frozen=True)
class Begin:
    """A session that is asked for: the privacy notice accepted, and for whom."""

    notice: str
    user: User | None


@dataclass(frozen=True)
class Message:
    """A message: words and files that were uploaded, or the id of a pressed choice."""

    id: str
    text: str
    choice_id: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Rating:
    """What the visitor thinks of the talk: 1 to 5, and perhaps a word."""

    value: int
    word: str


async def body(request: web.Request) -> dict[str, Any]:
    """Read a JSON object; an empty body is an empty one.

    Raises:
        ChatRefused: ``large``; ``invalid`` when it is no JSON object or takes too long to come.
    """
    try:
        raw = await asyncio.wait_for(_read(request), _READ_SECONDS)
        found = json.loads(raw or b"{}")
    except (ValueError, RecursionError, asyncio.TimeoutError):
        raise ChatRefused("invalid") from None
    if not isinstance(found, dict):
        raise ChatRefused("invalid")
    return found


async def _read(request: web.Request) -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise ChatRefused("large")
    raw = b""
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            raise ChatRefused("large")
    return raw


def begin(data: Mapping[str, Any]) -> Begin:
    """Read what a session is asked for with.

    Raises:
        ChatRefused: ``invalid``.
    """
    notice = _text(data, "notice", "")
    if notice and not _VERSION.fullmatch(notice):
        raise ChatRefused("invalid")
    given = data.get("user")
    if given is None:
        return Begin(notice, None)
    if not isinstance(given, dict):
        raise ChatRefused("invalid")
    user = User(_text(given, "id"), _text(given, "name", ""), _text(given, "hmac"))
    if not user.id.strip() or max(len(user.id), len(user.name), len(user.proof)) > _LONGEST_NAME:
        raise ChatRefused("invalid")
    return Begin(notice, user)


def message(data: Mapping[str, Any]) -> Message:
    """Read a message.

    Raises:
        ChatRefused: ``large`` when it has more than `LONGEST` characters, else ``invalid``.
    """
    id, files = uuid(data.get("id")), data.get("attachments", [])
    text, choice_id = _text(data, "text", ""), _text(data, "payload", "")
    if not isinstance(files, list) or len(files) > FILES:
        raise ChatRefused("invalid")
    if bool(text.strip() or files) == bool(choice_id):
        raise ChatRefused("invalid")
    if len(text) > LONGEST:
        raise ChatRefused("large")
    return Message(id, text, choice_id, tuple(uuid(file) for file in files))


def uuid(given: object) -> str:
    """Read a UUID.

    Raises:
        ChatRefused: ``invalid``.
    """
    if not isinstance(given, str) or not _UUID.fullmatch(given.lower()):
        raise ChatRefused("invalid")
    return given.lower()


def rating(data: Mapping[str, Any]) -> Rating:
    """Read a rating.

    Raises:
        ChatRefused: ``invalid``; ``large`` when the word is too long.
    """
    value, word = data.get("value"), _text(data, "word", "").strip()
    if type(value) is not int or not 1 <= value <= 5:
        raise ChatRefused("invalid")
    if len(word) > LONGEST:
        raise ChatRefused("large")
    return Rating(value, word)


def number(given: str | None, least: int, default: int) -> int:
    """Read a whole number of a query or header.

    Raises:
        ChatRefused: ``invalid``.
    """
    if given is None or given == "":
        return default
    if not re.fullmatch(r"\d{1,15}", given, re.ASCII) or int(given) < least:
        raise ChatRefused("invalid")
    return int(given)


def position(data: Mapping[str, Any]) -> int:
    """Read a position of the conversation.

    Raises:
        ChatRefused: ``invalid``.
    """
    found = data.get("seq")
    if type(found) is not int or not 0 <= found < 10**15:
        raise ChatRefused("invalid")
    return found


def _text(data: Mapping[str, Any], key: str, default: str | None = None) -> str:
    found = data.get(key, default)
    # Half a character of UTF-16, which JSON can spell, is no text; NUL is none to a database.
    if not isinstance(found, str) or re.search("[\0\ud800-\udfff]", found):
        raise ChatRefused("invalid")
    return found
