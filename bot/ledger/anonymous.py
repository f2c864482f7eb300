"""Complaints without a name: nothing of the ticket leads to who told it.

The ticket has a person and a conversation of its own in which nobody writes, and its moments are
cut to the hour. The person keeps a code; the ledger has only the code's keyed hash.
"""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.engine import Connection

from bot.channels.message import Sender
from bot.ledger import tickets
from bot.ledger.people import ANONYMOUS
from bot.ledger.tables import conversation, person, ticket
from bot.ledger.tickets import ALPHABET, NewTicket, Ticket
from bot.privacy import Vault

_GROUPS, _SIZE = 5, 4
"""Twenty characters of 31: 99 bits."""
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_GROUP = f"[{ALPHABET}]{{{_SIZE}}}"
# Ahead of each place, because the words before a code may look like its first groups.
_CODE = re.compile(
    rf"(?<![A-Z0-9])(?=({_GROUP}([- ]?){_GROUP}(?:\2{_GROUP}){{{_GROUPS - 2}}})(?![A-Z0-9]))", re.I
)
_DIGITS = 2
"""Without dashes so many are asked for: five words of four letters are no code."""


def new_code() -> str:
    """Make a tracking code: ``K7M2-QX9P-4RTW-HJ8D-V3NC``."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(_SIZE)) for _ in range(_GROUPS))
    return "-".join(groups)


def find_code(text: str) -> str | None:
    """Return the tracking code that stands in a text, in its normal form."""
    found = [match[1] for match in _CODE.finditer(text.translate(_DASHES))]
    found = [one for one in found if any(map(str.isalpha, one))]
    likely = [one for one in found if "-" in one or _digits(one) >= _DIGITS]
    if not likely:
        return None
    plain = re.sub("[- ]", "", max(reversed(likely), key=_digits)).upper()
    return "-".join(plain[at : at + _SIZE] for at in range(0, len(plain), _SIZE))


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def whole_hour(moment: datetime) -> datetime:
    """Cut a moment to the hour, so that it cannot be laid beside those of a conversation."""
    return moment.replace(minute=0, second=0, microsecond=0)


def open_complaint(connection: Connection, vault: Vault, new: NewTicket, code: str) -> None:
    """Write a complaint that only the code leads back to.

    Args:
        connection: The open transaction.
        vault: Seals what it says.
        new: The complaint, with its moments cut to the hour, no name and no matter.
        code: The code that tracks it.
    """
    person_id, conversation_id = str(uuid.uuid4()), str(uuid.uuid4())
    connection.execute(
        person.insert().values(
            id=person_id,
            channel=ANONYMOUS,
            sealed_address=vault.seal(asdict(Sender())),
            created_at=new.created_at,
        )
    )
    connection.execute(
        conversation.insert().values(id=conversation_id, person_id=person_id, version=0)
    )
    ticket_id = tickets.open_ticket(connection, vault, new, conversation_id, None, ANONYMOUS)
    connection.execute(
        ticket.update().where(ticket.c.id == ticket_id).values(tracking_key=_key(vault, code))
    )


def tracked(connection: Connection, vault: Vault, code: str) -> Ticket | None:
    """Find the complaint that a code tracks."""
    return tickets.one(connection, vault, ticket.c.tracking_key == _key(vault, code))


def _key(vault: Vault, code: str) -> str:
    return vault.key("tracking", code)
