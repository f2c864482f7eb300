"""Changes of tickets that are written with a turn of the dialogue.

What Nindy answers was decided from what the turn read. Should the ticket have moved on before
the turn is written, its change is left out and logged: a turn that failed for it would only be
done again, against the same ticket, until the person got an apology.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Connection

from bot.ledger.unit_of_work import UnitOfWork
from bot.privacy import Vault
from bot.tickets.life import ChangeRefused
from bot.tickets.record import USER, Seen

log = logging.getLogger(__name__)


def by_person(work: UnitOfWork, number: str) -> Seen:
    """Say that the person of this turn changes a ticket, whatever its version."""
    return Seen(number, None, USER, work.now)


def add(work: UnitOfWork, change: Callable[..., None], **values: Any) -> None:
    """Write a change with the turn, or leave it out when the ticket refuses it by then.

    Args:
        work: The turn.
        change: A method of `bot.tickets.changes.Changes`.
        values: Its arguments.
    """

    def write(connection: Connection, vault: Vault) -> None:
        try:
            # On its own: what the change wrote before it was refused goes, the turn stays.
            with connection.begin_nested():
                change(connection, vault, **values)
        except ChangeRefused as refused:
            log.warning(
                "a turn's change of a ticket was refused: %s",
                refused.reason,
                extra={"inbox": work.claim.inbox_id},
            )

    work.writes.append(write)
