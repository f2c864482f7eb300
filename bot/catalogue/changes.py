"""The changes that the catalogue itself lists against its predecessor: ``changes.yml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.catalogue.items import Item, read_item
from bot.datafile import items, load, only, take, wrong

KINDS = ("added", "updated", "removed")


@dataclass(frozen=True)
class Replaced:
    """What an updated text read before and reads now."""

    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One numbered change.

    Attributes:
        number: Its number in the list.
        kind: One of `KINDS`.
        section: Letter and number, for example ``E.4``; removed services have their old number.
        text: The sentence.
        items: What it enumerates, if anything; `Replaced` only where the kind is ``updated``.
    """

    number: int
    kind: str
    section: str
    text: str
    items: tuple[Item | Replaced, ...]


@dataclass(frozen=True)
class Revision:
    """All changes from one version to the next; `titles` names the sections by letter."""

    old: str
    new: str
    titles: Mapping[str, str]
    changes: tuple[Change, ...]


def read(path: Path) -> tuple[Revision, ...]:
    """Read every revision.

    Raises:
        DataError: Something is missing, or the changes are not numbered 1, 2, 3 …
    """
    data = load(path)
    only(data, ("revisions",))
    return tuple(_revision(node) for node in items(data, "revisions", dict))


def _revision(node: Any) -> Revision:
    only(node, Revision.__dataclass_fields__)
    titles = take(node, "titles", dict)
    changes = []
    for place, row in enumerate(items(node, "changes", dict), 1):
        change = _change(row)
        if change.number != place:
            problem = f"change {change.number} stands at place {place}; number them 1, 2, 3 ..."
            raise wrong(row, problem, "number")
        if change.section[0] not in titles:
            raise wrong(row, f"section {change.section} has no title; add it above", "section")
        changes.append(change)
    return Revision(take(node, "old", str), take(node, "new", str), titles, tuple(changes))


def _change(node: Any) -> Change:
    only(node, Change.__dataclass_fields__)
    kind, section = take(node, "kind", str), take(node, "section", str)
    if kind not in KINDS:
        raise wrong(node, f"unknown kind '{kind}'; use one of: {', '.join(KINDS)}", "kind")
    if not re.fullmatch(r"[A-Z](\.[0-9]+)?", section):
        raise wrong(node, f"'{section}' is no section; write it like E.4", "section")
    listed = take(node, "items", list) if "items" in node else []
    return Change(
        number=take(node, "number", int),
        kind=kind,
        section=section,
        text=take(node, "text", str),
        items=tuple(_item(listed, index, kind) for index in range(len(listed))),
    )


def _item(listed: Any, index: int, kind: str) -> Item | Replaced:
    value = listed[index]
    if kind != "updated":
        return read_item(listed, index, value)
    if not isinstance(value, dict):
        raise wrong(listed, "what was updated is written as 'from' and 'to'", index)
    only(value, ("from", "to"))
    return Replaced(take(value, "from", str), take(value, "to", str))
