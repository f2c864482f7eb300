"""The editor's form: an entry as fields of a form, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from bot.faq import Entry
from bot.faq.bank import Problem
from bot.faq.review import ReviewRefused
from bot.masking import veil

LONGEST = 30_000
"""Characters of the whole form that are looked at."""
_MOST = 30
"""Wordings of people that a draft begins with."""
_TEXTS = {
    "tanya": "question",
    "jawaban": "answer",
    "sumber": "source",
    "sumber_singkat": "source_label",
    "keyakinan": "confidence",
    "topik": "topic",
}
NAMES = ("id", *_TEXTS, "layanan", "kategori", "berlaku", "variasi", "terkait")
"""The names of the form's fields."""
_MASKED = re.compile(r"\S*•\S*")


def fields(entry: Entry) -> dict[str, str]:
    """Return the fields of the form that hold an entry."""
    return {
        "id": entry.id,
        **{name: str(getattr(entry, key)) for name, key in _TEXTS.items()},
        "layanan": str(entry.service or ""),
        "kategori": entry.category or "",
        "berlaku": entry.valid_until.isoformat() if entry.valid_until else "",
        "variasi": "\n".join(entry.variants),
        "terkait": "\n".join(entry.related),
    }


def entry(form: Mapping[str, str]) -> Entry:
    """Read an entry out of a form, in order or not.

    Raises:
        ReviewRefused: It is too ``large``, or the last day is no day (``problems``).
    """
    if sum(map(len, form.values())) > LONGEST:
        raise ReviewRefused("large")
    service = form.get("layanan", "")
    return Entry(
        id=form.get("id", "").strip(),
        **{key: line(form.get(name, "")) for name, key in _TEXTS.items()},
        service=int(service) if service.isascii() and service.isdecimal() else 0,
        category=form.get("kategori") or None,
        valid_until=_day(form.get("berlaku", "")),
        variants=_lines(form.get("variasi", "")),
        related=_lines(form.get("terkait", "")),
    )


def begun(texts: Sequence[str], answer: str = "", service: int | None = None) -> dict[str, str]:
    """Return the form of a draft that begins with what people wrote, without their data.

    Args:
        texts: Their wordings, the fullest first; it becomes the question.
        answer: What an agent replied.
        service: The catalogue's service.
    """
    wordings = harmless(texts)
    return {
        "tanya": wordings[0] if wordings else "",
        "jawaban": line(veil(answer)),
        "layanan": str(service or ""),
        "variasi": "\n".join(wordings),
    }


def harmless(texts: Sequence[str]) -> list[str]:
    """Return each wording once, without the numbers and addresses in it."""
    cleaned = (line(_MASKED.sub(" ", veil(text))) for text in texts)
    return list(dict.fromkeys(text for text in cleaned if text))[:_MOST]


def line(text: str) -> str:
    """Return a text as one line without signs that cannot be seen."""
    words = ("".join(filter(str.isprintable, word)) for word in text.split())
    return " ".join(word for word in words if word)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(shown for row in text.splitlines() if (shown := line(row)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ReviewRefused("problems", [Problem("valid_until", "date")]) from None
