"""What `nindy check` looks at beyond the shape of the bank: variants, age, what it leads to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from bot.catalogue import Catalogue
from bot.datafile import line_of, load, take
from bot.faq.bank import Bank, Entry, Problem

FEWEST_VARIANTS = 8
_SAYS = {
    "few": "has {count} variants; write at least {least}",
    "expired": "expired on {day}; ask {unit} for a review",
    "related": "relates to {value}, which does not exist; remove it",
    "category": "leads to category {value}, which has no button; use one of {choices}",
}
_BUTTON = re.compile(r"utter_tombol_(\w+)")
"""How the response is named that has the button of a category."""


def categories(domain: Path) -> frozenset[str]:
    """Return the categories to which an entry may lead: those that have a button.

    Raises:
        DataError: The file cannot be read.
    """
    responses = take(load(domain), "responses", dict)
    return frozenset(found[1] for found in map(_BUTTON.fullmatch, responses) if found)


def problems(
    folder: Path, today: date, catalogue: Catalogue, buttons: Collection[str]
) -> Iterator[str]:
    """Give each problem of the bank as ``file:line: what and what to do``.

    Args:
        folder: ``data/faq``.
        today: Tells what has expired.
        catalogue: Tells who answers for an entry.
        buttons: The categories that have a button.

    Raises:
        DataError: A file cannot be read at all.
    """
    bank = Bank.load(folder)
    for path in sorted(folder.glob("*.yml")):
        for node in load(path)["entries"]:
            entry = bank.get(node["id"])
            for problem in of_entry(entry, bank, today, catalogue, buttons):
                said = _SAYS[problem.code].format(**problem.values)
                yield f"{path}:{line_of(node, problem.key)}: {entry.id} {said}"


def of_entry(
    entry: Entry, bank: Bank, today: date, catalogue: Catalogue, buttons: Collection[str]
) -> Iterator[Problem]:
    """Give what should be mended of an entry that is, or shall be, in a bank."""
    if (count := len(entry.variants)) < FEWEST_VARIANTS:
        yield Problem("variants", "few", {"count": str(count), "least": str(FEWEST_VARIANTS)})
    if entry.valid_until is not None and entry.valid_until < today:
        unit = catalogue.unit(entry.service)
        yield Problem("valid_until", "expired", {"day": str(entry.valid_until), "unit": unit})
    if entry.category is not None and entry.category not in buttons:
        values = {"value": entry.category, "choices": ", ".join(sorted(buttons))}
        yield Problem("category", "category", values)
    for other in entry.related:
        if other not in bank:
            yield Problem("related", "related", {"value": other})
