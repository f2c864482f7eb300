"""A list of the catalogue, whose items may have parts (a, b, c under a number)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.datafile import items, only, take, wrong


@dataclass(frozen=True)
class Item:
    """One item of a list; `parts` is empty for most."""

    text: str
    parts: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The item as plain lines: itself, or ``item: part`` for each part."""
        lead = self.text.rstrip(":")
        return tuple(f"{lead}: {part}" for part in self.parts) or (self.text,)


def read_item(node: Any, place: Any, value: Any) -> Item:
    """Read an item: a sentence, or a mapping of ``item`` and ``parts``.

    Args:
        node: The list or mapping it stands in.
        place: Its index or key there.
        value: What stands there.

    Raises:
        DataError: It is neither, or it is empty.
    """
    if isinstance(value, dict):
        only(value, ("item", "parts"))
        text, parts = take(value, "item", str), tuple(items(value, "parts", str))
        if not parts:
            raise wrong(value, "an item of this form needs parts; write it as a sentence", "parts")
    elif isinstance(value, str):
        text, parts = value, ()
    else:
        raise wrong(node, "an item must be a sentence or a mapping of 'item' and 'parts'", place)
    if not all(one.strip() for one in (text, *parts)):
        raise wrong(node, "an item is empty; fill or remove it", place)
    return Item(text, parts)


def read_items(node: Any, key: str) -> tuple[Item, ...]:
    """Read a list of a loaded mapping; at least one item, none twice.

    Raises:
        DataError: The list or an item is wrong.
    """
    found = take(node, key, list)
    read: list[Item] = []
    for index, value in enumerate(found):
        item = read_item(found, index, value)
        if item in read:
            raise wrong(found, f"'{item.text}' is listed twice; remove one", index)
        read.append(item)
    if not read:
        raise wrong(node, f"'{key}' is empty; fill it", key)
    return tuple(read)


def flatten(listed: Iterable[Item]) -> tuple[str, ...]:
    """Return all lines of a list of items."""
    return tuple(line for item in listed for line in item.lines)
