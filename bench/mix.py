"""The messages that are sent: the same for Nindy and for stock Rasa.

A visit is ten messages of one conversation: greeting, four questions of the FAQ in the words of
somebody who types on a phone, a form that is begun, answered and left, menu, and thanks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from bench.paths import PROJECT
from bot.faq import Bank

VISIT = 10
BEFORE, AFTER = "kak ", " ya"


def questions() -> list[str]:
    """Return every phrasing of the FAQ, as typed."""
    bank = Bank.load(PROJECT / "data" / "faq")
    return [asked(text) for entry in bank.entries for text in entry.phrasings]


def asked(phrasing: str) -> str:
    """Put words around a phrasing, so that no system can look it up whole."""
    return f"{BEFORE}{phrasing}{AFTER}"


def messages(texts: list[str], start: int = 0) -> Iterator[str]:
    """Yield the messages of one visit after the other, without end."""
    # A stride without a common factor comes by all questions, near ones far apart.
    picks = (texts[(start + number * 101) % len(texts)] for number in itertools.count())
    for number in itertools.count(start):
        yield "halo"
        yield next(picks)
        yield next(picks)
        yield "cek sp2d dong"
        yield f"2602613{number % 10**8:08d}"
        yield "batal"
        yield next(picks)
        yield "menu"
        yield next(picks)
        yield "makasih"


def visits(people: Iterator[int], texts: list[str], start: int) -> Iterator[tuple[int, str]]:
    """Yield who writes and what: the next of `people` for each visit."""
    person = 0
    for number, text in enumerate(messages(texts, start)):
        if number % VISIT == 0:
            person = next(people)
        yield person, text
