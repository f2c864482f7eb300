"""Decide what a message wants: a FAQ answer, a category's form, a control word, or a ticket.

One probability decides. `Engine` holds no Rasa and no file: it is built from plain data (what
training stored) and answers `match(text)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import exp
from typing import Any, Literal

import numpy as np

from bot.nlu.knowledge import Knowledge
from bot.nlu.normalise import normalise
from bot.nlu.phrases import Phrases
from bot.nlu.similarity import Similarity
from bot.nlu.spelling import Spelling

Decision = Literal["answer", "clarify", "ticket", "form", "control", "refuse"]
FieldFinder = Callable[[str], dict[str, str]]

FAQ, INFORM, FALLBACK = "faq", "inform", "nlu_fallback"

#: An e-mail address or a number of five digits and more: never part of a question's wording.
_NUMBER = re.compile(r"\S+@\S+|(?<![^\W_])\d[\d.\-]{3,}\d(?![^\W_])")
#: Those, numbers in groups, and codes as of a contract (SPK-01/PPK/2026) or a ticket.
_DATA = re.compile(r"\S+@\S+|(?<![^\W_])\d[\d.\- ]{3,}\d(?![^\W_])|(?<!\S)(?=\S*\d)(?=\S*[/\-])\S+")

# Fitted leave-one-out over the bank's and the examples' own phrases, with entries hidden in turn
# and everyday sentences as questions without an answer (20 % of the weight). The weights are in
# the order of `similarity.MEASURES`.
_WEIGHTS = np.array([0.47, 1.09, 1.06, 1.19, 0.0])
#: Asked in the very words of a phrase.
_EXACT = 0.97
#: Alternatives below are not worth showing.
_SHOWN = 0.02


def _faq_probability(score: float, gap: float, evidence: float) -> float:
    return _logistic(0.63 * score + 1.57 * gap + 1.10 * evidence - 3.79)


def _intent_probability(score: float, covered: float, about: bool) -> float:
    return _logistic(2.33 * score + 2.95 * covered - 3.00 * about - 7.19)


def _logistic(z: float) -> float:
    return 1.0 / (1.0 + exp(-z))


@dataclass(frozen=True)
class Match:
    """What a message was taken for.

    Attributes:
        text: The message as it came.
        intent: A category, a control intent, ``faq``, ``inform`` or ``nlu_fallback``.
        probability: That the decision is right, 0..1.
        decision: What to do about it.
        faq: The entry meant, when the decision is answer or clarify.
        alternatives: At most three entries with their probabilities, the best (`faq`) first.
        service: The catalogue's service 1..20, when known.
        slots: Values found in the message.
    """

    text: str
    intent: str
    probability: float
    decision: Decision
    faq: str | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    service: int | None = None
    slots: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the shape of ``nindy match``: one JSON object."""
        shape = asdict(self)
        shape["probability"] = round(self.probability, 4)
        shape["alternatives"] = [
            {"id": id, "probability": round(probability, 4)}
            for id, probability in self.alternatives
        ]
        return shape


@dataclass(frozen=True)
class Thresholds:
    """From which probability on Nindy answers, or asks what was meant; below, a ticket."""

    answer: float = 0.80
    clarify: float = 0.35
    intent: float = 0.50


