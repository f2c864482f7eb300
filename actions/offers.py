"""What Nindy offered last, so that a mere yes or no can be understood (slot ``tawaran``)."""

from __future__ import annotations

TICKET = "tiket"
"""A ticket."""
ANSWER = "jawaban"
"""An answer of the FAQ, which may have helped or not."""
FOR_TICKET = "titipan"
"""To put a message onto a ticket."""
_ENTRY = "faq:"


def of_entry(entry_id: str) -> str:
    """Name the offer to answer one entry."""
    return _ENTRY + entry_id


def entry_of(offer: str | None) -> str | None:
    """Return the entry that was offered, if one was."""
    return offer[len(_ENTRY) :] if offer and offer.startswith(_ENTRY) else None
