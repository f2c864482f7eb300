"""Every version of the FAQ's entries and what became of it, read from the ledger.

An entry that the desk never touched stands in ``data/faq`` alone. For others the last version that
was published answers, or none once that was withdrawn.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.faq.bank import Bank, Entry
from bot.ledger.tables import agent, faq_event, faq_revision
from bot.privacy import Vault


class State(str, Enum):
    """What has become of a version."""

    RELEASED = "released"
    """It is the one of ``data/faq`` that the desk found when it first changed the entry."""
    DRAFT = "draft"
    SUBMITTED = "submitted"
    """It waits for a second person."""
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """It was published, and answers no more."""
    DROPPED = "dropped"
    """Its author gave it up."""


OPEN = (State.DRAFT, State.SUBMITTED, State.REJECTED)
"""States of a version on which work goes on."""
_SPOKEN = (State.PUBLISHED, State.WITHDRAWN)
"""Events that change what Nindy answers."""
KNOWLEDGE = (State.RELEASED, *_SPOKEN)
"""States of a version that has answered people at some time."""


@dataclass(frozen=True)
class Revision:
    """One version of an entry.

    Attributes:
        number: Counted from 1 per entry.
        entry: What it says.
        author_id: Who wrote it; None for a release's.
        author: That agent's name, empty for a release's.
        at: When.
        state: What has become of it.
    """

    number: int
    entry: Entry
    author_id: str | None
    author: str
    at: datetime
    state: State


@dataclass(frozen=True)
class Event:
    """Something that was done to a version, by whom, with what note.

    A draft's note is the number of the ticket whose words it began with.
    """

    revision: int
    state: State
    at: datetime
    actor: str
    note: str


@dataclass(frozen=True)
class Dossier:
    """Everything about one entry.

    Attributes:
        id: The entry.
        released: As it stands in ``data/faq``, if it does.
        revisions: Oldest first.
        events: Oldest first.
    """

    id: str
    released: Entry | None
    revisions: tuple[Revision, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def version(self) -> int:
        """How much has happened: a change names what its maker saw."""
        return len(self.events)

    @property
    def open(self) -> Revision | None:
        """The newest version, while it is worked on."""
        newest = self.revisions[-1] if self.revisions else None
        return newest if newest is not None and newest.state in OPEN else None

    @property
    def begun_with(self) -> str:
        """The number of the ticket whose words begin what is not decided yet; or empty."""
        undecided = (one for one in self.events if one.revision > self.settled)
        return next((one.note for one in undecided if one.state is State.DRAFT and one.note), "")

    @property
    def settled(self) -> int:
        """The number of the version about which was decided last; 0 before the first."""
        return max((one.revision for one in self.events if one.state in KNOWLEDGE), default=0)

    @property
    def writers(self) -> set[str]:
        """Who wrote on what has not been decided yet."""
        written = (one for one in self.revisions if one.number > self.settled)
        return {one.author_id for one in written if one.author_id is not None}

    @property
    def live(self) -> Entry | None:
        """What Nindy answers; None when nothing, or nothing any more."""
        last = next((one for one in reversed(self.events) if one.state in _SPOKEN), None)
        if last is None:
            return self.released
        if last.state is State.WITHDRAWN:
            return None
        return self.revisions[last.revision - 1].entry

    @property
    def withdrawn(self) -> bool:
        """Whether it answered once and does no more."""
        return self.live is None and any(one.state is State.WITHDRAWN for one in self.events)


def read(connection: Connection, vault: Vault, id: str, released: Bank) -> Dossier | None:
    """Return what is known of an entry; None when there is none of this id."""
    entry = released.get(id) if id in released else None
    names = _names(connection)
    events = tuple(
        Event(
            revision=row.revision,
            state=State(row.state),
            at=row.at,
            actor=names.get(row.agent_id, ""),
            note=vault.open(row.sealed_note) if row.sealed_note else "",
        )
        for row in connection.execute(
            sa.select(faq_event).where(faq_event.c.entry_id == id).order_by(faq_event.c.number)
        )
    )
    if entry is None and not events:
        return None
    state = {event.revision: event.state for event in events}
    rows = connection.execute(
        sa.select(faq_revision).where(faq_revision.c.entry_id == id).order_by(faq_revision.c.number)
    )
    revisions = tuple(_revision(vault, row, names, state[row.number]) for row in rows)
    return Dossier(id, entry, revisions, events)


def waiting(connection: Connection, vault: Vault) -> list[Revision]:
    """Return the versions on which work goes on, the newest first."""
    newest = _newest(connection)
    names = _names(connection)
    states = {id: State(row.state) for id, row in newest.items() if State(row.state) in OPEN}
    found = [
        _revision(vault, row, names, states[row.entry_id])
        for row in connection.execute(
            sa.select(faq_revision).where(faq_revision.c.entry_id.in_(states))
        )
        if row.number == newest[row.entry_id].revision
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def publications(connection: Connection, vault: Vault) -> int:
    """Return how often something was published or withdrawn (it only grows)."""
    # A count and no largest id: of two that commit at once the later may have the smaller id.
    counted = sa.select(sa.func.count()).where(faq_event.c.state.in_(_SPOKEN))
    return int(connection.execute(counted).scalar_one())


def published(connection: Connection, vault: Vault) -> dict[str, Entry | None]:
    """Return what answers instead of ``data/faq``, by id; None for what was withdrawn."""
    newest = _newest(connection, faq_event.c.state.in_(_SPOKEN))
    found: dict[str, Entry | None] = {
        id: None for id, row in newest.items() if row.state == State.WITHDRAWN
    }
    spoken = {id: row.revision for id, row in newest.items() if id not in found}
    for row in connection.execute(
        sa.select(faq_revision).where(faq_revision.c.entry_id.in_(spoken))
    ):
        if row.number == spoken[row.entry_id]:
            found[row.entry_id] = _entry(vault, row)
    return found


def ids(connection: Connection, vault: Vault) -> set[str]:
    """Return the entries of which the ledger knows anything."""
    return set(connection.execute(sa.select(faq_event.c.entry_id).distinct()).scalars())


def _newest(connection: Connection, *only: Any) -> dict[str, Any]:
    """Return the last event of each entry, of those that count."""
    last = (
        sa.select(faq_event.c.entry_id, sa.func.max(faq_event.c.number).label("number"))
        .where(*only)
        .group_by(faq_event.c.entry_id)
        .subquery()
    )
    rows = connection.execute(
        sa.select(faq_event).join(
            last,
            sa.and_(faq_event.c.entry_id == last.c.entry_id, faq_event.c.number == last.c.number),
        )
    )
    return {row.entry_id: row for row in rows}


def _names(connection: Connection) -> defaultdict[str | None, str]:
    rows = connection.execute(sa.select(agent.c.id, agent.c.name))
    return defaultdict(str, {row.id: row.name for row in rows})


def _revision(vault: Vault, row: Any, names: dict[str | None, str], state: State) -> Revision:
    entry = _entry(vault, row)
    return Revision(row.number, entry, row.author_id, names[row.author_id], row.created_at, state)


def _entry(vault: Vault, row: Any) -> Entry:
    return Entry.from_fields(row.entry_id, vault.open(row.sealed_fields))
