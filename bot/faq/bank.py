"""The reviewed FAQ: one file per topic under ``data/faq``, one entry per answer.

A file holds a single key ``entries``; its name without ``.yml`` is the topic of all its entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.datafile import items, line_of, load, only, take, wrong
from bot.errors import DataError

CONFIDENCES = ("high", "medium", "low")
LONGEST_ANSWER = 1000
SERVICES = range(1, 21)
_TEXTS = ("id", "question", "answer", "source", "source_label", "confidence")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_ID = 64
_SAYS = {
    "id": "id '{value}'; use at most {most} of a-z and 0-9, in words joined by a dash",
    "empty": "'{key}' is empty; fill it",
    "confidence": "confidence '{value}'; use one of {choices}",
    "long": "answer has {size} characters; at most {most}",
    "blank": "a variant must be a sentence; put it in quotes",
    "service": "service {value}; use 1 to {most} of the catalogue",
}


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

    def as_fields(self) -> dict[str, Any]:
        """Return everything but the id as JSON values."""
        fields = asdict(self)
        del fields["id"]
        return {**fields, "valid_until": self.valid_until and self.valid_until.isoformat()}

    @classmethod
    def from_fields(cls, id: str, fields: Mapping[str, Any]) -> Entry:
        """Build an entry from what `as_fields` gave."""
        until = fields["valid_until"]
        lists = {name: tuple(fields[name]) for name in ("variants", "related")}
        dated = {"valid_until": date.fromisoformat(until) if until else None}
        return cls(id=id, **{**fields, **lists, **dated})


@dataclass(frozen=True)
class Problem:
    """What is wrong with an entry.

    Attributes:
        key: Which of its fields.
        code: Which rule it breaks; whoever tells people has a sentence for each.
        values: What the sentence names.
        index: Which item, where the field is a list.
    """

    key: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    index: int | None = None


def limits(entry: Entry) -> Iterator[Problem]:
    """Give what an entry may not be, whatever the others are."""
    if not _ID.fullmatch(entry.id) or len(entry.id) > _LONGEST_ID:
        yield Problem("id", "id", {"value": entry.id, "most": str(_LONGEST_ID)})
    for key in _TEXTS[1:]:
        if not getattr(entry, key).strip():
            yield Problem(key, "empty", {"key": key})
    if entry.confidence not in CONFIDENCES:
        values = {"value": entry.confidence, "choices": ", ".join(CONFIDENCES)}
        yield Problem("confidence", "confidence", values)
    if (size := len(entry.answer)) > LONGEST_ANSWER:
        yield Problem("answer", "long", {"size": str(size), "most": str(LONGEST_ANSWER)})
    for index, variant in enumerate(entry.variants):
        if not variant.strip():
            yield Problem("variants", "blank", index=index)
    if entry.service not in SERVICES:
        values = {"value": str(entry.service), "most": str(SERVICES[-1])}
        yield Problem("service", "service", values)


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

    @property
    def topics(self) -> list[str]:
        """The files that have entries, in alphabetical order."""
        return sorted({entry.topic for entry in self.entries})

    def overlaid(self, changed: Mapping[str, Entry | None]) -> Bank:
        """Return a bank with entries replaced or added; None takes one away."""
        kept = [changed.get(entry.id, entry) for entry in self.entries]
        new = [entry for id, entry in changed.items() if id not in self]
        return Bank(entry for entry in (*kept, *new) if entry is not None)

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
    variants = take(node, "variants", list)
    for index, variant in enumerate(variants):
        if not isinstance(variant, str):
            raise wrong(variants, _SAYS["blank"], index)
    entry = Entry(
        topic=topic,
        variants=tuple(variants),
        service=take(node, "service", int),
        category=take(node, "category", str, None),
        related=tuple(items(node, "related", str)) if "related" in node else (),
        valid_until=take(node, "valid_until", date, None),
        **texts,
    )
    for problem in limits(entry):
        said = _SAYS[problem.code].format(**problem.values)
        if problem.index is None:
            raise wrong(node, said, problem.key)
        raise wrong(node[problem.key], said, problem.index)
    return entry


def folded(question: str) -> str:
    """Return a question without capitals, end marks and odd blanks, to compare it."""
    return " ".join(question.casefold().strip(" ?!.").split())


def _once(seen: dict[str, str], what: str, node: Any, key: Any) -> None:
    """Refuse what an earlier entry has, and remember it."""
    if what in seen:
        raise wrong(node, f"{what} stands already at {seen[what]}; change one", key)
    seen[what] = f"{node.path}:{line_of(node, key)}"
