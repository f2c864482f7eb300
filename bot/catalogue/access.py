"""Who may use which service: ``access.yml`` (catalogue D.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.datafile import items, load, only, take, wrong

COUNT = 13
"""How many user groups today's catalogue has."""

_MARKS = {"O": True, "X": False}


@dataclass(frozen=True)
class Group:
    """A user group (*pengguna*) with its number, 1..13, and its name in section D.2."""

    number: int
    name: str


@dataclass(frozen=True)
class AccessFile:
    """The whole of ``access.yml``.

    Attributes:
        groups: In the order of their numbers.
        matrix: By service number, whether each group may use it, in the order of groups.
        doors: By group and service number, the services that a group shut out may turn to.
    """

    groups: tuple[Group, ...]
    matrix: Mapping[int, tuple[bool, ...]]
    doors: Mapping[tuple[int, int], tuple[int, ...]]


def read(path: Path, services: int, fixed_size: bool) -> AccessFile:
    """Read groups, matrix and doors.

    Args:
        path: The file.
        services: How many services there are; the matrix must have a row for each.
        fixed_size: Whether there must be `COUNT` groups.

    Raises:
        DataError: Something is missing or incomplete, or a door is shut, superfluous or missing.
    """
    data = load(path)
    only(data, ("groups", "access", "doors"))
    groups = _groups(data)
    if fixed_size and len(groups) != COUNT:
        raise wrong(data, f"{len(groups)} groups, {COUNT} are wanted; mend it", "groups")
    matrix = _matrix(data, len(groups), services)
    return AccessFile(groups, matrix, _doors(data, matrix))


def _groups(data: Any) -> tuple[Group, ...]:
    groups: list[Group] = []
    for place, node in enumerate(items(data, "groups", dict), 1):
        only(node, ("number", "name"))
        group = Group(take(node, "number", int), take(node, "name", str))
        if group.number != place:
            problem = f"group {group.number} stands at place {place}; number them 1, 2, 3 ..."
            raise wrong(node, problem, "number")
        if group.name in (other.name for other in groups):
            raise wrong(node, f"'{group.name}' is listed twice; change one", "name")
        groups.append(group)
    return tuple(groups)


def _matrix(data: Any, groups: int, services: int) -> dict[int, tuple[bool, ...]]:
    rows = take(data, "access", dict)
    matrix = {}
    for number in range(1, services + 1):
        if number not in rows:
            raise wrong(data, f"service {number} has no row; add its marks", "access")
        marks = str(rows[number]).split()
        if len(marks) != groups or not set(marks) <= set(_MARKS):
            problem = f"service {number} needs {groups} marks, each O or X, with blanks between"
            raise wrong(rows, problem, number)
        matrix[number] = tuple(_MARKS[mark] for mark in marks)
    for number in rows:
        if number not in matrix:
            raise wrong(rows, f"there is no service {number}; remove its row", number)
    return matrix


def _doors(
    data: Any, matrix: Mapping[int, tuple[bool, ...]]
) -> dict[tuple[int, int], tuple[int, ...]]:
    shut = {
        (group, service)
        for service, row in matrix.items()
        for group, allowed in enumerate(row, 1)
        if not allowed
    }
    doors: dict[tuple[int, int], tuple[int, ...]] = {}
    for node in items(data, "doors", dict):
        only(node, ("services", "groups", "turn_to"))
        there = tuple(items(node, "turn_to", int))
        if not there:
            raise wrong(node, "'turn_to' is empty; name a service", "turn_to")
        for service in items(node, "services", int):
            for group in items(node, "groups", int):
                who = f"group {group} and service {service}"
                if (group, service) not in shut:
                    raise wrong(node, f"{who}: no X in the matrix, so no door is wanted")
                if (group, service) in doors:
                    raise wrong(node, f"{who}: a door stands already in an earlier line; keep one")
                for other in there:
                    if other not in matrix or (group, other) in shut:
                        raise wrong(node, f"{who}: service {other} is not open to them", "turn_to")
                doors[group, service] = there
    for group, service in sorted(shut - set(doors)):
        raise wrong(data, f"group {group} has no door beside service {service}; add one", "doors")
    return doors
