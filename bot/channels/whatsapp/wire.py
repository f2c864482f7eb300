"""Single values out of JSON that somebody else wrote; nothing here ever raises.

Every text that leaves this module can be stored and encoded: no NUL, no other control
characters but line feed and tab, no half of a surrogate pair.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

Table = dict[str, object]

TEXT_LIMIT = 8_192
"""Characters kept of a message's words."""

ID_LIMIT = 256
"""Characters of an id; a longer one is replaced by its digest."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HALF = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_MADE = "sha256:"
_MILLISECONDS = 100_000_000_000
_AHEAD = timedelta(minutes=5)
"""How far their clock may be ahead; a time to come would keep the 24-hour window open longer."""


def table(value: object) -> Table:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[object]:
    """Return a JSON array, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def clean(text: str) -> str:
    """Return text without control characters; its words and their form stay as they are."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HALF.sub("\ufffd", _CONTROL.sub("", text))


def words(value: object, limit: int = TEXT_LIMIT) -> str:
    """Return what a person wrote, or an empty text when it is none."""
    return clean(value)[:limit] if isinstance(value, str) else ""


def line(value: object, limit: int) -> str:
    """Return a short text on one line, such as a name."""
    return " ".join(words(value).split())[:limit].rstrip()


def identifier(value: object) -> str | None:
    """Return an id, or None when it is missing, empty or not an id at all."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    text = clean(value).strip()
    if not text:
        return None
    return text if len(text) <= ID_LIMIT else digest(text)


def word(value: object) -> str:
    """Return a provider's word if it is safe to log, else ``odd`` or ``missing``."""
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return "odd" if value else "missing"


def number(value: object) -> int:
    """Return an error code, or 0."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return int(text) if len(text) < 10 and _DIGITS.fullmatch(text) else 0


def moment(value: object, fallback: datetime) -> datetime:
    """Return a time given in seconds, or mistakenly in milliseconds, since 1970.

    Args:
        value: A number or a text of digits.
        fallback: Taken when there is no such time, or it lies too far after this.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value) if 0 < value < 1e19 else 0.0
    else:
        seconds = float(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else 0.0
    while seconds >= _MILLISECONDS:
        seconds /= 1000
    if not 0 < seconds < _MILLISECONDS:
        return fallback
    try:
        given = datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return fallback
    return given if given <= fallback + _AHEAD else fallback


def digest(item: object) -> str:
    """Return an id made from the content of an item that came without one."""
    text = json.dumps(item, sort_keys=True, separators=(",", ":"))
    return _MADE + hashlib.sha256(text.encode()).hexdigest()


def is_metas(id: str) -> bool:
    """Say whether Meta knows a message by this id; it knows none that `digest` made."""
    return not id.startswith(_MADE)
