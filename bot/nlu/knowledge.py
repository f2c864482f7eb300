"""What training gathers and a loaded model knows; goes through JSON unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.nlu.lexicon import Lexicon


@dataclass(frozen=True)
class Knowledge:
    """What training gathers: word lists, examples per intent, phrasings per FAQ entry."""

    lexicon: Lexicon
    examples: Mapping[str, Sequence[str]]
    faq: Mapping[str, Sequence[str]]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Knowledge:
        """Build from what `as_dict` gave."""
        return cls(Lexicon.from_dict(data["lexicon"]), data["examples"], data["faq"])

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        lists = {name: list(texts) for name, texts in self.examples.items()}
        faq = {id: list(texts) for id, texts in self.faq.items()}
        return {"lexicon": self.lexicon.as_dict(), "examples": lists, "faq": faq}
