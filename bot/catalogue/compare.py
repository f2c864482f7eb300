"""Two catalogues compared by what they contain, whatever their files look like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.catalogue.catalogue import Catalogue
from bot.catalogue.items import flatten
from bot.catalogue.page import Block
from bot.catalogue.services import Service

_ALIKE = 0.5
"""Share of scope items in common from which two services of one number are the same one."""


def compare(old: Catalogue, new: Catalogue) -> list[Block]:
    """Return what was added, removed, renamed or changed, by service and then in general."""
    pairs = _pairs(old, new)
    kept = {id(service) for pair in pairs for service in pair}
    added, removed = Block("Services added"), Block("Services removed")
    renamed = Block("Services renamed")
    for service in new.services:
        if id(service) not in kept:
            added.add(f"{service.number} {service.name} ({service.unit})", "+")
    for service in old.services:
        if id(service) not in kept:
            heir = next((new.named(name) for name in service.names if new.named(name)), None)
            now = f" (an alias of {heir.name} now)" if heir else ""
            removed.add(f"{service.number} {service.name}{now}", "-")
    for before, after in pairs:
        if before.name != after.name:
            renamed.add(f"{after.number} {before.name} -> {after.name}")
    return [
        added,
        removed,
        renamed,
        *(_service(before, after) for before, after in pairs),
        *_access(old, new, pairs),
        *_general(old, new),
    ]


def _pairs(old: Catalogue, new: Catalogue) -> list[tuple[Service, Service]]:
    """Find the services that are the same one: by name, by alias, by number and scope."""
    pairs: list[tuple[Service, Service]] = []
    left, right = list(old.services), list(new.services)

    def pair(before: Service, after: Service) -> None:
        pairs.append((before, after))
        left.remove(before)
        right.remove(after)

    for before in old.services:
        after = next((one for one in right if one.name == before.name), None)
        if after:
            pair(before, after)
    for after in tuple(right):
        claims = [before for before in left if set(before.names) & set(after.names)]
        # Several old services that one new service takes in were not renamed but removed.
        if len(claims) == 1:
            pair(claims[0], after)
    for before in tuple(left):
        after = next((one for one in right if one.number == before.number), None)
        if after and _likeness(before, after) >= _ALIKE:
            pair(before, after)
    return sorted(pairs, key=lambda pair: pair[1].number)


def _likeness(before: Service, after: Service) -> float:
    old, new = set(before.scope_lines), set(after.scope_lines)
    return len(old & new) / max(len(old), len(new))


def _service(before: Service, after: Service) -> Block:
    block = Block(f"Service {after.number} {after.name}")
    _value(block, "number", before.number, after.number)
    _value(block, "unit", before.unit, after.unit)
    _value(block, "SLA in working hours", before.sla_hours, after.sla_hours)
    _value(block, "definition", before.definition, after.definition)
    _value(block, "users", before.users, after.users)
    _value(block, "limits", before.limits or "none", after.limits or "none")
    _listed(block, "alias: ", before.aliases, after.aliases)
    _listed(block, "scope: ", before.scope_lines, after.scope_lines)
    return block


def _access(
    old: Catalogue, new: Catalogue, pairs: Sequence[tuple[Service, Service]]
) -> list[Block]:
    groups, access = Block("User groups"), Block("Access (+ may ask now, - may not any more)")
    _listed(groups, "", [one.name for one in old.groups], [one.name for one in new.groups])
    before_by_name = {group.name: group.number for group in old.groups}
    for before, after in pairs:
        for group in new.groups:
            if group.name in before_by_name:
                had = old.may_ask(before_by_name[group.name], before.number)
                has = new.may_ask(group.number, after.number)
                if had != has:
                    access.add(f"{after.number} {after.name}: {group.name}", "+" if has else "-")
    return [groups, access]


def _general(old: Catalogue, new: Catalogue) -> list[Block]:
    blocks = []
    for heading, before, after in (
        ("Units", _units(old), _units(new)),
        ("Channels", _channels(old), _channels(new)),
        ("WhatsApp categories", _categories(old), _categories(new)),
        ("Office hours", old.office_hours, new.office_hours),
        ("Limits", flatten(old.limits.items), flatten(new.limits.items)),
        ("Requirements", flatten(old.requirements.items), flatten(new.requirements.items)),
        ("Components", _components(old), _components(new)),
        ("Review", [old.review], [new.review]),
    ):
        block = Block(heading)
        _listed(block, "", before, after)
        blocks.append(block)
    return blocks


def _units(catalogue: Catalogue) -> list[str]:
    return [unit.name for unit in catalogue.units]


def _channels(catalogue: Catalogue) -> list[str]:
    return [f"{one.name}: {', '.join(one.addresses)}" for one in catalogue.channels]


def _categories(catalogue: Catalogue) -> list[str]:
    return [f"{one.name}: {', '.join(one.requirements)}" for one in catalogue.categories]


def _components(catalogue: Catalogue) -> list[str]:
    return [
        f"{one.name} {' '.join((*one.fulfilment, *one.reliability))}"
        for one in catalogue.components
    ]


def _value(block: Block, label: str, before: object, after: object) -> None:
    if before != after:
        block.add(f"{label}: {before} -> {after}")


def _listed(block: Block, label: str, before: Iterable[str], after: Iterable[str]) -> None:
    old, new = list(before), list(after)
    for text in new:
        if text not in old:
            block.add(f"{label}{text}", "+")
    for text in old:
        if text not in new:
            block.add(f"{label}{text}", "-")
