"""Empties drafts of the FAQ that began with the words of tickets which are no more."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.faq import Entry
from bot.faq.history import KNOWLEDGE, State
from bot.ledger.tables import faq_event, faq_revision
from bot.privacy import Vault


def empty(connection: Connection, vault: Vault, numbers: Collection[str]) -> int:
    """Leave no words in versions that began with these tickets; return how many there were.

    What has been published stays: a second person has seen that it is about nobody.
    """
    if not numbers:
        return 0
    version = (faq_event.c.entry_id, faq_event.c.revision)
    drafted = connection.execute(
        sa.select(*version, faq_event.c.sealed_note).where(
            faq_event.c.state == State.DRAFT.value, faq_event.c.sealed_note.is_not(None)
        )
    )
    begun = {tuple(row)[:2] for row in drafted if vault.open(row.sealed_note) in numbers}
    known = sa.select(*version).where(faq_event.c.state.in_([one.value for one in KNOWLEDGE]))
    theirs = begun - {tuple(row) for row in connection.execute(known)}
    for entry_id, number in theirs:
        connection.execute(
            faq_revision.update()
            .where(faq_revision.c.entry_id == entry_id, faq_revision.c.number == number)
            .values(sealed_fields=vault.seal(_nothing(entry_id).as_fields()))
        )
        connection.execute(
            faq_event.update()
            .where(faq_event.c.entry_id == entry_id, faq_event.c.revision == number)
            .values(sealed_note=None)
        )
    return len(theirs)


def _nothing(id: str) -> Entry:
    # Its own name as the question, so that lists still have something to show.
    return Entry(id, "", id, "", "", "", "", (), 0)
