"""What can be broadcast: ``data/whatsapp/broadcast.yml``, templates that Meta has approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import templates
from bot.channels.message import Reply
from bot.datafile import items, load, only, take, wrong
from bot.templates import LONGEST, Approved


@dataclass(frozen=True)
class BroadcastText:
    """One template.

    Attributes:
        title: What agents choose it by.
        approved: The template.
        fields: What each gap of it is asked for with, in the order of the words.
    """

    title: str
    approved: Approved
    fields: Mapping[str, str]

    def reply(self, values: Mapping[str, str]) -> Reply | None:
        """Return it filled in; None while something is missing or it is too long for Meta."""
        if not all(values.get(gap, "").strip() for gap in self.fields):
            return None
        reply = self.approved.reply(values)
        return reply if len(reply.text) <= LONGEST else None


class BroadcastTexts:
    """All of them, by name.

    Args:
        texts: Each with a name of its own.
    """

    def __init__(self, texts: list[BroadcastText]) -> None:
        self._by_name = {one.approved.name: one for one in texts}

    @classmethod
    def load(cls, path: Path) -> BroadcastTexts:
        """Read the file.

        Raises:
            DataError: A template is wrong; the message names file, line and remedy.
        """
        data = load(path)
        only(data, ("broadcasts",))
        found: list[BroadcastText] = []
        for node in items(data, "broadcasts", dict):
            one = _read(node)
            if any(one.approved.name == other.approved.name for other in found):
                raise wrong(node, f"name '{one.approved.name}' is there already", "name")
            found.append(one)
        return cls(found)

    @property
    def every(self) -> tuple[BroadcastText, ...]:
        """All, in the order of the file."""
        return tuple(self._by_name.values())

    def find(self, name: str) -> BroadcastText | None:
        """Return the one of this name."""
        return self._by_name.get(name)

    def knows(self, reply: Reply) -> bool:
        """Say whether a bubble still reads as its template does today."""
        if reply.template is None:
            return False
        text = self.find(reply.template.name)
        return text is not None and text.reply(reply.template.parameters) == reply


def _read(node: dict[str, Any]) -> BroadcastText:
    only(node, ("title", "fields", *templates.KEYS))
    asked = take(node, "fields", dict)
    approved = templates.read(node, None, asked.keys(), waits=False)
    for gap in asked:
        if gap not in approved.gaps:
            raise wrong(asked, f"the words have no gap {{{gap}}}; remove the line", gap)
    fields = {gap: take(asked, gap, str).strip() for gap in approved.gaps}
    return BroadcastText(take(node, "title", str), approved, fields)
