"""The word lists of ``data/lexicon``: slang, emoji, and the words that steer the matcher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.datafile import load, only, take, wrong

_LISTS = (
    "categories",
    "control",
    "polite",
    "strict",
    "refusals",
    "wordy",
    "address",
    "courtesy",
    "opening",
    "about",
    "about_not_before",
    "choose",
    "labels",
    "numbered",
)


@dataclass(frozen=True)
class Lexicon:
    """Everything the matcher knows about words; see the comments in ``data/lexicon``.

    Attributes:
        slang: Informal word to its plain words, joined by blanks.
        emoji: Sign to plain words.
        categories: The category intents in catalogue order (digit 1 chooses the first).
        control: Intents that hold only when the message says nothing else.
        polite: Control intents that give way to another one in the same message.
        strict: Intents that are believed only when nearly certain; else the message is a question.
        refusals: Intents that the catalogue excludes (F.1); a fixed answer names the door.
        wordy: Intents that one word cannot tell.
        address: Words of address and ornament, always free to drop.
        courtesy: Openings and closings, dropped while something else remains.
        opening: Words that lead from a greeting or thanks to what is really asked.
        about: Words that mark a question about a thing, not a wish to have it done.
        about_not_before: Words before which a word of `about` does not count.
        choose: Words that may stand around a menu digit.
        numerals: Number words to menu digits.
        labels: Words that name a datum, as in "nik saya …".
        numbered: Words that a single digit after them belongs to, as in "TIK.3".
    """

    slang: Mapping[str, str]
    emoji: Mapping[str, str]
    categories: tuple[str, ...]
    control: frozenset[str]
    polite: frozenset[str]
    strict: frozenset[str]
    refusals: frozenset[str]
    wordy: frozenset[str]
    address: frozenset[str]
    courtesy: frozenset[str]
    opening: frozenset[str]
    about: frozenset[str]
    about_not_before: frozenset[str]
    choose: frozenset[str]
    numerals: Mapping[str, int]
    labels: frozenset[str]
    numbered: frozenset[str]

    @classmethod
    def load(cls, folder: Path) -> Lexicon:
        """Read ``slang.yml``, ``slang_mit.yml`` (under a licence of its own) and ``words.yml``.

        Raises:
            DataError: A list is missing or wrong; the message names file, line and remedy.
        """
        informal = load(folder / "slang.yml")
        only(informal, ("slang", "emoji"))
        slang = _slang(informal, {})
        borrowed = load(folder / "slang_mit.yml")
        only(borrowed, ("slang",))
        slang |= _slang(borrowed, slang)
        words = load(folder / "words.yml")
        only(words, (*_LISTS, "numerals"))
        for name in _LISTS:
            listed = take(words, name, list)
            for index, word in enumerate(listed):
                if not isinstance(word, str):
                    raise wrong(listed, f"'{word}' must be a word; put it in quotes", index)
        numerals = take(words, "numerals", dict)
        return cls.from_dict(
            {"slang": slang, "emoji": take(informal, "emoji", dict), **words, "numerals": numerals}
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Lexicon:
        """Build from what `as_dict` gave."""
        sets = {name: frozenset(data[name]) for name in _LISTS if name != "categories"}
        return cls(
            slang=dict(data["slang"]),
            emoji=dict(data["emoji"]),
            categories=tuple(data["categories"]),
            numerals=dict(data["numerals"]),
            **sets,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in asdict(self).items()
        }


def _slang(node: Any, known: Mapping[str, str]) -> dict[str, str]:
    slang = take(node, "slang", dict)
    for key, plain in slang.items():
        if not (isinstance(key, str) and isinstance(plain, str)):
            raise wrong(slang, f"'{key}' must map a word to words; quote them", key)
        if any(letter.isdigit() for letter in key):
            raise wrong(slang, f"'{key}' holds a digit; such words are never changed", key)
        if key in known:
            raise wrong(slang, f"'{key}' is in slang.yml already; remove it here", key)
        chained = (word for word in plain.split() if word in slang or word in known)
        if (word := next(chained, None)) is not None:
            raise wrong(slang, f"'{plain}' holds '{word}', itself slang; resolve it", key)
    return dict(slang)
