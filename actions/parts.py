"""The part of a form that somebody names to change it, with what it should be, if that is said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions import choices, sayings
from actions.fields.text import clean, words_pattern

_LEAD = ("correction", "towards", "courtesy", "part_lead")


@dataclass(frozen=True)
class Part:
    """A part by its slot; ``value`` is empty where only the part was named."""

    slot: str
    value: str


def named(parts: str, text: str) -> Part | None:
    """Return the part that a message wants changed: "namanya salah, harusnya Siti".

    Args:
        parts: The choice of parts in ``choices.yml``.
        text: The message.
    """
    text = clean(text)
    found = [
        (match.start(), -len(match[0]), match.end(), slot)
        for slot, words in choices.words(parts).items()
        for word in words
        for match in re.finditer(rf"(?<!\w){re.escape(word)}(?:nya)?(?!\w)", text, re.IGNORECASE)
    ]
    if not found:
        return None
    start, _, end, slot = min(found)
    if re.search(r"\w", _without_lead(text[:start])):
        return None
    value = _without_lead(text[end:]).strip(" .,:;=-\n")
    if sayings.begins(value, "fine"):
        return None
    fit = bool(sayings.words(value)) and not sayings.begins(value, "unfit")
    return Part(slot, value if fit else "")


def _without_lead(text: str) -> str:
    """Take away the words that only say that something is to be changed."""
    lists = [words_pattern(name) for name in _LEAD]
    at = 0
    while True:
        gap = re.compile(r"[\s,.:;=\-]*").match(text, at)
        at = gap.end() if gap else at
        match = next((found for one in lists if (found := one.match(text, at))), None)
        if match is None:
            return text[at:]
        at = match.end()
