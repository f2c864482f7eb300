"""Passwords and codes that somebody typed although nobody may see them."""

from __future__ import annotations

import re
from functools import lru_cache

from actions.fields.text import words_pattern
from bot.masking import veil

_HIDDEN = "•••"


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    named, between = words_pattern("secret").pattern, words_pattern("secret_between").pattern
    # Behind a colon anything is the secret; without one only what looks like a secret.
    marked = r"\s*[:=]\s*(?P<marked>\S+)"
    mixed = r"\s+(?P<mixed>(?=\S*\d)(?=\S*[^\W\d_])\S{4,})"
    code = r"\s+(?P<code>\d{4,8})(?!\S)"
    behind = rf"(?:(?:\s+{between}){{0,3}}(?:{marked}|{mixed})|{code})"
    return re.compile(rf"{named}{behind}", re.IGNORECASE)


def told(text: str) -> bool:
    """Say whether a text tells a password or a code, rather than talking of one."""
    return _pattern().search(text) is not None


def shown(text: str) -> str:
    """Return a story as it is shown back: no passwords, and numbers masked as for the desk."""

    def hide(match: re.Match[str]) -> str:
        start = next(match.start(name) for name, value in match.groupdict().items() if value)
        return match[0][: start - match.start()] + _HIDDEN

    return veil(_pattern().sub(hide, text))
