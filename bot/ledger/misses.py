"""Look-ups that found nothing: who is paused, which number is held, and when the desk is told.

A miss counts for the person who asked, and for the number that was asked for, whether that exists
or not. A held number is no lock on its owner: whoever the channel knows (a WhatsApp number, a user
that a host site vouches for) still has one try at it, which a right pair does not use up; visitors
whom nobody knows can be made without end, and wait. So a guesser pays a telephone number a try.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Alarm
from bot.ledger import alarms
from bot.ledger.tables import chat_session, conversation, lookup_miss
from bot.privacy import Vault

OF_PERSON = 5
PERSON_WINDOW = timedelta(minutes=15)
OF_NUMBER = 10
NUMBER_WINDOW = timedelta(hours=1)

STUBBORN = 3 * OF_PERSON
"""Misses of one person in a day that the desk is told of: nobody mistypes that often."""
_DAY = timedelta(hours=24)
MANY = 100
"""Misses of all together in `PERSON_WINDOW` that it is told of."""
_ABOUT = "lookup"
ALARMS = ("lookup_number", "lookup_person", "lookup_many")
"""Words of the alarms: a number was guessed at, a person guesses, many guess."""


@dataclass(frozen=True)
class Pause:
    """Why a look-up must wait.

    Attributes:
        until: Until when.
        of_number: Whether the number is held, and not the person.
    """

    until: datetime
    of_number: bool


def record(
    connection: Connection, vault: Vault, conversation_id: str, missed: list[str], now: datetime
) -> None:
    """Write down what a person looked up in vain, and tell the desk when it looks like guessing.

    Args:
        connection: The open transaction.
        vault: Makes the keys of numbers.
        conversation_id: Whose conversation.
        missed: The numbers; empty for what no number stands for.
        now: The moment.
    """
    if not missed:
        return
    person = sa.select(conversation.c.person_id).where(conversation.c.id == conversation_id)
    person_id = connection.execute(person).scalar_one()
    keys = [_key(vault, number) for number in missed]
    rows = [{"person_id": person_id, "number_key": key, "at": now} for key in keys]
    connection.execute(lookup_miss.insert(), rows)
    looks = (
        (OF_NUMBER, NUMBER_WINDOW, lookup_miss.c.number_key.in_([key for key in keys if key])),
        (STUBBORN, _DAY, lookup_miss.c.person_id == person_id),
        (MANY, PERSON_WINDOW, sa.true()),
    )
    for word, (most, window, which) in zip(ALARMS, looks, strict=True):
        if _count(connection, which, now - window) >= most:
            alarms.sound(connection, vault, Alarm(_ABOUT, word, 0), now)


def pause(
    connection: Connection, vault: Vault, conversation_id: str, number: str, now: datetime
) -> Pause | None:
    """Say until when this person may not look up this number; None when they may.

    Args:
        connection: The open transaction.
        vault: Makes the keys of numbers.
        conversation_id: Whose conversation.
        number: What is asked for; empty when it is not known yet, or no number stands for it.
        now: The moment.
    """
    mine = lookup_miss.c.person_id == (
        sa.select(conversation.c.person_id)
        .where(conversation.c.id == conversation_id)
        .scalar_subquery()
    )
    own = _moments(connection, mine, now - PERSON_WINDOW)
    if len(own) >= OF_PERSON:
        return Pause(own[-OF_PERSON] + PERSON_WINDOW, False)
    key = _key(vault, number)
    if key is None:
        return None
    since = now - NUMBER_WINDOW
    all_of_it = _moments(connection, lookup_miss.c.number_key == key, since)
    if len(all_of_it) < OF_NUMBER:
        return None
    tried = _count(connection, sa.and_(mine, lookup_miss.c.number_key == key), since)
    if not tried and not _is_stranger(connection, conversation_id):
        return None
    return Pause(all_of_it[-OF_NUMBER] + NUMBER_WINDOW, True)


def _key(vault: Vault, number: str) -> str | None:
    return vault.key("lookup", number) if number else None


def _moments(connection: Connection, which: object, since: datetime) -> list[datetime]:
    rows = connection.execute(
        sa.select(lookup_miss.c.at)
        .where(which, lookup_miss.c.at > since)
        .order_by(lookup_miss.c.at)
    )
    return [row.at for row in rows]


def _count(connection: Connection, which: object, since: datetime) -> int:
    found = sa.select(sa.func.count()).where(which, lookup_miss.c.at > since)
    return int(connection.execute(found).scalar_one())


def _is_stranger(connection: Connection, conversation_id: str) -> bool:
    found = sa.select(chat_session.c.session_key).where(
        chat_session.c.conversation_id == conversation_id, chat_session.c.known.is_(False)
    )
    return connection.execute(found.limit(1)).first() is not None
