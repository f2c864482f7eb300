"""What training gathers and a loaded model knows; goes through JSON unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.datafile import items, load, only, take, wrong
from bot.faq import SERVICES, Bank
from bot.nlu.lexicon import Lexicon


@dataclass(frozen=True)
class Knowledge:
    """Everything the matcher knows.

    Attributes:
        lexicon: Word lists.
        examples: Examples per intent.
        faq: Phrasings per FAQ entry.
        homes: The catalogue's service of each FAQ entry.
        questions: Example questions per service, for what has no entry.
    """

    lexicon: Lexicon
    examples: Mapping[str, Sequence[str]]
    faq: Mapping[str, Sequence[str]]
    homes: Mapping[str, int] = field(default_factory=dict)
    questions: Mapping[int, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def gather(
        cls, examples: Mapping[str, Sequence[str]], faq: Path, lexicon: Path, questions: Path
    ) -> Knowledge:
        """Read everything but the examples from the project's data.

        Args:
            examples: Examples per intent.
            faq: ``data/faq``.
            lexicon: ``data/lexicon``.
            questions: ``data/catalogue/examples.yml``.

        Raises:
            DataError: A file is wrong.
        """
        entries = Bank.load(faq).entries
        return cls(
            Lexicon.load(lexicon),
            examples,
            faq={entry.id: entry.phrasings for entry in entries},
            homes={entry.id: entry.service for entry in entries},
            questions=load_questions(questions),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Knowledge:
        """Build from what `as_dict` gave."""
        questions = {int(number): texts for number, texts in data["questions"].items()}
        return cls(
            **{**data, "lexicon": Lexicon.from_dict(data["lexicon"]), "questions": questions}
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**plain, "lexicon": self.lexicon.as_dict()}


def load_questions(path: Path) -> dict[int, list[str]]:
    """Read the example questions of the catalogue's services.

    Raises:
        DataError: The file is wrong.
    """
    found: dict[int, list[str]] = {}
    for row in items(load(path), "examples", dict):
        only(row, ("service", "questions"))
        number = take(row, "service", int)
        if number not in SERVICES:
            problem = f"service {number}; use 1 to {SERVICES[-1]} of the catalogue"
            raise wrong(row, problem, "service")
        if number in found:
            raise wrong(row, f"service {number} is listed twice; join its questions", "service")
        found[number] = items(row, "questions", str)
    return found
