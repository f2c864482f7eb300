"""Examines a draft by the rules of `nindy check`, against everything that answers today."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from bot import name_check, phrase_check
from bot.catalogue import Catalogue
from bot.faq import check
from bot.faq.bank import Bank, Entry, Problem, limits
from bot.nlu.edition import Edition
from bot.nlu.lexicon import Lexicon
from bot.phrase_check import Phrase

_PERSONAL = re.compile(r"\S+@\S+|\d(?:[ .-]?\d){8,}")
"""What no question of the bank needs: an address, or a number as long as a NIP or a phone's."""

_NO_QUESTION = ("form", "control", "refuse")
"""Decisions that are none about a question."""


class Examiner:
    """Tells what must be mended before an entry may be published.

    Args:
        data: The project's ``data``.
        domain: ``domain.yml``.
        catalogue: Units, services and their names.
        edition: Gives what Nindy knows now; None while no model is loaded.

    Raises:
        DataError: A file is wrong.
    """

    def __init__(
        self,
        data: Path,
        domain: Path,
        catalogue: Catalogue,
        edition: Callable[[], Edition | None] = lambda: None,
    ) -> None:
        self._edition = edition
        self._catalogue = catalogue
        self._names = name_check.pattern(catalogue)
        self._services = list(phrase_check.of_services(data / "catalogue/examples.yml"))
        self._lexicon = Lexicon.load(data / "lexicon")
        examples = phrase_check.of_intents(data / "nlu")
        self._intents = {phrase_check.plain(one.text, self._lexicon): one for one in examples}
        self.categories = check.categories(domain)

    def problems(self, entry: Entry, bank: Bank, today: date) -> list[Problem]:
        """Return what is wrong with a draft; an empty list lets it pass.

        Args:
            entry: The draft.
            bank: What answers now; an older version of the entry itself does not count.
            today: Tells what has expired.
        """
        others = bank.overlaid({entry.id: None})
        return [
            *limits(entry),
            *check.of_entry(entry, others, today, self._catalogue, self.categories),
            *self._topic(entry, bank),
            *self._private(entry),
            *self._phrases(entry, others),
            *self._heard(entry),
            *(
                Problem("answer", "name", {"value": said})
                for said in name_check.wrong_names(entry.answer, self._names)
            ),
        ]

    @staticmethod
    def _topic(entry: Entry, bank: Bank) -> Iterator[Problem]:
        if entry.topic not in bank.topics:
            yield Problem("topic", "topic", {"value": entry.topic})

    @staticmethod
    def _private(entry: Entry) -> Iterator[Problem]:
        if _PERSONAL.search(entry.question):
            yield Problem("question", "personal", {"value": entry.question})
        for index, variant in enumerate(entry.variants):
            if _PERSONAL.search(variant):
                yield Problem("variants", "personal", {"value": variant}, index)

    def _phrases(self, entry: Entry, others: Bank) -> Iterator[Problem]:
        own = [Phrase(text, entry.id, str(place)) for place, text in enumerate(entry.phrasings)]
        own = [phrase for phrase in own if phrase.text.strip()]
        known = [
            *(Phrase(text, one.id, "") for one in others.entries for text in one.phrasings),
            *self._services,
        ]
        for first, second in phrase_check.alike([*known, *own], len(known)):
            yield _claimed(second, "alike", first)
        for phrase in own:
            if other := self._intents.get(phrase_check.plain(phrase.text, self._lexicon)):
                yield _claimed(phrase, "intent", other)

    def _heard(self, entry: Entry) -> Iterator[Problem]:
        """Tell when the intents, which stay as trained, would hear a wish or talk instead."""
        if (edition := self._edition()) is None:
            return
        matches = [edition.engine.match(text) for text in entry.phrasings if text.strip()]
        heard = Counter(one.intent for one in matches if one.decision in _NO_QUESTION)
        if heard.total() * 2 > len(matches):
            yield Problem("question", "heard", {"value": heard.most_common(1)[0][0]})


def _claimed(phrase: Phrase, code: str, other: Phrase) -> Problem:
    values = {"value": phrase.text, "other": other.text, "owner": other.owner}
    place = int(phrase.place)
    return Problem("variants" if place else "question", code, values, place - 1 if place else None)
