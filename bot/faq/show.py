"""An entry of the FAQ as text for a terminal and as data for a program."""

from __future__ import annotations

from typing import Any

from bot.catalogue import Catalogue
from bot.catalogue.page import Block, page
from bot.faq.bank import Bank, Entry


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
