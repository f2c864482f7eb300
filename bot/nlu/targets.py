"""What a question can be about, and its features against each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bot.nlu.choice import ENTRY, FEATURES, SERVICE, Floats, Ints
from bot.nlu.knowledge import Knowledge
from bot.nlu.reading import Reader
from bot.nlu.similarity import Similarity

_BATCH = 500


class Targets:
    """The FAQ's entries, and the services for what has no entry.

    Attributes:
        names: Entry id, or ``service:N``.
        kinds: One of `choice.KINDS` each.
        services: The service of each target, 0 where an entry has none.
        texts: Every known phrase, in the order of `owner`.
        owner: The target of each known phrase.
    """

    def __init__(self, knowledge: Knowledge, reader: Reader) -> None:
        self._reader = reader
        listed: list[tuple[str, int, int, Sequence[str]]] = [
            *(
                (id, ENTRY, knowledge.homes.get(id, 0), texts)
                for id, texts in knowledge.faq.items()
            ),
            *(
                (f"service:{number}", SERVICE, number, texts)
                for number, texts in knowledge.questions.items()
            ),
        ]
        read = [
            (name, kind, service, [text for text in texts if reader.question(text)])
            for name, kind, service, texts in listed
        ]
        read = [target for target in read if target[3]]
        self.names = tuple(name for name, *_ in read)
        self.kinds: Ints = np.array([kind for _, kind, _, _ in read], dtype=np.int_)
        self.services: Ints = np.array([service for _, _, service, _ in read], dtype=np.int_)
        self.texts = [text for *_, texts in read for text in texts]
        sizes = [len(texts) for *_, texts in read]
        self.owner: Ints = np.repeat(np.arange(len(sizes)), sizes)
        asked = {name: [reader.question(text) for text in texts] for name, _, _, texts in read}
        self._similarity = Similarity(asked) if asked else None

    def features(self, text: str) -> Floats:
        """Return `choice.FEATURES` of a message against every target: targets x features."""
        if self._similarity is None:
            return np.zeros((0, len(FEATURES)))
        table: Floats = _based(self._similarity.measure([self._reader.question(text)]))[0]
        return table

    def left_out(self, texts: Sequence[str]) -> Iterator[Floats]:
        """Yield the same for one text per known phrase, as if that phrase were not known."""
        if self._similarity is None:
            return
        asked = [self._reader.question(text) for text in texts]
        phrases = np.arange(len(asked))
        for start in range(0, len(asked), _BATCH):
            part = slice(start, start + _BATCH)
            yield from _based(self._similarity.measure(asked[part], phrases[part]))


def _based(measures: Floats) -> Floats:
    base = np.ones((*measures.shape[:2], 1))
    table: Floats = np.concatenate([measures, base], axis=2)
    return table
