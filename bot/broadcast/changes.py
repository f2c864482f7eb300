"""What the desk does to a broadcast: drafted by one, approved by another, stopped by either.

Each change is one transaction: the row is locked, changed, its version counted up, an event added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.broadcast import recipients
from bot.broadcast.life import (
    APPROVERS,
    AUTHORS,
    SERVICE,
    STOPPABLE,
    WRITABLE,
    BroadcastRefused,
    Reach,
    Seen,
    Skip,
    State,
)
from bot.broadcast.texts import BroadcastTexts
from bot.catalogue import Catalogue
from bot.channels.message import Reply
from bot.ledger import agents, spoken
from bot.ledger import outbox as bubbles
from bot.ledger.agents import Agent, Role
from bot.ledger.tables import (
    agent,
    broadcast,
    broadcast_event,
    broadcast_recipient,
    outbox,
    ticket,
)
from bot.privacy import Vault
from bot.tickets.life import OPEN

LONGEST_NOTE = 1000
_WRITERS = (State.DRAFT.value, State.SUBMITTED.value)


@dataclass(frozen=True)
class Draft:
    """What an agent has written.

    Attributes:
        number: The ticket that asks for it.
        template: The name of the template.
        values: What is filled in.
        phones: Who gets it; None is all who have agreed.
    """

    number: str
    template: str
    values: dict[str, str]
    phones: list[str] | None


class Broadcasts:
    """The changes.

    Args:
        texts: The templates.
        catalogue: Who may ask for a broadcast.
    """

    def __init__(self, texts: BroadcastTexts, catalogue: Catalogue) -> None:
        self.texts = texts
        self._catalogue = catalogue

    def draft(self, connection: Connection, vault: Vault, seen: Seen, draft: Draft) -> int:
        """Write a draft anew or over an older one, and return its id.

        Raises:
            BroadcastRefused: See there.
        """
        who = _maker(connection, seen, AUTHORS)
        reply = self._filled(draft)
        values: dict[str, Any] = {
            "ticket_id": self._request(connection, ticket.c.number == draft.number),
            "sealed_reply": vault.seal(asdict(reply)),
            "author_id": who.id,
        }
        if seen.id is None:
            made = broadcast.insert().values(
                state=State.DRAFT.value,
                version=1,
                created_at=seen.now,
                updated_at=seen.now,
                **values,
            )
            id = int(connection.execute(made).inserted_primary_key[0])
            record(connection, vault, id, State.DRAFT, who.actor, seen.now)
        else:
            row = _lock(connection, seen, WRITABLE)
            id = row.id
            _write(connection, vault, row, seen, State.DRAFT, **values)
        recipients.choose(connection, vault, id, draft.phones)
        return id

    def submit(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """Ask the service manager for approval.

        Raises:
            BroadcastRefused: See there.
        """
        _maker(connection, seen, AUTHORS)
        row = _lock(connection, seen, (State.DRAFT,))
        self._pass(connection, vault, row)
        _write(connection, vault, row, seen, State.SUBMITTED)

    def approve(self, connection: Connection, vault: Vault, seen: Seen, note: str = "") -> None:
        """Let it go out. Who wrote on it cannot.

        Raises:
            BroadcastRefused: See there.
        """
        who = _maker(connection, seen, APPROVERS)
        row = _lock(connection, seen, (State.SUBMITTED,))
        wrote = connection.execute(
            sa.select(broadcast_event.c.id).where(
                broadcast_event.c.broadcast_id == row.id,
                broadcast_event.c.actor == who.actor,
                broadcast_event.c.state.in_(_WRITERS),
            )
        )
        if wrote.first() is not None:
            raise BroadcastRefused("own")
        self._pass(connection, vault, row)
        values = {"approver_id": who.id, "next_wave_at": seen.now}
        _write(connection, vault, row, seen, State.APPROVED, note, **values)

    def reject(self, connection: Connection, vault: Vault, seen: Seen, note: str) -> None:
        """Give it back with the reason.

        Raises:
            BroadcastRefused: See there.
        """
        _maker(connection, seen, APPROVERS)
        row = _lock(connection, seen, (State.SUBMITTED,))
        if not note.strip():
            raise BroadcastRefused("note")
        _write(connection, vault, row, seen, State.REJECTED, note)

    def stop(self, connection: Connection, vault: Vault, seen: Seen) -> None:
        """End it at once, whatever its maker had seen; what was not handed over is passed over.

        Raises:
            BroadcastRefused: See there.
        """
        _maker(connection, seen, AUTHORS)
        row = _lock(connection, seen, STOPPABLE, any_version=True)
        its = broadcast_recipient.c.broadcast_id == row.id
        connection.execute(
            broadcast_recipient.update()
            .where(its, broadcast_recipient.c.state == Reach.WAITING.value)
            .values(state=Reach.SKIPPED.value, reason=Skip.STOPPED.value)
        )
        sent = sa.select(broadcast_recipient.c.outbox_id).where(
            its, broadcast_recipient.c.outbox_id.is_not(None)
        )
        bubbles.withdraw(connection, outbox.c.id.in_(sent), seen.now)
        _write(connection, vault, row, seen, State.STOPPED)

    def _filled(self, draft: Draft) -> Reply:
        text = self.texts.find(draft.template)
        if text is None:
            raise BroadcastRefused("template")
        reply = text.reply(draft.values)
        if reply is None:
            raise BroadcastRefused("fields")
        return reply

    def _request(self, connection: Connection, which: Any) -> str:
        """Return the id of the ticket that asks, if it may."""
        row = connection.execute(
            sa.select(ticket.c.id, ticket.c.service, ticket.c.state, ticket.c.user_group).where(
                which
            )
        ).first()
        if row is None or row.service != SERVICE or row.state not in OPEN:
            raise BroadcastRefused("ticket")
        if row.user_group is not None and not self._catalogue.may_ask(row.user_group, SERVICE):
            raise BroadcastRefused("group")
        return str(row.id)

    def _pass(self, connection: Connection, vault: Vault, row: Any) -> None:
        self._request(connection, ticket.c.id == row.ticket_id)
        if not self.texts.knows(spoken.read_reply(vault.open(row.sealed_reply))):
            raise BroadcastRefused("template")
        waiting = sa.select(broadcast_recipient.c.id).where(
            broadcast_recipient.c.broadcast_id == row.id,
            broadcast_recipient.c.state == Reach.WAITING.value,
        )
        if connection.execute(waiting.limit(1)).first() is None:
            raise BroadcastRefused("nobody")


def record(
    connection: Connection,
    vault: Vault,
    broadcast_id: int,
    state: State,
    actor: str,
    now: datetime,
    note: str = "",
) -> None:
    """Add an event.

    Raises:
        BroadcastRefused: The note is too ``long``.
    """
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise BroadcastRefused("long")
    connection.execute(
        broadcast_event.insert().values(
            broadcast_id=broadcast_id,
            at=now,
            actor=actor,
            state=state.value,
            sealed_note=vault.seal(note) if note else None,
        )
    )


def _maker(connection: Connection, seen: Seen, roles: Sequence[Role]) -> Agent:
    row = connection.execute(sa.select(agent).where(agent.c.id == seen.agent_id)).first()
    who = agents.of_row(row) if row is not None else None
    if who is None or who.disabled or who.role not in roles:
        raise BroadcastRefused("role")
    return who


def _lock(
    connection: Connection, seen: Seen, states: Sequence[State], any_version: bool = False
) -> Any:
    row = connection.execute(
        sa.select(broadcast).where(broadcast.c.id == seen.id).with_for_update()
    ).first()
    if row is None:
        raise BroadcastRefused("unknown")
    if row.version != seen.version and not any_version:
        raise BroadcastRefused("changed")
    if row.state not in states:
        raise BroadcastRefused("step")
    return row


def _write(
    connection: Connection,
    vault: Vault,
    row: Any,
    seen: Seen,
    state: State,
    note: str = "",
    **values: Any,
) -> None:
    connection.execute(
        broadcast.update()
        .where(broadcast.c.id == row.id)
        .values(state=state.value, version=row.version + 1, updated_at=seen.now, **values)
    )
    record(connection, vault, row.id, state, f"agent:{seen.agent_id}", seen.now, note)
