"""The reviewed FAQ: one file per topic under ``data/faq``, one entry per answer.

A file holds a single key ``entries``; its name without ``.yml`` is the topic of all its entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.datafile import items, line_of, load, only, take, wrong
from bot.errors import DataError

CONFIDENCES = ("high", "medium", "low")
LONGEST_ANSWER = 1000
SERVICES = range(1, 21)
_TEXTS = ("id", "question", "answer", "source", "source_label", "confidence")


@dataclass(frozen=True)
class Entry:
    """One question with its reviewed answer.

    Attributes:
        id: Kebab-case name that never changes.
        topic: The file it stands in.
        question: The question as an editor would write it.
        answer: What the user reads.
        source: Where the fact was found, in full.
        source_label: The same in a few words, for the user.
        confidence: ``high``, ``medium`` or ``low``; the last two want the owner's review.
        variants: The question as people really ask it.
        service: The catalogue's service 1..20 that owns the question.
        category: The WhatsApp category whose form answers for the person's own data, if one does.
        related: Ids of entries that a reader would want next.
        valid_until: The last day on which the answer may be given without a warning.
    """

    id: str
    topic: str
    question: str
    answer: str
    source: str
    source_label: str
    confidence: str
    variants: tuple[str, ...]
    service: int
    category: str | None = None
    related: tuple[str, ...] = ()
    valid_until: date | None = None

    def needs_confirmation(self, today: date) -> bool:
        """Say whether the user must be told to confirm: unsure source, or out of date."""
        expired = self.valid_until is not None and self.valid_until < today
        return self.confidence != "high" or expired

    @property
    def phrasings(self) -> tuple[str, ...]:
        """The question and all its variants."""
        return (self.question, *self.variants)


class Bank:
    """All entries, in the order of files and lines."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_id = {entry.id: entry for entry in self.entries}

    @classmethod
    def load(cls, folder: Path) -> Bank:
        """Read every ``.yml`` file of a folder.

        Raises:
            DataError: A file or entry is wrong; the message names file, line and remedy.
        """
        paths = sorted(folder.glob("*.yml"))
        if not paths:
            raise DataError(folder, 0, "holds no .yml file; restore data/faq")
        entries: list[Entry] = []
        seen: dict[str, str] = {}
        for path in paths:
            data = load(path)
            nodes = take(data, "entries", list)
            only(data, ("entries",))
            for node in nodes:
                entry = _entry(path.stem, node)
                _once(seen, f"id '{entry.id}'", node, "id")
                _once(seen, f"question '{folded(entry.question)}'", node, "question")
                for index, variant in enumerate(entry.variants):
                    _once(seen, f"question '{folded(variant)}'", node["variants"], index)
                entries.append(entry)
        return cls(entries)

    def get(self, id: str) -> Entry:
        """Return the entry with an id; KeyError when there is none."""
        return self._by_id[id]

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    def __len__(self) -> int:
        return len(self.entries)


def _entry(topic: str, node: Any) -> Entry:
    texts = {key: " ".join(take(node, key, str).split()) for key in _TEXTS}
    only(node, (*_TEXTS, "variants", "service", "category", "related", "valid_until"))
    for key, text in texts.items():
        if not text:
            raise wrong(node, f"'{key}' is empty; fill it", key)
    if texts["confidence"] not in CONFIDENCES:
        choices = ", ".join(CONFIDENCES)
        raise wrong(node, f"confidence '{texts['confidence']}'; use one of {choices}", "confidence")
    if (size := len(texts["answer"])) > LONGEST_ANSWER:
        raise wrong(node, f"answer has {size} characters; at most {LONGEST_ANSWER}", "answer")
    variants = take(node, "variants", list)
    for index, variant in enumerate(variants):
        if not isinstance(variant, str) or not variant.strip():
            raise wrong(variants, "a variant must be a sentence; put it in quotes", index)
    service = take(node, "service", int)
    if service not in SERVICES:
        raise wrong(node, f"service {service}; use 1 to {SERVICES[-1]} of the catalogue", "service")
    return Entry(
        topic=topic,
        variants=tuple(variants),
        service=service,
        category=take(node, "category", str, None),
        related=tuple(items(node, "related", str)) if "related" in node else (),
        valid_until=take(node, "valid_until", date, None),
        **texts,
    )


def folded(question: str) -> str:
    """Return a question without capitals, end marks and odd blanks, to compare it."""
    return " ".join(question.casefold().strip(" ?!.").split())


def _once(seen: dict[str, str], what: str, node: Any, key: Any) -> None:
    """Refuse what an earlier entry has, and remember it."""
    if what in seen:
        raise wrong(node, f"{what} stands already at {seen[what]}; change one", key)
    seen[what] = f"{node.path}:{line_of(node, key)}"
