"""The whole catalogue, read from ``data/catalogue`` and checked against itself."""

from __future__ import annotations

from pathlib import Path

from bot.catalogue import access, changes, channels, notes, services, terms
from bot.catalogue.changes import Change
from bot.catalogue.notes import Note
from bot.catalogue.services import Service


class Catalogue:
    """Services, their users, channels, terms and history.

    Args:
        folder: ``data/catalogue``.
        fixed_size: Insist on today's 20 services and 13 groups; a comparison of versions does not.

    Attributes:
        version: For example ``2026.0``.
        triage_unit: Who sorts what belongs to no service yet.
        auto_route: Probability from which on a ticket goes to its service unsorted.
        sla_hours: Working hours where a service names none of its own.
        units: Responsible units, in the order of section D.1.
        services: In the order of their numbers.
        groups: User groups, in the order of their numbers (D.2).
        mechanisms: The ways in which requests are taken (A).
        channels: With addresses and whom they are for (B.1).
        categories: What WhatsApp is for, with what each needs (B.2).
        outside_categories: Numbers of the services that those categories leave out.
        office_hours: Working days and hours in the catalogue's words (C).
        limits: What is not served (F.1).
        requirements: What every request needs (F.2).
        components: With their indicators (F.3).
        review: When the catalogue is to be reviewed (G).
        revisions: The changes from each version to the next.
        notes: Contradictions and how they are settled.

    Raises:
        DataError: A file is wrong.
    """

    def __init__(self, folder: Path, fixed_size: bool = True) -> None:
        listed = services.read(folder / "services.yml", fixed_size)
        self.version = listed.version
        self.triage_unit = listed.triage_unit
        self.auto_route = listed.auto_route
        self.sla_hours = listed.sla_hours
        self.units = listed.units
        self.services = listed.services
        self._by_number = {service.number: service for service in self.services}
        self._by_name = {
            name.casefold(): service for service in self.services for name in service.names
        }
        matrix = access.read(folder / "access.yml", len(self.services), fixed_size)
        self.groups = matrix.groups
        self._matrix = matrix.matrix
        self._doors = matrix.doors
        reach = channels.read(folder / "channels.yml", self._by_number)
        self.mechanisms = reach.mechanisms
        self.channels = reach.channels
        self.categories = reach.categories
        self.outside_categories = reach.outside_categories
        self.office_hours = reach.office_hours
        common = terms.read(folder / "terms.yml")
        self.limits = common.limits
        self.requirements = common.requirements
        self.components = common.components
        self.review = common.review
        self.revisions = changes.read(folder / "changes.yml")
        self.notes = notes.read(
            folder / "notes.yml", self._by_number, {category.id for category in self.categories}
        )

    @property
    def changes(self) -> tuple[Change, ...]:
        """What this version changed against the one before; empty when it keeps no list."""
        return next((one.changes for one in self.revisions if one.new == self.version), ())

    def service(self, number: int) -> Service:
        """Return a service by its number; KeyError when there is none."""
        return self._by_number[number]

    def named(self, name: str) -> Service | None:
        """Return the service that has this name or alias, whatever the capitals."""
        return self._by_name.get(" ".join(name.casefold().split()))

    def unit(self, service: int | None) -> str:
        """Return who is responsible for a service, or who sorts what has none yet."""
        return self.triage_unit if service is None else self._by_number[service].unit

    def hours(self, service: int | None) -> int:
        """Return the SLA of a service in working hours."""
        return self.sla_hours if service is None else self._by_number[service].sla_hours

    def access(self, service: int) -> tuple[bool, ...]:
        """Return for each group, in the order of `groups`, whether it may use a service."""
        return self._matrix[service]

    def may_ask(self, group: int, service: int) -> bool:
        """Say whether a user group, by its number, may use a service."""
        if group not in range(1, len(self.groups) + 1):
            raise KeyError(group)
        return self._matrix[service][group - 1]

    def doors(self, group: int, service: int) -> tuple[Service, ...]:
        """Return where a group that may not use a service can turn; empty when it may."""
        return tuple(self._by_number[other] for other in self._doors.get((group, service), ()))

    def notes_on(self, service: int) -> tuple[Note, ...]:
        """Return the contradictions that concern a service."""
        return tuple(note for note in self.notes if service in note.services)
