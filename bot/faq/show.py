"""An entry of the FAQ, and its history, as text for a terminal and as data for a program."""

from __future__ import annotations

from typing import Any

from bot.catalogue import Catalogue
from bot.catalogue.page import Block, page
from bot.clock import JAKARTA
from bot.faq.bank import Bank, Entry
from bot.faq.history import Dossier


def as_data(catalogue: Catalogue, entry: Entry) -> dict[str, Any]:
    """Return an entry for JSON; `unit` answers for it, by its service."""
    return {
        "id": entry.id,
        "topic": entry.topic,
        "question": entry.question,
        "answer": entry.answer,
        "source": entry.source,
        "source_label": entry.source_label,
        "confidence": entry.confidence,
        "valid_until": entry.valid_until.isoformat() if entry.valid_until else None,
        "service": entry.service,
        "unit": catalogue.unit(entry.service),
        "variants": list(entry.variants),
        "related": list(entry.related),
    }


def as_text(bank: Bank, catalogue: Catalogue, entry: Entry) -> str:
    """Return an entry as an editor wants to read it."""
    facts = Block(f"{entry.id} (data/faq/{entry.topic}.yml)")
    service = catalogue.service(entry.service)
    for label, text in (
        ("service", f"{service.number} {service.name}"),
        ("unit", catalogue.unit(entry.service)),
        ("source", entry.source),
        ("shown as", entry.source_label),
        ("confidence", entry.confidence),
        ("valid until", entry.valid_until.isoformat() if entry.valid_until else ""),
    ):
        if text:
            facts.add(f"{label}: {text}")
    answer = Block("Answer")
    answer.add(entry.answer)
    variants = Block("Also asked as")
    for variant in entry.variants:
        variants.add(variant, "-")
    related = Block("Related")
    for other in (bank.get(id) for id in entry.related if id in bank):
        related.add(f"{other.id}: {other.question}", "-")
    return page(entry.question, [facts, answer, variants, related])


def as_history(found: Dossier) -> str:
    """Return everything that happened to an entry, the newest first, and what each version says."""
    done = Block("What happened")
    for event in reversed(found.events):
        when = f"{event.at.astimezone(JAKARTA):%Y-%m-%d %H:%M}"
        done.add(f"{when} version {event.revision} {event.state.value} {event.actor}".rstrip(), "-")
        if event.note:
            done.add(event.note, depth=2)
    versions = []
    for one in reversed(found.revisions):
        block = Block(f"Version {one.number}, {one.state.value}, by {one.author or 'the release'}")
        block.add(one.entry.question)
        block.add(one.entry.answer)
        block.add(f"source: {one.entry.source_label}")
        for variant in one.entry.variants:
            block.add(variant, "-")
        versions.append(block)
    if not found.events:
        done.add("The desk never changed it; data/faq has the only version.")
    return page(found.id, [done, *versions])
