"""What the desk does to entries: drafted by one, published by another, every version kept.

Each change is one transaction that adds an event, and perhaps a version; nothing is overwritten.
A change names how much its maker had seen (`Dossier.version`); after that it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.catalogue import Catalogue
from bot.clock import JAKARTA
from bot.errors import NindyError
from bot.faq import history
from bot.faq.bank import Bank, Entry, Problem, limits
from bot.faq.examine import Examiner
from bot.faq.history import Dossier, Revision, State
from bot.ledger import agents, tables
from bot.ledger.agents import Agent, Role
from bot.ledger.tables import faq_event, faq_revision
from bot.privacy import Vault

AUTHORS = (Role.AGENT, Role.UNIT_AGENT, Role.SUPERVISOR, Role.ADMIN)
"""Who drafts; agents of a unit only what belongs to their unit's services."""
APPROVERS = (Role.SUPERVISOR, Role.ADMIN)
"""Who publishes, rejects and withdraws."""
LARGEST = 20_000
"""Characters of a whole entry as JSON."""
LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Seen:
    """Which entry a change is for, and who makes it.

    Attributes:
        id: The entry.
        version: How many of its events the maker saw; None begins a new entry.
        agent_id: Who.
        now: The moment.
    """

    id: str
    version: int | None
    agent_id: str
    now: datetime


