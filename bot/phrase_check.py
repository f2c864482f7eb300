"""What `nindy check` says of phrases that two things claim: FAQ entries, services, intents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process

from bot.datafile import items, line_of, load, take
from bot.faq import folded
from bot.nlu.knowledge import load_questions
from bot.nlu.lexicon import Lexicon
from bot.nlu.normalise import normalise

TOO_ALIKE = 90.0
"""token_sort_ratio from which two questions of different owners cannot be told apart."""


@dataclass(frozen=True)
class Phrase:
    """A phrase that training learns.

    Attributes:
        text: As it is written.
        owner: An entry's id, ``service N`` or ``intent NAME``.
        place: File and line.
    """

    text: str
    owner: str
    place: str


def problems(data: Path) -> Iterator[str]:
    """Give each phrase that two things claim as ``file:line: what and what to do``.

    Questions may not be nearly those of another entry or service. An intent's examples are short
    and often alike, so only the same plain words count.

    Args:
        data: The project's ``data``.

    Raises:
        DataError: A file is wrong.
    """
    questions = [
        *_of_entries(data / "faq"),
        *of_services(data / "catalogue/examples.yml"),
    ]
    for first, second in alike(questions):
        yield (
            f"{second.place}: '{second.text}' of {second.owner} is nearly '{first.text}' of "
            f"{first.owner} ({first.place}); change one"
        )
    lexicon = Lexicon.load(data / "lexicon")
    seen = {plain(phrase.text, lexicon): phrase for phrase in questions}
    for example in of_intents(data / "nlu"):
        first = seen.setdefault(plain(example.text, lexicon), example)
        if first.owner != example.owner:
            yield (
                f"{example.place}: '{example.text}' of {example.owner} says the same as "
                f"'{first.text}' of {first.owner} ({first.place}); keep one"
            )


def alike(phrases: Sequence[Phrase], start: int = 0) -> Iterator[tuple[Phrase, Phrase]]:
    """Give each pair that cannot be told apart: of two owners, or one owner's very same words.

    Args:
        phrases: All phrases.
        start: Only pairs whose second phrase has this place or a later one.
    """
    texts = [folded(phrase.text) for phrase in phrases]
    scores = process.cdist(
        texts[start:],
        texts,
        scorer=fuzz.token_sort_ratio,
        score_cutoff=TOO_ALIKE,
        dtype=np.uint8,
        workers=-1,
    )
    for two, one in zip(*np.nonzero(np.tril(scores, start - 1)), strict=True):
        first, second = phrases[one], phrases[start + two]
        if first.owner != second.owner or texts[one] == texts[start + two]:
            yield first, second


def plain(text: str, lexicon: Lexicon) -> str:
    """Return the plain words of a phrase, or the phrase itself where it has none."""
    return normalise(text, lexicon.slang, lexicon.emoji, lexicon.numbered) or text.strip()


def of_services(path: Path) -> Iterator[Phrase]:
    """Give the example questions of the catalogue's services.

    Raises:
        DataError: The file is wrong.
    """
    for number, texts in load_questions(path).items():
        yield from _listed(texts, f"service {number}", path)


def of_intents(folder: Path) -> Iterator[Phrase]:
    """Give the examples of the intents.

    Raises:
        DataError: A file is wrong.
    """
    for path in sorted(folder.glob("*.yml")):
        for node in items(load(path), "nlu", dict):
            owner = f"intent {take(node, 'intent', str)}"
            first = line_of(node, "examples") + 1
            for line, text in enumerate(take(node, "examples", str).splitlines(), first):
                yield Phrase(text.removeprefix("- "), owner, f"{path}:{line}")


def _of_entries(folder: Path) -> Iterator[Phrase]:
    for path in sorted(folder.glob("*.yml")):
        for node in items(load(path), "entries", dict):
            id = take(node, "id", str)
            place = f"{path}:{line_of(node, 'question')}"
            yield Phrase(take(node, "question", str), id, place)
            yield from _listed(items(node, "variants", str), id, path)


def _listed(texts: Sequence[str], owner: str, path: Path) -> Iterator[Phrase]:
    for index, text in enumerate(texts):
        yield Phrase(text, owner, f"{path}:{line_of(texts, index)}")
