"""Who wants broadcasts: said by the person in the dialogue, and taken back in the same way.

Each word is a row with the message that brought it; the last row of a person counts. A number that
changed may be in another hand, so what was agreed to before does not move with it.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.outbox import BROADCAST, withdraw
from bot.ledger.tables import consent, conversation, outbox
from bot.privacy import Vault

_later = consent.alias("later")
STANDING = sa.select(consent.c.person_id).where(
    consent.c.agreed,
    ~sa.exists().where(_later.c.person_id == consent.c.person_id, _later.c.id > consent.c.id),
)
"""The persons who have agreed and not taken it back."""


def say(
    connection: Connection,
    vault: Vault,
    conversation_id: str,
    inbox_id: int,
    agreed: bool,
    now: datetime,
) -> None:
    """Write down what a person said with a message; nothing where it stands already."""
    person_id = connection.execute(
        sa.select(conversation.c.person_id).where(conversation.c.id == conversation_id)
    ).scalar_one()
    write(connection, person_id, inbox_id, agreed, now)


def write(
    connection: Connection, person_id: str, inbox_id: int, agreed: bool, now: datetime
) -> None:
    """Write it down for a person; who wants none any more gets none that waits either."""
    if _stands(connection, person_id) != agreed:
        connection.execute(
            consent.insert().values(person_id=person_id, agreed=agreed, inbox_id=inbox_id, at=now)
        )
    if not agreed:
        theirs = sa.select(conversation.c.id).where(conversation.c.person_id == person_id)
        broadcasts = outbox.c.priority == BROADCAST
        withdraw(connection, sa.and_(outbox.c.conversation_id.in_(theirs), broadcasts), now)


def given(connection: Connection, vault: Vault, conversation_id: str) -> bool:
    """Say whether the person of a conversation wants broadcasts."""
    this = sa.select(conversation.c.person_id).where(conversation.c.id == conversation_id)
    return _stands(connection, connection.execute(this).scalar_one())


def _stands(connection: Connection, person_id: str) -> bool:
    found = connection.execute(STANDING.where(consent.c.person_id == person_id))
    return found.first() is not None
