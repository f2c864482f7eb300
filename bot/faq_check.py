"""What `nindy check` looks at beyond the shape of the bank: likeness, variants, age, relations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process

from bot.datafile import line_of, load
from bot.faq import Bank

FEWEST_VARIANTS = 8
TOO_ALIKE = 90.0
"""token_sort_ratio from which two phrases of different entries cannot be told apart."""


def problems(folder: Path, today: date) -> Iterator[str]:
    """Give each problem of the bank as ``file:line: what and what to do``.

    Raises:
        DataError: A file cannot be read at all.
    """
    bank = Bank.load(folder)
    places = dict(_places(folder))
    for entry in bank.entries:
        where = places[entry.id]
        if len(entry.variants) < FEWEST_VARIANTS:
            yield (
                f"{where}: {entry.id} has {len(entry.variants)} variants; "
                f"write at least {FEWEST_VARIANTS}"
            )
        if entry.valid_until is not None and entry.valid_until < today:
            yield f"{where}: {entry.id} expired on {entry.valid_until}; review the answer"
        for other in entry.related:
            if other not in bank:
                yield f"{where}: {entry.id} relates to {other}, which does not exist; remove it"
    yield from _alike(bank, places)


def _places(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.yml")):
        for node in load(path)["entries"]:
            yield str(node["id"]), f"{path}:{line_of(node, 'id')}"


def _alike(bank: Bank, places: dict[str, str]) -> Iterator[str]:
    owners, texts = [], []
    for entry in bank.entries:
        for phrase in entry.phrasings:
            owners.append(entry.id)
            texts.append(" ".join(phrase.casefold().strip(" ?!.").split()))
    scores = process.cdist(
        texts,
        texts,
        scorer=fuzz.token_sort_ratio,
        score_cutoff=TOO_ALIKE,
        dtype=np.uint8,
        workers=-1,
    )
    for first, second in zip(*np.nonzero(np.triu(scores, 1)), strict=True):
        if owners[first] != owners[second]:
            yield (
                f"{places[owners[second]]}: {texts[second]!r} is nearly "
                f"{texts[first]!r} of {owners[first]}; change one"
            )
