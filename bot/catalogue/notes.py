"""Where the catalogue contradicts itself, and how that is settled: ``notes.yml``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.datafile import items, load, only, take, wrong

T = TypeVar("T", int, str)


@dataclass(frozen=True)
class Note:
    """A contradiction and its reading.

    Attributes:
        where: The places in the catalogue.
        says: What stands there.
        settled: How it is read here, and in which file.
        why: The reason.
        services: Numbers of the services concerned.
        categories: Ids of the WhatsApp categories concerned.
        ask_owner: Whether the catalogue's owner still has to be asked.
    """

    where: str
    says: str
    settled: str
    why: str
    services: tuple[int, ...]
    categories: tuple[str, ...]
    ask_owner: bool


def read(path: Path, services: Collection[int], categories: Collection[str]) -> tuple[Note, ...]:
    """Read the notes.

    Args:
        path: The file.
        services: Numbers of the services there are.
        categories: Ids of the categories there are.

    Raises:
        DataError: Something is missing, or a service or category is unknown.
    """
    data = load(path)
    only(data, ("notes",))
    return tuple(_note(node, services, categories) for node in items(data, "notes", dict))


def _note(node: Any, services: Collection[int], categories: Collection[str]) -> Note:
    only(node, Note.__dataclass_fields__)
    return Note(
        where=take(node, "where", str),
        says=take(node, "says", str),
        settled=take(node, "settled", str),
        why=take(node, "why", str),
        services=_known(node, "services", int, services),
        categories=_known(node, "categories", str, categories),
        ask_owner=take(node, "ask_owner", bool, False),
    )


def _known(node: Any, key: str, kind: type[T], known: Collection[T]) -> tuple[T, ...]:
    found = items(node, key, kind) if key in node else []
    for index, value in enumerate(found):
        if value not in known:
            raise wrong(found, f"'{value}' of '{key}' is not in the catalogue; mend it", index)
    return tuple(found)
