"""A service as text for a terminal and as data for a program."""

from __future__ import annotations

from typing import Any

from bot.catalogue.catalogue import Catalogue
from bot.catalogue.page import Block, page
from bot.catalogue.services import Service


def as_data(catalogue: Catalogue, service: Service) -> dict[str, Any]:
    """Return a service for JSON; `access` has a boolean for each user group, in their order."""
    return {
        "number": service.number,
        "name": service.name,
        "aliases": list(service.aliases),
        "unit": service.unit,
        "sla_hours": service.sla_hours,
        "definition": service.definition,
        "users": service.users,
        "scope": list(service.scope_lines),
        "access": list(catalogue.access(service.number)),
    }


def as_text(catalogue: Catalogue, service: Service) -> str:
    """Return what the catalogue says of a service, and what was settled about it."""
    blocks = [
        _facts(catalogue, service),
        _scope(service),
        _users(catalogue, service),
        _channels(catalogue),
        _notes(catalogue, service),
    ]
    return page(f"{service.number}. {service.name}", blocks)


def _facts(catalogue: Catalogue, service: Service) -> Block:
    block = Block(f"Catalogue {catalogue.version}")
    for label, text in (
        ("unit", service.unit),
        ("SLA", f"{service.sla_hours} working hours"),
        ("definition", service.definition),
        ("users", service.users),
        ("limits", service.limits),
        ("also called", "; ".join(service.aliases)),
    ):
        if text:
            block.add(f"{label}: {text}")
    return block


def _scope(service: Service) -> Block:
    block = Block("Scope")
    for number, item in enumerate(service.scope, 1):
        block.add(item.text, f"{number}.")
        for place, part in enumerate(item.parts):
            block.add(part, f"{chr(ord('a') + place)}.", depth=2)
    return block


def _users(catalogue: Catalogue, service: Service) -> Block:
    block = Block("User groups (O may ask, X may not)")
    for group in catalogue.groups:
        if catalogue.may_ask(group.number, service.number):
            block.add(f"{group.number} {group.name}", "O")
        else:
            there = catalogue.doors(group.number, service.number)
            doors = ", ".join(str(door.number) for door in there)
            block.add(f"{group.number} {group.name} (turns to service {doors})", "X")
    return block


def _channels(catalogue: Catalogue) -> Block:
    block = Block("Channels")
    for channel in catalogue.channels:
        limited = " (its categories only)" if channel.limited else ""
        block.add(f"{channel.name}: {', '.join(channel.addresses)}{limited}")
    return block


def _notes(catalogue: Catalogue, service: Service) -> Block:
    block = Block("Settled here")
    for note in catalogue.notes_on(service.number):
        asked = " (ask the owner)" if note.ask_owner else ""
        block.add(f"{note.where}: {note.settled}{asked}", "-")
    return block
