"""Decide what a message wants: a FAQ answer, a category's form, a control word, or a ticket.

One probability decides. `Engine` holds no Rasa and no file: it is built from plain data (what
training stored) and answers `match(text)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from bot.nlu import choice
from bot.nlu.choice import ENTRY, Floats
from bot.nlu.intents import Intents
from bot.nlu.knowledge import Knowledge
from bot.nlu.phrases import Phrases
from bot.nlu.reading import Reader
from bot.nlu.targets import Targets
from bot.nlu.training import Fitted, reader_of

Decision = Literal["answer", "clarify", "ticket", "form", "control", "refuse"]
FieldFinder = Callable[[str], dict[str, str]]

FAQ, INFORM, FALLBACK = "faq", "inform", "nlu_fallback"

#: Asked in the very words of a phrase.
_EXACT = 0.97
#: A wish to ask is believed from here on where more is said than that.
_CERTAIN = 0.95
#: Alternatives below are not worth showing.
_SHOWN = 0.02
_ALTERNATIVES = 3
#: Words behind a greeting or thanks from which on they are a matter of their own.
_MATTER = 2
#: Words up to which a message may be a mere number.
_FEW = 3


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
        service: The catalogue's service 1..20 to which it most likely belongs, for questions.
        services: At most three services with their probabilities, the best first.
        slots: Values found in the message.
    """

    text: str
    intent: str
    probability: float
    decision: Decision
    faq: str | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    service: int | None = None
    services: tuple[tuple[int, float], ...] = ()
    slots: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the shape of ``nindy match``: one JSON object."""
        shape = asdict(self)
        del shape["services"]
        shape["probability"] = round(self.probability, 4)
        shape["alternatives"] = [
            {"id": id, "probability": round(probability, 4)}
            for id, probability in self.alternatives
        ]
        return shape


@dataclass(frozen=True)
class Thresholds:
    """What a probability leads to, and how the raw one is read.

    Attributes:
        answer: From here on Nindy answers.
        clarify: Where all three alternatives together reach this, she asks which of them is
            meant; below, a ticket.
        intent: From here on a category or talk is believed.
        control: From here on an intent of the lexicon's `strict` is believed: whoever reads a
            question as "batal" leaves the person without an answer.
        slope: The scores of entries are multiplied by this, because the phrases asked in
            training are harder than people's questions (see ``docs/matching.md``) ...
        shift: ... and this is added to weigh them against no entry at all.
    """

    answer: float = 0.75
    clarify: float = 0.35
    intent: float = 0.50
    control: float = 0.75
    slope: float = 1.9
    shift: float = -2.9


class Engine:
    """Matches messages against what it knows.

    Args:
        knowledge: What training gathered.
        fitted: What training found.
        thresholds: What a probability leads to.
        find_fields: Finds slot values in a text; the composition root hands it in.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        fitted: Fitted,
        thresholds: Thresholds | None = None,
        find_fields: FieldFinder | None = None,
    ) -> None:
        self.thresholds = thresholds or Thresholds()
        self.find_fields: FieldFinder = find_fields or (lambda text: {})
        self._trained = knowledge
        self._fitted = fitted
        self._lexicon = lexicon = knowledge.lexicon
        reader = self._learn(knowledge)
        self._phrases = Phrases(
            (
                (intent, text, reader.words(text))
                for intent, texts in knowledge.examples.items()
                for text in texts
            ),
            lexicon,
        )
        self._intents = Intents(knowledge, reader)

    def knowing(self, faq: Mapping[str, Sequence[str]], homes: Mapping[str, int]) -> Engine:
        """Return an engine for other entries, without training anew (about a second).

        The weights tell how alike is alike enough, whatever the entries, so they stay. So do the
        intents: their classifier counts the words that it was trained on.

        Args:
            faq: Phrasings per entry.
            homes: The catalogue's service of each entry.
        """
        other = copy(self)
        other._learn(replace(self._trained, faq=faq, homes=homes))
        return other

    def _learn(self, knowledge: Knowledge) -> Reader:
        # What training knew how to spell stays known, so that intents are read as they were.
        trained = self._trained.faq.values()
        reader = reader_of(knowledge, (text for texts in trained for text in texts))
        self._reader = reader
        #: What a question can be about.
        self.targets = Targets(knowledge, reader)
        self._asked = {
            _order(reader.question(text)): id
            for id, texts in knowledge.faq.items()
            for text in texts
        }
        return reader

    def match(self, text: str) -> Match:
        """Tell what a message wants."""
        return replace(self._judge(text), slots=self.find_fields(text))

    def words(self, text: str) -> list[str]:
        """Return the plain words of a text that carry a question."""
        return self._reader.question(text)

    def number_in(self, text: str) -> int:
        """Return the one small number that a few words name ("yang kedua", "3 aja"), else 0."""
        words, numerals = self._reader.question(text), self._lexicon.numerals
        digits = {word: int(word) for word in words if len(word) == 1 and word in "123456789"}
        named = [{**numerals, **digits}.get(word, 0) for word in words]
        return max(named) if len(words) <= _FEW and sum(map(bool, named)) == 1 else 0

    def scores(self, text: str) -> Floats:
        """Return the score of every one of `targets`, before it becomes a probability."""
        targets = self.targets
        return choice.scores(targets.features(text), targets.kinds, self._fitted.weights)

    def _judge(self, text: str) -> Match:
        lexicon = self._lexicon
        words, spoken = self._reader.words(text), self._reader.spoken(text)
        if number := self._menu_number(words):
            return Match(text, lexicon.categories[number - 1], 1.0, "form")
        if (spoken or not words) and (intent := self._phrases.find(spoken, text)):
            return Match(text, intent, 1.0, self._decision(intent))
        if not words:
            return Match(text, FALLBACK, 0.0, "ticket")
        only_named = not set(spoken) - lexicon.labels - lexicon.address
        if all(map(str.isdecimal, words)) or (only_named and spoken != words):
            return Match(text, INFORM, 0.0, "ticket")
        return self._behind_courtesy(text, words) or self._weigh(text)

    def _behind_courtesy(self, text: str, words: list[str]) -> Match | None:
        """Judge what stands behind a greeting or thanks, so that those do not water it down."""
        rest = self._phrases.behind_courtesy(words)
        if rest == words or len(rest) < _MATTER or self._reader.brings_data(text):
            return None
        behind, whole = self._weigh(" ".join(rest)), self._weigh(text)
        if behind.decision == "control":
            return None
        if behind.intent == FALLBACK:
            # "mau tanya sakti error terus" has asked already; a mere "mau tanya" has not.
            asked = whole.intent in self._lexicon.categories[:1] and whole.probability < _CERTAIN
            return replace(behind, text=text) if asked else None
        sure = whole.decision in ("answer", "form") and whole.probability >= behind.probability
        return whole if sure else replace(behind, text=text)

    def _weigh(self, text: str) -> Match:
        meant = self._intents.chances(self._reader.question(text), self._fitted.coefficients)
        for place, name in enumerate(self._intents.names, 1):
            if name in self._lexicon.strict and meant[place] < self.thresholds.control:
                meant[0], meant[place] = meant[0] + meant[place], 0.0
        chances = choice.probabilities(
            self.scores(text), self.thresholds.slope, self.thresholds.shift
        )
        services = self._services(chances)
        service = services[0][0] if services else None
        alternatives = self._alternatives(text, meant[0] * chances)
        best = alternatives[0][1] if alternatives else 0.0
        intent, certainty = self._intent(text, meant)
        found = Match(text, FALLBACK, best, "ticket", None, alternatives, service, services)
        if certainty >= self.thresholds.intent and certainty >= best:
            decision = self._decision(intent)
            return replace(found, intent=intent, probability=certainty, decision=decision)
        if sum(chance for _, chance in alternatives) < self.thresholds.clarify:
            return found
        sure: Decision = "answer" if best >= self.thresholds.answer else "clarify"
        return replace(found, intent=FAQ, decision=sure, faq=alternatives[0][0])

    def _decision(self, intent: str) -> Decision:
        if intent in self._lexicon.categories:
            return "form"
        return "refuse" if intent in self._lexicon.refusals else "control"

    def _menu_number(self, words: Sequence[str]) -> int:
        aside = self._lexicon.choose | self._lexicon.address
        rest = [word for word in words if word not in aside]
        if len(rest) != 1:
            return 0
        number = self._lexicon.numerals.get(rest[0], 0)
        if rest[0].isascii() and rest[0].isdecimal():
            number = int(rest[0]) if len(rest[0]) == 1 else 0
        return number if number <= len(self._lexicon.categories) else 0

    def _intent(self, text: str, meant: Floats) -> tuple[str, float]:
        if len(meant) < 2:
            return FALLBACK, 0.0
        best = 1 + int(np.argmax(meant[1:]))
        intent, certainty = self._intents.names[best - 1], float(meant[best])
        if intent in self._lexicon.wordy and len(self._reader.question(text)) == 1:
            return FALLBACK, 0.0
        wished = intent in self._lexicon.categories and certainty >= self.thresholds.clarify
        about = self._reader.is_about(self._reader.words(text))
        if wished and not about and self._reader.brings_data(text):
            # Who brings numbers wants the thing done; what is needed for it is already known.
            certainty = max(certainty, _EXACT)
        return intent, certainty

    def _services(self, raw: Floats) -> tuple[tuple[int, float], ...]:
        mass = np.bincount(self.targets.services, weights=raw, minlength=1)
        mass[0] = 0.0
        order = np.argsort(-mass, kind="stable")[:_ALTERNATIVES]
        return tuple((int(number), float(mass[number])) for number in order if mass[number] > 0)

    def _alternatives(self, text: str, chances: Floats) -> tuple[tuple[str, float], ...]:
        entries = np.flatnonzero(self.targets.kinds == ENTRY)
        if not len(entries):
            return ()
        order = entries[np.argsort(-chances[entries], kind="stable")[:_ALTERNATIVES]]
        found = [(self.targets.names[index], float(chances[index])) for index in order]
        if (id := self._asked.get(_order(self._reader.question(text)))) is not None:
            sure = max([_EXACT, *(p for name, p in found if name == id)])
            others = [(name, min(p, 1 - sure)) for name, p in found if name != id]
            found = [(id, sure), *others[: _ALTERNATIVES - 1]]
        return tuple((id, p) for id, p in found if p >= _SHOWN)


def _order(words: Iterable[str]) -> str:
    return " ".join(sorted(words))