class Engine:
    """Matches messages against what it knows.

    Args:
        knowledge: Word lists, examples and FAQ.
        thresholds: Where answer and clarify begin.
        find_fields: Finds slot values in a text; the composition root hands it in.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        thresholds: Thresholds | None = None,
        find_fields: FieldFinder | None = None,
    ) -> None:
        self.thresholds = thresholds or Thresholds()
        self.find_fields: FieldFinder = find_fields or (lambda text: {})
        self._lexicon = lexicon = knowledge.lexicon
        examples = [
            (name, text, self._words(text))
            for name, texts in knowledge.examples.items()
            for text in texts
        ]
        self._phrases = Phrases(examples, lexicon)
        self._intents = _similarity(
            {
                name: [self._phrases.core(words) for intent, _, words in examples if intent == name]
                for name in lexicon.needs
            }
        )
        self._faq = _similarity(
            {id: [self._plain(text) for text in texts] for id, texts in knowledge.faq.items()}
        )
        self._asked = {
            _order(self._plain(text)): id for id, texts in knowledge.faq.items() for text in texts
        }
        self._spelling = Spelling(
            {word for _, _, words in examples for word in words}
            | (self._faq.vocabulary if self._faq else frozenset())
            | lexicon.address
            | lexicon.courtesy
            | lexicon.about
            | lexicon.labels
            | {word for plain in lexicon.slang.values() for word in plain.split()}
        )

    def match(self, text: str) -> Match:
        """Tell what a message wants."""
        return replace(self._judge(text), slots=self.find_fields(text))

    def _judge(self, text: str) -> Match:
        words = self._spelling.mend(self._words(text))
        if number := self._menu_number(words):
            return Match(text, self._lexicon.categories[number - 1], 1.0, "form")
        spoken = self._spelling.mend(self._words(_DATA.sub(" ", text)))
        if (spoken or not words) and (intent := self._phrases.find(spoken, text)):
            if intent in self._lexicon.control:
                return Match(text, intent, 1.0, "control")
            return Match(text, intent, _EXACT, "form")
        if not words:
            return Match(text, FALLBACK, 0.0, "ticket")
        only_named = not set(spoken) - self._lexicon.labels - self._lexicon.address
        if all(map(str.isdecimal, words)) or (only_named and spoken != words):
            return Match(text, INFORM, 0.0, "ticket")
        intent, certainty = self._intent(spoken)
        brings_data = _NUMBER.search(text) is not None and not self._is_about(words)
        if brings_data and intent in self._lexicon.categories:
            # Who brings numbers wants the thing done; what is needed for it is already known.
            return Match(text, intent, max(certainty, _EXACT), "form")
        alternatives = self._answers(self._spelling.mend(self._plain(text)))
        best = alternatives[0][1] if alternatives else 0.0
        if certainty >= self.thresholds.intent and certainty >= best:
            decision: Decision = "form" if intent in self._lexicon.categories else "control"
            return Match(text, intent, certainty, decision)
        if best < self.thresholds.clarify:
            return Match(text, FALLBACK, best, "ticket", None, alternatives)
        decision = "answer" if best >= self.thresholds.answer else "clarify"
        return Match(text, FAQ, best, decision, alternatives[0][0], alternatives)

    def _words(self, text: str) -> list[str]:
        return normalise(text, self._lexicon.slang, self._lexicon.emoji).split()

    def _plain(self, text: str) -> list[str]:
        """Return a question's words without numbers of data and without words of address."""
        words = self._words(_NUMBER.sub(" ", text))
        return [word for word in words if word not in self._lexicon.address] or words

    def _menu_number(self, words: Sequence[str]) -> int:
        aside = self._lexicon.choose | self._lexicon.address
        rest = [word for word in words if word not in aside]
        if len(rest) != 1:
            return 0
        number = self._lexicon.numerals.get(rest[0], 0)
        if rest[0].isascii() and rest[0].isdecimal():
            number = int(rest[0]) if len(rest[0]) == 1 else 0
        return number if number <= len(self._lexicon.categories) else 0

    def _intent(self, words: list[str]) -> tuple[str, float]:
        if not words or not self._intents:
            return FALLBACK, 0.0
        measures = self._intents.measure(self._phrases.core(words))
        scores = measures @ _WEIGHTS
        for index, name in enumerate(self._intents.names):
            if self._lexicon.needs[name].isdisjoint(words):
                scores[index] = 0.0
        best = int(np.argmax(scores))
        if not scores[best]:
            return FALLBACK, 0.0
        about = self._is_about(words)
        probability = _intent_probability(scores[best], measures[best, 3], about)
        return self._intents.names[best], probability

    def _is_about(self, words: Sequence[str]) -> bool:
        following = (*words[1:], "")
        return any(
            word in self._lexicon.about and after not in self._lexicon.about_not_before
            for word, after in zip(words, following, strict=True)
        )

    def _answers(self, words: Sequence[str]) -> tuple[tuple[str, float], ...]:
        if not words or not self._faq:
            return ()
        measures = self._faq.measure(words)
        scores = measures @ _WEIGHTS
        order = np.argsort(-scores, kind="stable")[:3]
        found: list[tuple[str, float]] = []
        for rank, index in enumerate(order):
            rivals = np.delete(order, rank)
            gap = scores[index] - scores[rivals[0]] if len(rivals) else scores[index]
            id = self._faq.names[index]
            probability = _faq_probability(scores[index], gap, measures[index, 4])
            if self._asked.get(_order(words)) == id:
                probability = max(_EXACT, probability)
            found.append((id, min(probability, found[-1][1]) if found else probability))
        return tuple((id, p) for id, p in found if p >= _SHOWN)


def _order(words: Iterable[str]) -> str:
    return " ".join(sorted(words))


def _similarity(groups: Mapping[str, Iterable[Sequence[str]]]) -> Similarity | None:
    kept = {name: [phrase for phrase in group if phrase] for name, group in groups.items()}
    kept = {name: group for name, group in kept.items() if group}
    return Similarity(kept) if kept else None
