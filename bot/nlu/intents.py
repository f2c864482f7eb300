"""Whether a message is a wish, talk, or a question; and if not a question, which intent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.nlu.classifier import Classifier, Floats
from bot.nlu.knowledge import Knowledge
from bot.nlu.reading import Reader


class Intents:
    """The intents with examples; all else known (entries, services' questions) is a question."""

    def __init__(self, knowledge: Knowledge, reader: Reader) -> None:
        self.names = tuple(name for name, texts in knowledge.examples.items() if any(texts))
        groups = [
            [
                text
                for known in (knowledge.faq, knowledge.questions)
                for texts in known.values()
                for text in texts
            ],
            *(knowledge.examples[name] for name in self.names),
        ]
        read = [[reader.question(text) for text in group] for group in groups]
        labels = np.repeat(np.arange(len(read)), [len(group) for group in read])
        phrases = [phrase for group in read for phrase in group]
        self._known = {word for phrase in phrases for word in phrase}
        self._classifier = Classifier(phrases, labels) if self.names and groups[0] else None

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of what `fit` returns."""
        return self._classifier.shape if self._classifier else (1, 1)

    def fit(self) -> Floats:
        """Return the coefficients of the classifier."""
        return self._classifier.fit() if self._classifier else np.zeros((1, 1))

    def chances(self, words: Sequence[str], coefficients: Floats) -> Floats:
        """Return the probability of a question, then of each of `names`, for a message's words."""
        if self._classifier is None or self._known.isdisjoint(words):
            return np.array([1.0] + [0.0] * len(self.names))
        spread: Floats = self._classifier.chances([words], coefficients)[0]
        return spread
