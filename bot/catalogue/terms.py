"""Limits, requirements and components of all services: ``terms.yml`` (catalogue F and G)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.catalogue.items import Item, read_items
from bot.datafile import items, load, only, take


@dataclass(frozen=True)
class Clause:
    """A sentence and the items it introduces."""

    basis: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Component:
    """A component (section F.3) with its indicators.

    Attributes:
        name: As in the catalogue.
        fulfilment: *Indikator pemenuhan layanan*.
        reliability: *Keandalan layanan*; empty where the catalogue names none.
        note: The footnote to a mark ``*)``, if any.
    """

    name: str
    fulfilment: tuple[str, ...]
    reliability: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Terms:
    """What holds for every service.

    Attributes:
        limits: What HAI-DJPb does not serve (F.1).
        requirements: What every request needs (F.2).
        components: F.3.
        review: When the catalogue is to be reviewed (G).
    """

    limits: Clause
    requirements: Clause
    components: tuple[Component, ...]
    review: str


def read(path: Path) -> Terms:
    """Read sections F and G.

    Raises:
        DataError: Something is missing or of the wrong type.
    """
    data = load(path)
    only(data, Terms.__dataclass_fields__)
    return Terms(
        limits=_clause(take(data, "limits", dict)),
        requirements=_clause(take(data, "requirements", dict)),
        components=tuple(_component(node) for node in items(data, "components", dict)),
        review=take(data, "review", str),
    )


def _clause(node: Any) -> Clause:
    only(node, Clause.__dataclass_fields__)
    return Clause(take(node, "basis", str), read_items(node, "items"))


def _component(node: Any) -> Component:
    only(node, Component.__dataclass_fields__)
    return Component(
        name=take(node, "name", str),
        fulfilment=tuple(items(node, "fulfilment", str)),
        reliability=tuple(items(node, "reliability", str)) if "reliability" in node else (),
        note=take(node, "note", str, ""),
    )
