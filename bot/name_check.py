"""Whether the sentences users read name units and services as the catalogue does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.catalogue import Catalogue
from bot.datafile import Map, Seq, line_of, load, take

_OPENING = re.compile(
    r"\b(?:Direktorat(?! Jenderal)|Sekretariat|Badan Pengelola|Pusat Investasi|KPPN Khusus"
    r"|Layanan (?:Konsultasi|Broadcast|Narasumber|Pengaduan)|TIK\.[0-9])\b"
)
"""How the name of a unit or a service begins; with a capital, or it is no name."""


def problems(faq: Path, domain: Path, catalogue: Catalogue) -> Iterator[str]:
    """Give each name that the catalogue does not have as ``file:line: what and what to do``.

    Args:
        faq: ``data/faq``; its answers are looked at.
        domain: ``domain.yml``; its responses are.
        catalogue: Whose names and aliases are right.

    Raises:
        DataError: A file cannot be read.
    """
    names = pattern(catalogue)
    for path in sorted(faq.glob("*.yml")):
        for entry in take(load(path), "entries", list):
            yield from _in_node(entry, "answer", take(entry, "answer", str), names)
    responses = take(load(domain), "responses", dict)
    for key, value in responses.items():
        yield from _in_node(responses, key, value, names)


def wrong_names(text: str, names: re.Pattern[str]) -> Iterator[str]:
    """Give the first words of each name in a text that is none of `pattern`'s."""
    # Right names are taken out first: one may begin inside another (TIK.1 Layanan ...).
    rest = names.sub(" ", " ".join(text.split()))
    for opening in _OPENING.finditer(rest):
        yield " ".join(rest[opening.start() :].split()[:6])


def pattern(catalogue: Catalogue) -> re.Pattern[str]:
    """Return what finds every name and alias of the catalogue's units and services."""
    units = {name for unit in catalogue.units for name in (unit.name, *unit.aliases)}
    names = units | {name for service in catalogue.services for name in service.names}
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _in_node(node: Any, key: Any, value: Any, names: re.Pattern[str]) -> Iterator[str]:
    if isinstance(value, (Map, Seq)):
        for inner in value if isinstance(value, Map) else range(len(value)):
            yield from _in_node(value, inner, value[inner], names)
    elif isinstance(value, str):
        for said in wrong_names(value, names):
            place = f"{node.path}:{line_of(node, key)}"
            yield f"{place}: '{said} ...' is no name of the catalogue; use one of its names"
