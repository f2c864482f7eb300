"""Reads a message: its plain words, and which of them carry the question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.nlu.lexicon import Lexicon
from bot.nlu.normalise import normalise
from bot.nlu.spelling import Spelling

#: An e-mail address or a number of five digits and more: never part of a question's wording.
_NUMBER = re.compile(r"\S+@\S+|(?<![^\W_])\d[\d.\-]{3,}\d(?![^\W_])")
#: Those, numbers in groups, and codes as of a contract (SPK-01/PPK/2026) or a ticket.
_DATA = re.compile(r"\S+@\S+|(?<![^\W_])\d[\d.\- ]{3,}\d(?![^\W_])|(?<!\S)(?=\S*\d)(?=\S*[/\-])\S+")
_YEAR = re.compile(r"(?:19|20)\d\d$")


class Reader:
    """Brings messages into plain words.

    Args:
        lexicon: The word lists.
        known: Texts whose words are spelt right: typing errors are mended towards them.
    """

    def __init__(self, lexicon: Lexicon, known: Iterable[str]) -> None:
        self._lexicon = lexicon
        vocabulary = {word for text in known for word in self._plain(text)}
        slang = {word for plain in lexicon.slang.values() for word in plain.split()}
        listed = lexicon.address | lexicon.courtesy | lexicon.about | lexicon.labels
        self._spelling = Spelling(vocabulary | slang | listed)

    def words(self, text: str) -> list[str]:
        """Return every word."""
        return self._spelling.mend(self._plain(text))

    def spoken(self, text: str) -> list[str]:
        """Return the words without numbers, addresses and codes."""
        return self.words(_DATA.sub(" ", text))

    def question(self, text: str) -> list[str]:
        """Return the words that carry a question: no long numbers, no years, no words of address.

        A year is no evidence: "batas SPM 2026" has nothing to do with "bunga KUR 2026".
        """
        words = self.words(_NUMBER.sub(" ", text))
        aside = self._lexicon.address
        return [word for word in words if word not in aside and not _YEAR.match(word)] or words

    def brings_data(self, text: str) -> bool:
        """Tell whether a message brings a number or an e-mail address."""
        return _NUMBER.search(text) is not None

    def is_about(self, words: Sequence[str]) -> bool:
        """Tell whether a message asks about a thing rather than wishing it done."""
        pairs = zip(words, [*words[1:], ""], strict=False)
        return any(
            word in self._lexicon.about and after not in self._lexicon.about_not_before
            for word, after in pairs
        )

    def _plain(self, text: str) -> list[str]:
        lexicon = self._lexicon
        return normalise(text, lexicon.slang, lexicon.emoji, lexicon.numbered).split()
