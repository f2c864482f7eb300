"""What `nindy check` looks at beyond the shape of the bank: variants, age, relations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bot.catalogue import Catalogue
from bot.datafile import line_of, load
from bot.faq import Bank, Entry

FEWEST_VARIANTS = 8


def problems(folder: Path, today: date, catalogue: Catalogue) -> Iterator[str]:
    """Give each problem of the bank as ``file:line: what and what to do``.

    Args:
        folder: ``data/faq``.
        today: Tells what has expired.
        catalogue: Tells who answers for an entry.

    Raises:
        DataError: A file cannot be read at all.
    """
    bank = Bank.load(folder)
    for path in sorted(folder.glob("*.yml")):
        for node in load(path)["entries"]:
            entry = bank.get(node["id"])
            for key, problem in _of_entry(entry, bank, today, catalogue):
                yield f"{path}:{line_of(node, key)}: {entry.id} {problem}"


def _of_entry(
    entry: Entry, bank: Bank, today: date, catalogue: Catalogue
) -> Iterator[tuple[str, str]]:
    """Give the key that is wrong, and what to do about it."""
    if (count := len(entry.variants)) < FEWEST_VARIANTS:
        yield "variants", f"has {count} variants; write at least {FEWEST_VARIANTS}"
    if entry.valid_until is not None and entry.valid_until < today:
        unit = catalogue.unit(entry.service)
        yield "valid_until", f"expired on {entry.valid_until}; ask {unit} for a review"
    for other in entry.related:
        if other not in bank:
            yield "related", f"relates to {other}, which does not exist; remove it"
