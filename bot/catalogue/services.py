"""Services and the units that answer for them: ``services.yml`` (catalogue D.1 and E)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.catalogue.items import Item, flatten, read_items
from bot.datafile import items, line_of, load, only, take, wrong

COUNT = 20
"""How many services today's catalogue has."""


@dataclass(frozen=True)
class Unit:
    """A unit of section D.1; `aliases` are its other names in the catalogue itself."""

    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """A service (Katalog Layanan HAI-DJPb 2026.0, sections D and E).

    Attributes:
        number: 1..20, as in section E.
        name: As in section D.
        aliases: Names of section E that differ, short codes, names in earlier catalogues.
        unit: The responsible unit of section D.
        sla_hours: Working hours (*norma waktu*).
        definition: *Definisi*.
        users: *Pengguna* in the words of section E; who is let in says the matrix.
        scope: *Ruang lingkup*.
        limits: *Batasan*; empty where section E has none.
    """

    number: int
    name: str
    aliases: tuple[str, ...]
    unit: str
    sla_hours: int
    definition: str
    users: str
    scope: tuple[Item, ...]
    limits: str

    @property
    def names(self) -> tuple[str, ...]:
        """The name and all aliases."""
        return (self.name, *self.aliases)

    @property
    def scope_lines(self) -> tuple[str, ...]:
        """The scope as plain lines; a part reads ``item: part``."""
        return flatten(self.scope)


@dataclass(frozen=True)
class ServiceFile:
    """The whole of ``services.yml``; see `Catalogue` for its first fields."""

    version: str
    triage_unit: str
    auto_route: float
    sla_hours: int
    units: tuple[Unit, ...]
    services: tuple[Service, ...]


def read(path: Path, fixed_size: bool) -> ServiceFile:
    """Read units and services.

    Args:
        path: The file.
        fixed_size: Whether there must be `COUNT` services.

    Raises:
        DataError: Something is missing, a unit is unknown, a name belongs to two, or the services
            are not numbered 1, 2, 3 …
    """
    data = load(path)
    only(data, ("version", "triage_unit", "auto_route", "sla_hours", "units", "services"))
    sla_hours = _hours(data)
    units = _units(data)
    services = _services(data, sla_hours, [unit.name for unit in units])
    if fixed_size and len(services) != COUNT:
        raise wrong(data, f"{len(services)} services, {COUNT} are wanted; mend it", "services")
    return ServiceFile(
        version=take(data, "version", str),
        triage_unit=take(data, "triage_unit", str),
        auto_route=_auto_route(data),
        sla_hours=sla_hours,
        units=units,
        services=services,
    )


def _auto_route(data: Any) -> float:
    probability = take(data, "auto_route", float)
    if not 0 < probability <= 1:
        raise wrong(data, "'auto_route' must be a probability above 0, up to 1.0", "auto_route")
    return probability


def _units(data: Any) -> tuple[Unit, ...]:
    units, seen = [], dict[str, str]()
    for node in items(data, "units", dict):
        only(node, ("name", "aliases"))
        unit = Unit(take(node, "name", str), _aliases(node))
        _once(seen, node)
        units.append(unit)
    return tuple(units)


def _services(data: Any, sla_hours: int, units: Collection[str]) -> tuple[Service, ...]:
    services, seen = [], dict[str, str]()
    for place, node in enumerate(items(data, "services", dict), 1):
        service = _service(node, sla_hours)
        if service.number != place:
            problem = f"service {service.number} stands at place {place}; number them 1, 2, 3 ..."
            raise wrong(node, problem, "number")
        if service.unit not in units:
            known = ", ".join(units)
            raise wrong(node, f"unknown unit '{service.unit}'; use one of: {known}", "unit")
        _once(seen, node)
        services.append(service)
    return tuple(services)


def _service(node: Any, sla_hours: int) -> Service:
    only(node, Service.__dataclass_fields__)
    return Service(
        number=take(node, "number", int),
        name=take(node, "name", str),
        aliases=_aliases(node),
        unit=take(node, "unit", str),
        sla_hours=_hours(node, sla_hours),
        definition=take(node, "definition", str),
        users=take(node, "users", str),
        scope=read_items(node, "scope"),
        limits=take(node, "limits", str, ""),
    )


def _hours(node: Any, *default: int) -> int:
    hours = take(node, "sla_hours", int, *default)
    if hours < 1:
        raise wrong(node, "'sla_hours' must be 1 or more working hours", "sla_hours")
    return hours


def _aliases(node: Any) -> tuple[str, ...]:
    return tuple(items(node, "aliases", str)) if "aliases" in node else ()


def _once(seen: dict[str, str], node: Any) -> None:
    """Refuse a name or alias that somebody else has, and remember it."""
    listed = node.get("aliases") or []
    places = [(node, "name"), *((listed, index) for index in range(len(listed)))]
    for holder, key in places:
        name, folded = holder[key], holder[key].casefold()
        if folded in seen:
            raise wrong(holder, f"'{name}' stands already at {seen[folded]}; change one", key)
        seen[folded] = f"{node.path}:{line_of(holder, key)}"
