"""The matchers that are compared: Nindy's, and what the field usually takes for a FAQ.

Each is made of the same bank (entry id to its phrasings) and ranks entries for a question. The
usual ones stand as their tutorials have them: lower case and words, no slang list, no spelling.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process, utils
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from bench.paths import PROJECT
from bot.datafile import load
from bot.faq import Bank
from bot.nlu.choice import PRIOR
from bot.nlu.intents import Intents
from bot.nlu.knowledge import Knowledge
from bot.nlu.matcher import FAQ, Engine, Match
from bot.nlu.training import Fitted, reader_of, train

Faq = Mapping[str, Sequence[str]]
Floats = NDArray[np.float64]
Ranked = list[tuple[str, float]]
Ranker = Callable[[str], Ranked]
SHOWN = 3
_WORD = re.compile(r"\w+")


def bank() -> dict[str, Sequence[str]]:
    """Return the phrasings of every entry of the FAQ."""
    return {entry.id: entry.phrasings for entry in Bank.load(PROJECT / "data" / "faq").entries}


def nindy(faq: Faq | None = None) -> Callable[[], Engine]:
    """Read what our matcher is made of, and return what trains and builds it.

    Args:
        faq: Another bank, whose engine gets the usual weights and a blank classifier of intents:
            as fast as a trained one, and nothing is fitted.
    """
    from bot.nlu.component import Matcher

    config, knowledge = learnt()
    if faq is None:
        return lambda: Matcher.build(config, knowledge, train(knowledge))
    other = replace(knowledge, faq=faq, homes={})
    return lambda: Matcher.build(config, other, _blank(other))


def learnt() -> tuple[dict[str, Any], Knowledge]:
    """Return our matcher's settings, and what it is trained on."""
    from rasa.shared.nlu.constants import INTENT, TEXT
    from rasa.shared.nlu.training_data.loading import load_data

    from bot.nlu.component import Matcher

    examples: dict[str, list[str]] = {}
    for example in load_data(str(PROJECT / "data" / "nlu")).intent_examples:
        examples.setdefault(example.get(INTENT), []).append(example.get(TEXT))
    steps = load(PROJECT / "config.yml")["pipeline"]
    settings = next(step for step in steps if step["name"].endswith(".Matcher"))
    config = Matcher.get_default_config() | dict(settings)
    folders = {name: PROJECT / config[name] for name in ("faq", "lexicon", "questions")}
    return config, Knowledge.gather(examples, **folders)


def _blank(knowledge: Knowledge) -> Fitted:
    intents = Intents(knowledge, reader_of(knowledge))
    return Fitted(PRIOR, np.zeros(intents.shape, dtype=np.float32))


def as_match(rank: Ranker) -> Callable[[str], Match]:
    """Return a ranker in the shape that `bot.nlu.evaluate` measures."""

    def match(text: str) -> Match:
        ranked = rank(text)
        best = ranked[0][1] if ranked else 0.0
        return Match(text, FAQ, best, "answer", alternatives=tuple(ranked))

    return match


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.casefold())


class TokenSet:
    """rapidfuzz ``token_set_ratio`` (as 0..1), the best phrasing of each entry."""

    def __init__(self, faq: Faq) -> None:
        self._names = list(faq)
        self._starts = _starts(faq)
        texts = (text for phrasings in faq.values() for text in phrasings)
        self._phrasings = [utils.default_process(text) for text in texts]

    def rank(self, text: str) -> Ranked:
        """Return the best entries, the best first."""
        asked = [utils.default_process(text)]
        ratios = process.cdist(asked, self._phrasings, scorer=fuzz.token_set_ratio)[0]
        return _best(self._names, np.maximum.reduceat(ratios / 100.0, self._starts))


class Bm25:
    """BM25 over words, each phrasing a document; the best phrasing of each entry."""

    def __init__(self, faq: Faq, k1: float = 1.2, b: float = 0.75) -> None:
        self._names = list(faq)
        self._starts = _starts(faq)
        counts = [Counter(words(text)) for phrasings in faq.values() for text in phrasings]
        self._row = {word: row for row, word in enumerate({w: None for c in counts for w in c})}
        lengths = np.array([float(count.total()) for count in counts])
        norms = k1 * (1 - b + b * lengths / lengths.mean())
        seen = Counter(word for count in counts for word in count)
        idf = {word: np.log(1 + (len(counts) - df + 0.5) / (df + 0.5)) for word, df in seen.items()}
        cells = [
            (self._row[word], document, idf[word] * times * (k1 + 1) / (times + norms[document]))
            for document, count in enumerate(counts)
            for word, times in count.items()
        ]
        rows, documents, weights = zip(*cells, strict=True)
        shape = (len(self._row), len(counts))
        self._weights = csr_matrix((weights, (rows, documents)), shape=shape)

    def rank(self, text: str) -> Ranked:
        """Return the best entries, the best first; none where no word is known."""
        known = [self._row[word] for word in dict.fromkeys(words(text)) if word in self._row]
        if not known:
            return []
        ones = csr_matrix(
            (np.ones(len(known)), ([0] * len(known), known)), shape=(1, len(self._row))
        )
        scores = (ones @ self._weights).toarray()[0]
        return _best(self._names, np.maximum.reduceat(scores, self._starts))


class LinearSvc:
    """TF-IDF of words 1-2 and characters 2-5, one linear SVC against the rest for each entry."""

    def __init__(self, faq: Faq) -> None:
        from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]
            TfidfVectorizer,
        )
        from sklearn.pipeline import FeatureUnion, make_pipeline  # type: ignore[import-untyped]
        from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

        by_word = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        by_letter = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        features = FeatureUnion([("words", by_word), ("letters", by_letter)])
        self._pipeline = make_pipeline(features, LinearSVC(random_state=0))
        pairs = [(text, id) for id, phrasings in faq.items() for text in phrasings]
        self._pipeline.fit([text for text, _ in pairs], [id for _, id in pairs])
        self._names = [str(name) for name in self._pipeline.classes_]

    def rank(self, text: str) -> Ranked:
        """Return the best entries by their margin, the best first."""
        return _best(self._names, self._pipeline.decision_function([text])[0])


def _starts(faq: Faq) -> NDArray[np.int64]:
    """Return at which phrasing each entry begins."""
    return np.cumsum([0, *(len(phrasings) for phrasings in faq.values())])[:-1]


def _best(names: Sequence[str], scores: Floats) -> Ranked:
    order = np.argsort(-scores, kind="stable")[:SHOWN]
    return [(names[at], float(scores[at])) for at in order]
