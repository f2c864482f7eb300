"""Sentences for users that are said outside a dialogue, read from ``domain.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.channels.message import Choice, Reply
from bot.datafile import load
from bot.errors import DataError


class Words:
    """The responses of ``domain.yml`` by name.

    Args:
        domain: The file.

    Raises:
        DataError: The file is missing or broken.
    """

    def __init__(self, domain: Path) -> None:
        self._path = domain
        self._responses: dict[str, list[dict[str, Any]]] = load(domain).get("responses", {})

    def text(self, name: str, /, **values: str) -> str:
        """Return a sentence with its values filled in."""
        return str(self._first(name)["text"]).format(**values).strip()

    def reply(self, name: str, /, **values: str) -> Reply:
        """Return a bubble with its buttons."""
        buttons = self._first(name).get("buttons", [])
        choices = tuple(
            Choice(str(button["title"]), str(button["payload"]), str(button.get("description", "")))
            for button in buttons
        )
        return Reply(self.text(name, **values), choices)

    def _first(self, name: str) -> dict[str, Any]:
        try:
            return self._responses[name][0]
        except (KeyError, IndexError):
            raise DataError(self._path, 0, f"response {name} is missing; write it") from None
