"""Free text that Rasa cannot mistake for a command."""

from __future__ import annotations

_TRIGGERED = "EXTERNAL:"
"""Rasa's marker of an intent that another system triggered."""


def plain(text: str) -> str:
    """Take away what would make Rasa read a text as a command."""
    while True:
        stripped = text.strip().lstrip("/").strip().removeprefix(_TRIGGERED)
        if stripped == text:
            return text
        text = stripped
