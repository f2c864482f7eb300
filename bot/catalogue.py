"""The services of the catalogue: number, name, responsible unit and SLA."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.datafile import items, load, take, wrong


@dataclass(frozen=True)
class Service:
    """A service (Katalog Layanan HAI-DJPb 2026.0, sections D and E).

    Attributes:
        number: 1..20, as in section E.
        name: As in section D.
        unit: The responsible unit of section D.
        sla_hours: Working hours (*norma waktu*).
    """

    number: int
    name: str
    unit: str
    sla_hours: int


class Catalogue:
    """The services, and who sorts what belongs to none yet.

    Args:
        folder: ``data/catalogue``.

    Raises:
        DataError: The file is wrong.
    """

    def __init__(self, folder: Path) -> None:
        data = load(folder / "services.yml")
        self.version = take(data, "version", str)
        self.triage_unit = take(data, "triage_unit", str)
        self.sla_hours = take(data, "sla_hours", int)
        self._services: dict[int, Service] = {}
        for row in items(data, "services", dict):
            service = Service(
                number=take(row, "number", int),
                name=take(row, "name", str),
                unit=take(row, "unit", str),
                sla_hours=take(row, "sla_hours", int, self.sla_hours),
            )
            if service.number in self._services:
                raise wrong(row, f"service {service.number} is listed twice", "number")
            self._services[service.number] = service

    def service(self, number: int) -> Service:
        """Return a service by its number."""
        return self._services[number]

    def unit(self, service: int | None) -> str:
        """Return who is responsible for a service, or who sorts what has none yet."""
        return self.triage_unit if service is None else self._services[service].unit

    def hours(self, service: int | None) -> int:
        """Return the SLA of a service in working hours."""
        return self.sla_hours if service is None else self._services[service].sla_hours
