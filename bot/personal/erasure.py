"""Erases what is held about a person, at their wish, as far as no law obliges us to keep it.

Gone are who they are, what was said, their files and everything their tickets say. What stays has
neither name nor words: that there was a ticket, with its service and times; the audit trail; when
something was agreed to or taken back.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import NindyError
from bot.ledger import consents, inbox
from bot.ledger.tables import (
    api_answer,
    attachment,
    audit,
    broadcast_recipient,
    chat_rating,
    chat_session,
    consent,
    conversation,
    delivery,
    faq_revision,
    feedback,
    lookup_miss,
    outbox,
    person,
    ticket,
    ticket_draft,
    ticket_event,
    ticket_forward,
    turn,
)
from bot.ledger.tables import inbox as heard
from bot.ledger.tickets import Content
from bot.personal import faq_drafts
from bot.personal.rules import CLOSED
from bot.personal.subject import rows_of
from bot.personal.walk import Key, after
from bot.privacy import Vault

REPEATED = timedelta(days=8)
"""So long a channel may deliver a message again; its key stays, to know it by."""
_AT_ONCE = 200
KEPT = ("ticket", "ticket_event", "ticket_forward", "faq_revision", "consent", "audit")
"""Tables of which rows stay, without names and words."""

_WHOLE = (
    *(lookup_miss, broadcast_recipient, chat_session, chat_rating, feedback, turn, outbox),
    *(attachment, ticket_draft, delivery),
)


class StillOpen(NindyError):
    """Tickets of the person are not closed, so the purpose of what they hold has not ended.

    Args:
        numbers: Which.
    """

    def __init__(self, numbers: tuple[str, ...]) -> None:
        super().__init__("tickets are open")
        self.numbers = numbers


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes:
        removed: Rows that are gone, by table.
        emptied: Rows that stay without names and words, by table.
        files: Ids of files whose bytes are to be dropped.
    """

    removed: Counter[str]
    emptied: Counter[str]
    files: tuple[str, ...]


def erase(connection: Connection, vault: Vault, person_id: str, left: str, now: datetime) -> Erased:
    """Erase a person.

    It takes the conversation first: a turn that is under way finds another version and is lost,
    and a message that is just being stored waits, to be erased by a second call.

    Args:
        connection: The open transaction.
        vault: Opens and seals.
        person_id: Who.
        left: What a ticket is about from then on.
        now: The moment.

    Raises:
        StillOpen: A ticket is not closed.
    """
    theirs = rows_of(person_id)
    connection.execute(
        conversation.update()
        .where(theirs[conversation.name])
        .values(
            version=conversation.c.version + 1,
            sealed_state=None,
            holder_id=None,
            held_at=None,
            held_ticket_id=None,
            notice="",
            moved_at=now,
        )
    )
    _refuse_open(connection, theirs[ticket.name])
    files = tuple(
        connection.execute(sa.select(attachment.c.id).where(theirs[attachment.name])).scalars()
    )
    removed: Counter[str] = Counter()
    numbers = set(
        connection.execute(sa.select(ticket.c.number).where(theirs[ticket.name])).scalars()
    )
    removed[api_answer.name] = _remove_answers(connection, vault, numbers)
    for table in _WHOLE:
        gone = connection.execute(table.delete().where(theirs[table.name]))
        removed[table.name] = gone.rowcount
    emptied = _empty_tickets(connection, theirs, vault.seal(asdict(Content(left, ""))))
    emptied[faq_revision.name] = faq_drafts.empty(connection, vault, numbers)
    _take_back_consent(connection, person_id, now)
    _forget_messages(connection, vault, theirs, now, removed, emptied)
    known = sa.or_(person.c.user_key.is_not(None), person.c.phone_key.is_not(None))
    named = connection.execute(sa.select(person.c.id).where(theirs[person.name], known)).first()
    connection.execute(
        person.update()
        .where(theirs[person.name])
        .values(user_key=None, phone_key=None, sealed_address=vault.seal({}))
    )
    if named or +removed:
        connection.execute(audit.insert().values(at=now, kind="erased", person_id=person_id))
    return Erased(+removed, +emptied, files)


def forget_listed(
    connection: Connection, vault: Vault, phone: str, last: Key | None
) -> tuple[int, Key | None]:
    """Take a number out of broadcasts' lists that never wrote to us, among the next rows.

    Returns:
        How many rows went, and the key to go on after.
    """
    columns = (broadcast_recipient.c.person_id, broadcast_recipient.c.sealed_phone)
    rows, following = after(connection, broadcast_recipient, columns, last, _AT_ONCE)
    ids = [
        key.values[0]
        for key, row in rows
        if row["person_id"] is None and vault.open(row["sealed_phone"]) == phone
    ]
    listed = broadcast_recipient.delete().where(broadcast_recipient.c.id.in_(ids))
    return connection.execute(listed).rowcount, following


def _refuse_open(connection: Connection, theirs: Any) -> None:
    still = sa.select(ticket.c.number).where(theirs, ticket.c.state != CLOSED)
    numbers = tuple(connection.execute(still.order_by(ticket.c.number)).scalars())
    if numbers:
        raise StillOpen(numbers)


def _remove_answers(connection: Connection, vault: Vault, numbers: set[str]) -> int:
    if not numbers:
        return 0
    rows = connection.execute(
        sa.select(api_answer.c.answer_key, api_answer.c.sealed_body).where(api_answer.c.status != 0)
    ).all()
    bodies = {row.answer_key: json.dumps(vault.open(row.sealed_body)) for row in rows}
    keys = [key for key, body in bodies.items() if any(one in body for one in numbers)]
    gone = connection.execute(api_answer.delete().where(api_answer.c.answer_key.in_(keys)))
    return int(gone.rowcount)


def _empty_tickets(connection: Connection, theirs: dict[str, Any], content: bytes) -> Counter[str]:
    emptied: Counter[str] = Counter()
    for table, values in (
        (ticket_event, {"sealed_detail": None}),
        (ticket_forward, {"sealed_receipt": None}),
        (
            ticket,
            {
                "sealed_content": content,
                "sealed_rating": None,
                "tracking_key": None,
                "inbox_id": None,
                "version": ticket.c.version + 1,
            },
        ),
    ):
        changed = connection.execute(table.update().where(theirs[table.name]).values(values))
        emptied[table.name] = changed.rowcount
    return emptied


def _take_back_consent(connection: Connection, person_id: str, now: datetime) -> None:
    last = (
        sa.select(consent.c.inbox_id)
        .where(consent.c.person_id == person_id)
        .order_by(consent.c.id.desc())
        .limit(1)
    )
    said = connection.execute(last).scalar()
    if said is not None:
        consents.write(connection, person_id, said, False, now)


def _forget_messages(
    connection: Connection,
    vault: Vault,
    theirs: dict[str, Any],
    now: datetime,
    removed: Counter[str],
    emptied: Counter[str],
) -> None:
    proof = sa.select(consent.c.inbox_id).where(theirs[consent.name])
    stays = sa.or_(heard.c.received_at > now - REPEATED, heard.c.id.in_(proof))
    gone = connection.execute(heard.delete().where(theirs[heard.name], ~stays))
    left = connection.execute(
        heard.update()
        .where(theirs[heard.name])
        .values(sealed_body=vault.seal({"text": ""}), state=inbox.SILENT, matter=None)
    )
    removed[heard.name], emptied[heard.name] = gone.rowcount, left.rowcount
