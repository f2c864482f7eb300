"""Short sayings that mean the same in every form (``data/fields/sayings.yml``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from actions.fields.words import FOLDER
from bot.datafile import items, load, only, take, wrong

KINDS = (
    "leave",
    "no_need",
    "solved",
    "not_asked",
    "begin_leave",
    "only_ask",
    "wait",
    "begin_wait",
    "lack",
    "continue",
    "no_code",
    "append",
    "no_value",
    "hide_name",
    "doubt_hiding",
    "name_word",
    "may_i",
    "both",
    "agree",
    "lead_in",
    "asking",
    "unfit",
    "fine",
    "wish",
    "intro",
)
"""The lists of the file."""

Words = tuple[str, ...]


@dataclass(frozen=True)
class _Sayings:
    same: dict[str, Words]
    filler: frozenset[str]
    lists: dict[str, tuple[Words, ...]]


@lru_cache(maxsize=1)
def _sayings() -> _Sayings:
    root = load(FOLDER / "sayings.yml")
    only(root, ("same", "filler", *KINDS))
    same = {
        str(variant): tuple(str(word).split())
        for word, variants in take(root, "same", dict).items()
        for variant in variants
    }
    bare = _Sayings(same, frozenset(items(root, "filler", str)), {})
    lists = {}
    for kind in KINDS:
        phrases = tuple(_words(phrase, bare) for phrase in items(root, kind, str))
        if not phrases or not all(phrases):
            raise wrong(root, f"'{kind}' is empty or holds only filler; write its words", kind)
        lists[kind] = phrases
    return _Sayings(same, bare.filler, lists)


def check() -> None:
    """Read the file.

    Raises:
        DataError: It is wrong.
    """
    _sayings()


def words(text: str) -> Words:
    """Return the words of a text that say something, each in one spelling."""
    return _words(text, _sayings())


def is_saying(text: str, *kinds: str) -> bool:
    """Say whether a text is one of the phrases and nothing else."""
    said = words(text)
    return any(said in _sayings().lists[kind] for kind in kinds)


def begins(text: str, kind: str) -> bool:
    """Say whether a text begins with one of the phrases."""
    said = words(text)
    return any(said[: len(phrase)] == phrase for phrase in _sayings().lists[kind])


def holds(text: str, kind: str) -> bool:
    """Say whether one of the phrases stands in a text."""
    said = words(text)
    return any(
        said[at : at + len(phrase)] == phrase
        for phrase in _sayings().lists[kind]
        for at in range(len(said))
    )


def after(text: str, kind: str) -> str | None:
    """Return what follows the phrase that a text begins with, as it was written."""
    longest = max(len(phrase) for phrase in _sayings().lists[kind])
    every = list(re.finditer(r"[^\W_]+", text))
    for at in range(min(len(every), 2 * longest), 0, -1):
        if words(text[: every[at - 1].end()]) in _sayings().lists[kind]:
            return text[every[at - 1].end() :].strip(" .,:;-\n")
    return None


def _words(text: str, known: _Sayings) -> Words:
    plain = re.findall(r"[^\W_]+", text.casefold())
    spelt = ("".join(_letters(word)) for word in plain)
    each = (one for word in spelt for one in known.same.get(word, (word,)))
    return tuple(word for word in each if word not in known.filler)


def _letters(word: str) -> list[str]:
    """Write a letter once that was held down: "gausaaah"."""
    if any(map(str.isdigit, word)):
        return [word]
    runs = ((letter, len(list(same))) for letter, same in groupby(word))
    return [letter * (1 if count > 2 else count) for letter, count in runs]
