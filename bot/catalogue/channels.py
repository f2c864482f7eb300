"""Ways to reach HAI-DJPb: ``channels.yml`` (catalogue A, B and C)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.datafile import items, load, only, take, wrong

CATEGORIES = (
    "tanya_nindy",
    "lacak_tiket",
    "info_sp2d",
    "status_supplier",
    "register_kontrak",
    "akun_digit",
    "reset_sakti",
)
"""The WhatsApp categories that this program can serve, in the order of section B.2."""


@dataclass(frozen=True)
class Mechanism:
    """One of the ways of section A in which requests are taken, and whom it is for."""

    id: str
    name: str
    definition: str


@dataclass(frozen=True)
class Channel:
    """A channel (section B.1).

    Attributes:
        name: As in the catalogue.
        addresses: As in the catalogue; the web chat has two.
        links: The same as links, where a browser or phone can open them.
        mechanism: Whom it is for.
        limited: Whether it serves the categories of section B.2 only.
    """

    name: str
    addresses: tuple[str, ...]
    links: tuple[str, ...]
    mechanism: Mechanism
    limited: bool


@dataclass(frozen=True)
class Category:
    """A category of the WhatsApp channel (section B.2); `id` is the intent that begins it."""

    number: int
    id: str
    name: str
    requirements: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class ChannelFile:
    """The whole of ``channels.yml``; see `Catalogue` for its fields."""

    mechanisms: tuple[Mechanism, ...]
    channels: tuple[Channel, ...]
    categories: tuple[Category, ...]
    outside_categories: tuple[int, ...]
    office_hours: tuple[str, ...]


def read(path: Path, services: Collection[int]) -> ChannelFile:
    """Read mechanisms, channels, categories and office hours.

    Args:
        path: The file.
        services: Numbers of the services there are.

    Raises:
        DataError: Something is missing, or a mechanism, category or service is unknown.
    """
    data = load(path)
    known = ("mechanisms", "channels", "categories", "outside_categories", "office_hours")
    only(data, known)
    mechanisms = tuple(_mechanism(node) for node in items(data, "mechanisms", dict))
    return ChannelFile(
        mechanisms=mechanisms,
        channels=_channels(data, {mechanism.id: mechanism for mechanism in mechanisms}),
        categories=_categories(data),
        outside_categories=_outside(data, services),
        office_hours=tuple(items(data, "office_hours", str)),
    )


def _mechanism(node: Any) -> Mechanism:
    only(node, Mechanism.__dataclass_fields__)
    return Mechanism(take(node, "id", str), take(node, "name", str), take(node, "definition", str))


def _channels(data: Any, mechanisms: dict[str, Mechanism]) -> tuple[Channel, ...]:
    channels: list[Channel] = []
    for node in items(data, "channels", dict):
        only(node, Channel.__dataclass_fields__)
        name, mechanism = take(node, "name", str), take(node, "mechanism", str)
        if mechanism not in mechanisms:
            known = ", ".join(mechanisms)
            raise wrong(node, f"unknown mechanism '{mechanism}'; use one of: {known}", "mechanism")
        if name in (channel.name for channel in channels):
            raise wrong(node, f"channel '{name}' is listed twice; remove one", "name")
        addresses = tuple(items(node, "addresses", str))
        if not addresses:
            raise wrong(node, f"channel '{name}' has no address; add one", "addresses")
        links = tuple(items(node, "links", str)) if "links" in node else ()
        limited = take(node, "limited", bool, False)
        channels.append(Channel(name, addresses, links, mechanisms[mechanism], limited))
    return tuple(channels)


def _categories(data: Any) -> tuple[Category, ...]:
    categories = []
    for place, node in enumerate(items(data, "categories", dict)):
        only(node, Category.__dataclass_fields__)
        category = Category(
            number=take(node, "number", int),
            id=take(node, "id", str),
            name=take(node, "name", str),
            requirements=tuple(items(node, "requirements", str)),
            description=take(node, "description", str),
        )
        if category.id not in CATEGORIES:
            known = ", ".join(CATEGORIES)
            raise wrong(node, f"unknown category '{category.id}'; use one of: {known}", "id")
        if (category.number, category.id) != (place + 1, CATEGORIES[place]):
            problem = f"category {place + 1} must be {CATEGORIES[place]}; mend the order"
            raise wrong(node, problem, "number")
        categories.append(category)
    if len(categories) != len(CATEGORIES):
        missing = ", ".join(CATEGORIES[len(categories) :])
        raise wrong(data, f"categories are missing: {missing}; add them", "categories")
    return tuple(categories)


def _outside(data: Any, services: Collection[int]) -> tuple[int, ...]:
    listed = items(data, "outside_categories", int)
    for index, number in enumerate(listed):
        if number not in services:
            raise wrong(
                data["outside_categories"], f"there is no service {number}; remove it", index
            )
    return tuple(listed)