class ReviewRefused(NindyError):
    """An entry does not allow a change.

    Args:
        reason: ``unknown`` entry; ``changed`` since it was read; its id is ``taken`` or no ``id``;
            the ``role`` or the ``unit`` of the maker does not allow it; it is their ``own`` text;
            no such ``step``; there are ``problems``; it says the ``same`` as before; it is too
            ``large``; a ``note`` is missing.
        problems: What must be mended.
    """

    def __init__(self, reason: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problems = tuple(problems)


class Review:
    """The changes.

    Args:
        released: What stands in ``data/faq``.
        catalogue: Which unit answers for which service.
        examiner: Tells what must be mended.
    """

    def __init__(self, released: Bank, catalogue: Catalogue, examiner: Examiner) -> None:
        self.released = released
        self.examiner = examiner
        self._catalogue = catalogue

    def bank(self, connection: Connection, vault: Vault) -> Bank:
        """Return the entries that answer now."""
        return self.released.overlaid(history.published(connection, vault))

    def dossier(self, connection: Connection, vault: Vault, id: str) -> Dossier | None:
        """Return everything about an entry."""
        return history.read(connection, vault, id, self.released)

    def problems(
        self, connection: Connection, vault: Vault, entry: Entry, now: datetime
    ) -> list[Problem]:
        """Return what must be mended of a draft before it may be published."""
        today = now.astimezone(JAKARTA).date()
        return self.examiner.problems(entry, self.bank(connection, vault), today)

    def draft(
        self, connection: Connection, vault: Vault, seen: Seen, entry: Entry, ticket: str = ""
    ) -> None:
        """Add a version, whether or not it is in order yet.

        Args:
            connection: The open transaction.
            vault: Opens and seals.
            seen: What its maker saw.
            entry: What it says.
            ticket: The number of the ticket whose words it began with; it goes when they go.

        Raises:
            ReviewRefused: See there.
        """
        who = _maker(connection, seen, AUTHORS)
        found = self.dossier(connection, vault, seen.id)
        if seen.version is None:
            if found is not None:
                raise ReviewRefused("taken")
            if any(problem.code == "id" for problem in limits(entry)):
                raise ReviewRefused("id")
            found = Dossier(seen.id, None)
        found = _unchanged(found, seen)
        self._may_write(who, found, entry)
        before = found.open.entry if found.open else found.live
        if before == entry:
            raise ReviewRefused("same")
        if len(json.dumps(entry.as_fields(), ensure_ascii=False)) > LARGEST:
            raise ReviewRefused("large")
        begun_with = ticket or found.begun_with
        found = self._with_release(connection, vault, seen, found)
        number = len(found.revisions) + 1
        _write_revision(connection, vault, seen, number, entry, who.id)
        _record(connection, vault, seen, found, number, State.DRAFT, begun_with)

    def submit(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Ask a second person to look at the draft.

        Raises:
            ReviewRefused: See there.
        """
        found, draft = self._on_table(connection, vault, seen, AUTHORS, State.DRAFT)
        self._pass(connection, vault, draft.entry, seen.now)
        _record(connection, vault, seen, found, draft.number, State.SUBMITTED)

    def publish(self, connection: Connection, vault: Vault, seen: Seen, note: str = "") -> None:
        """Let the draft answer from now on. Who wrote on it cannot.

        Raises:
            ReviewRefused: See there.
        """
        found, draft = self._on_table(connection, vault, seen, APPROVERS, State.SUBMITTED)
        if seen.agent_id in found.writers:
            raise ReviewRefused("own")
        self._pass(connection, vault, draft.entry, seen.now)
        _record(connection, vault, seen, found, draft.number, State.PUBLISHED, note)

    def reject(self, connection: Connection, vault: Vault, seen: Seen, note: str) -> None:
        """Give the draft back with the reason.

        Raises:
            ReviewRefused: See there.
        """
        found, draft = self._on_table(connection, vault, seen, APPROVERS, State.SUBMITTED)
        _record(connection, vault, seen, found, draft.number, State.REJECTED, _needed(note))

    def drop(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Give a draft up.

        Raises:
            ReviewRefused: See there.
        """
        found, draft = self._on_table(connection, vault, seen, AUTHORS, *history.OPEN)
        _record(connection, vault, seen, found, draft.number, State.DROPPED)

    def withdraw(self, connection: Connection, vault: Vault, seen: Seen, note: str) -> None:
        """Let an entry answer no more, at once; one person is enough to stop a wrong answer.

        Raises:
            ReviewRefused: See there.
        """
        _maker(connection, seen, APPROVERS)
        found = _unchanged(self.dossier(connection, vault, seen.id), seen)
        if found.live is None:
            raise ReviewRefused("step")
        found = self._with_release(connection, vault, seen, found)
        _record(connection, vault, seen, found, found.settled, State.WITHDRAWN, _needed(note))

    def _on_table(
        self,
        connection: Connection,
        vault: Vault,
        seen: Seen,
        roles: Sequence[Role],
        *states: State,
    ) -> tuple[Dossier, Revision]:
        """Return the entry and the version that is worked on."""
        who = _maker(connection, seen, roles)
        found = _unchanged(self.dossier(connection, vault, seen.id), seen)
        draft = found.open
        if draft is None or draft.state not in states:
            raise ReviewRefused("step")
        self._may_write(who, found, draft.entry)
        return found, draft

    def _may_write(self, who: Agent, found: Dossier, entry: Entry) -> None:
        if who.role is not Role.UNIT_AGENT:
            return
        touched = [entry, found.live, found.open.entry if found.open else None]
        if not all(self.is_of_unit(who, one.service) for one in touched if one is not None):
            raise ReviewRefused("unit")

    def is_of_unit(self, who: Agent, service: int | None) -> bool:
        """Say whether an agent works for the unit of a service; who has no unit works for all."""
        return who.role is not Role.UNIT_AGENT or self._catalogue.unit(service) == who.unit

    def _pass(self, connection: Connection, vault: Vault, entry: Entry, now: datetime) -> None:
        if found := self.problems(connection, vault, entry, now):
            raise ReviewRefused("problems", found)

    def _with_release(
        self, connection: Connection, vault: Vault, seen: Seen, found: Dossier
    ) -> Dossier:
        """Keep the release's version before the first one of the desk."""
        if found.settled or found.released is None:
            return found
        number = len(found.revisions) + 1
        _write_revision(connection, vault, seen, number, found.released, None)
        _record(connection, vault, seen, found, number, State.RELEASED)
        again = self.dossier(connection, vault, seen.id)
        assert again is not None  # noqa: S101  it was written just now
        return again


def _maker(connection: Connection, seen: Seen, roles: Sequence[Role]) -> Agent:
    row = connection.execute(
        sa.select(tables.agent).where(tables.agent.c.id == seen.agent_id)
    ).first()
    who = agents.of_row(row) if row is not None else None
    if who is None or who.disabled or who.role not in roles:
        raise ReviewRefused("role")
    return who


def _unchanged(found: Dossier | None, seen: Seen) -> Dossier:
    if found is None:
        raise ReviewRefused("unknown")
    if seen.version is not None and found.version != seen.version:
        raise ReviewRefused("changed")
    return found


def _needed(note: str) -> str:
    if not note.strip():
        raise ReviewRefused("note")
    return note


def _write_revision(
    connection: Connection, vault: Vault, seen: Seen, number: int, entry: Entry, author: str | None
) -> None:
    connection.execute(
        faq_revision.insert().values(
            entry_id=seen.id,
            number=number,
            author_id=author,
            sealed_fields=vault.seal(entry.as_fields()),
            created_at=seen.now,
        )
    )


def _record(
    connection: Connection,
    vault: Vault,
    seen: Seen,
    found: Dossier,
    revision: int,
    state: State,
    note: str = "",
) -> None:
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise ReviewRefused("large")
    connection.execute(
        faq_event.insert().values(
            entry_id=seen.id,
            number=found.version + 1,
            revision=revision,
            state=state.value,
            agent_id=None if state is State.RELEASED else seen.agent_id,
            at=seen.now,
            sealed_note=vault.seal(note) if note else None,
        )
    )
