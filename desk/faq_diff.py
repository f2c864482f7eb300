"""Two versions of an entry side by side: which words and lines the other one has not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.faq import Entry

TEXTS = ("question", "answer", "source", "source_label")
FACTS = ("topic", "service", "confidence", "category", "valid_until")
LISTS = ("variants", "related")
FIELDS = (*TEXTS, *FACTS, *LISTS)


@dataclass(frozen=True)
class Part:
    """A piece of a field.

    Attributes:
        text: The piece.
        only: Whether the other version has not got it.
    """

    text: str
    only: bool


@dataclass(frozen=True)
class Row:
    """A field of both versions.

    Attributes:
        key: The field.
        before: Its pieces in the older version.
        after: Its pieces in the newer one.
        listed: Whether the pieces are lines of their own.
    """

    key: str
    before: tuple[Part, ...]
    after: tuple[Part, ...]
    listed: bool = False

    @property
    def changed(self) -> bool:
        """Whether the versions differ here."""
        return any(part.only for part in (*self.before, *self.after))


def compare(before: Entry | None, after: Entry) -> Iterator[Row]:
    """Give every field of two versions; a new entry has none before."""
    for key in FIELDS:
        new, old = getattr(after, key), getattr(before, key) if before is not None else None
        if key in LISTS:
            yield Row(key, _items(old or (), new), _items(new, old or ()), True)
        elif key in TEXTS:
            yield Row(key, *_words(old or "", new))
        else:
            yield Row(key, _fact(old, new), _fact(new, old))


def _items(own: Sequence[str], other: Sequence[str]) -> tuple[Part, ...]:
    return tuple(Part(item, item not in other) for item in own)


def _fact(own: object, other: object) -> tuple[Part, ...]:
    return () if own is None else (Part(str(own), own != other),)


def _words(old: str, new: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    left, right = (re.findall(r"\s*\S+|\s+$", text) for text in (old, new))
    before: list[Part] = []
    after: list[Part] = []
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if i < j:
            before.append(Part("".join(left[i:j]), what != "equal"))
        if k < m:
            after.append(Part("".join(right[k:m]), what != "equal"))
    return tuple(before), tuple(after)
