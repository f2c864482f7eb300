"""Which rows may go once their period is over: one rule for each kind, the dependent ones first.

How long the periods are is in ``data/privacy/retention.yml`` (`bot.personal.periods`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.attachments import EXPECTED
from bot.ledger.attachments import WAITING as SCANNED
from bot.ledger.deliveries import DEAD, DONE
from bot.ledger.inbox import PENDING
from bot.ledger.outbox import QUEUED, SENDING, UNKNOWN
from bot.ledger.tables import (
    account_alarm,
    api_answer,
    attachment,
    audit,
    broadcast,
    broadcast_event,
    broadcast_recipient,
    chat_rating,
    chat_session,
    consent,
    conversation,
    delivery,
    desk_session,
    feedback,
    inbox,
    lookup_miss,
    outbox,
    person,
    ticket,
    ticket_draft,
    ticket_event,
    ticket_forward,
    turn,
)
from bot.personal import faq_drafts
from bot.privacy import Vault

Remove = Callable[[Connection, Vault, list[Any]], list[str]]
"""Removes rows of the rule's table by their keys; returns the ids of files to be dropped."""

CLOSED = "closed"
_GOING = ("approved", "sending")


@dataclass(frozen=True)
class Rule:
    """What may go.

    Attributes:
        table: Its table.
        since: The moment from which the period counts; rows without one stay.
        over: What must hold beside age.
        least: Days below which the product itself would miss the row.
        remove: How it goes; None deletes it.
    """

    table: sa.Table
    since: Any
    over: Any = field(default_factory=sa.true)
    least: int = 1
    remove: Remove | None = None


def _none(table: sa.Table, *where: Any) -> Any:
    return ~sa.exists().where(*where).correlate_except(table)


def _without_open_ticket(rows: sa.Table) -> Any:
    mine = ticket.alias("mine")
    return _none(mine, mine.c.conversation_id == rows.c.conversation_id, mine.c.state != CLOSED)


def _of_ticket(rows: sa.Table, column: Any) -> Any:
    found = sa.select(column).where(ticket.c.id == rows.c.ticket_id)
    return found.correlate(rows).scalar_subquery()


def _of_broadcast(column: Any) -> Any:
    found = sa.select(column).where(broadcast.c.id == broadcast_recipient.c.broadcast_id)
    return found.correlate(broadcast_recipient).scalar_subquery()


def remove_files(connection: Connection, vault: Vault, ids: list[str]) -> list[str]:
    """Forget files; whoever called drops their bytes once that is committed."""
    connection.execute(attachment.delete().where(attachment.c.id.in_(ids)))
    return ids


def remove_messages(connection: Connection, vault: Vault, ids: list[int]) -> list[str]:
    """Remove messages; a ticket that one of them opened stays without it."""
    connection.execute(ticket.update().where(ticket.c.inbox_id.in_(ids)).values(inbox_id=None))
    connection.execute(inbox.delete().where(inbox.c.id.in_(ids)))
    return []


def remove_tickets(connection: Connection, vault: Vault, ids: list[str]) -> list[str]:
    """Remove tickets with all that is theirs alone."""
    files = connection.execute(
        sa.select(attachment.c.id).where(attachment.c.ticket_id.in_(ids))
    ).scalars()
    left = remove_files(connection, vault, list(files))
    numbers = connection.execute(sa.select(ticket.c.number).where(ticket.c.id.in_(ids))).scalars()
    faq_drafts.empty(connection, vault, set(numbers))
    theirs = sa.select(broadcast.c.id).where(broadcast.c.ticket_id.in_(ids))
    for table in (broadcast_event, broadcast_recipient):
        connection.execute(table.delete().where(table.c.broadcast_id.in_(theirs)))
    for table in (broadcast, delivery, ticket_draft, ticket_forward, ticket_event):
        connection.execute(table.delete().where(table.c.ticket_id.in_(ids)))
    connection.execute(ticket.delete().where(ticket.c.id.in_(ids)))
    return left


def remove_persons(connection: Connection, vault: Vault, ids: list[str]) -> list[str]:
    """Remove persons; of whom the audit trail still speaks a row without name and address stays."""
    connection.execute(conversation.delete().where(conversation.c.person_id.in_(ids)))
    told = sa.select(audit.c.person_id).where(audit.c.person_id.in_(ids)).distinct()
    named = set(connection.execute(told).scalars())
    connection.execute(
        person.update()
        .where(person.c.id.in_(named))
        .values(user_key=None, phone_key=None, sealed_address=vault.seal({}))
    )
    gone = [id for id in ids if id not in named]
    connection.execute(person.delete().where(person.c.id.in_(gone)))
    return []


_later = consent.alias("later")
_own = conversation.alias("own")
_HELD_BY_TALK = (inbox, outbox, turn, ticket, attachment, feedback, chat_session, chat_rating)
_HELD_BY_PERSON = (consent, lookup_miss, broadcast_recipient)


def _nothing_left() -> Any:
    kept = sa.or_(
        sa.exists().where(_own.c.person_id == person.c.id),
        person.c.user_key.is_not(None),
        person.c.phone_key.is_not(None),
        # A row that only the audit trail holds is looked at again once that is gone.
        _none(audit, audit.c.person_id == person.c.id),
    )
    talk = (
        ~sa.exists()
        .where(_own.c.person_id == person.c.id, rows.c.conversation_id == _own.c.id)
        .correlate(person)
        for rows in _HELD_BY_TALK
    )
    own = (_none(rows, rows.c.person_id == person.c.id) for rows in _HELD_BY_PERSON)
    return sa.and_(kept, *talk, *own)


def _last_moved() -> Any:
    moved = sa.select(
        sa.func.coalesce(_own.c.moved_at, _own.c.last_turn_at, person.c.created_at)
    ).where(_own.c.person_id == person.c.id)
    return sa.func.coalesce(moved.correlate(person).scalar_subquery(), person.c.created_at)


RULES: dict[str, Rule] = {
    "turn": Rule(turn, turn.c.created_at),
    "lookup_miss": Rule(lookup_miss, lookup_miss.c.at),
    "api_answer": Rule(api_answer, api_answer.c.at, least=2),
    "delivery": Rule(delivery, delivery.c.updated_at, delivery.c.state == DONE),
    "delivery_given_up": Rule(delivery, delivery.c.updated_at, delivery.c.state == DEAD, least=2),
    "feedback": Rule(feedback, feedback.c.at),
    "chat_rating": Rule(chat_rating, chat_rating.c.at),
    "chat_session": Rule(
        chat_session,
        sa.select(sa.func.coalesce(conversation.c.moved_at, chat_session.c.created_at))
        .where(conversation.c.id == chat_session.c.conversation_id)
        .correlate(chat_session)
        .scalar_subquery(),
        # Longer than the longest token lives.
        least=2,
    ),
    "account_alarm": Rule(
        account_alarm, account_alarm.c.last_at, account_alarm.c.cleared_at.is_not(None)
    ),
    "desk_session": Rule(desk_session, desk_session.c.created_at),
    "ticket_draft": Rule(
        ticket_draft,
        ticket_draft.c.updated_at,
        _of_ticket(ticket_draft, ticket.c.state) == CLOSED,
    ),
    "attachment_loose": Rule(
        attachment,
        attachment.c.created_at,
        attachment.c.ticket_id.is_(None),
        # The channel's copy is fetched for seven days.
        least=8,
        remove=remove_files,
    ),
    "attachment": Rule(
        attachment,
        _of_ticket(attachment, ticket.c.closed_at),
        sa.and_(
            _of_ticket(attachment, ticket.c.state) == CLOSED,
            attachment.c.state.not_in((EXPECTED, SCANNED)),
        ),
        remove=remove_files,
    ),
    "ticket": Rule(ticket, ticket.c.closed_at, ticket.c.state == CLOSED, remove=remove_tickets),
    "broadcast_recipient": Rule(
        broadcast_recipient,
        _of_broadcast(broadcast.c.updated_at),
        _of_broadcast(broadcast.c.state).not_in(_GOING),
    ),
    "outbox": Rule(
        outbox,
        outbox.c.created_at,
        sa.and_(
            outbox.c.state.not_in((QUEUED, SENDING, UNKNOWN)),
            _without_open_ticket(outbox),
            _none(broadcast_recipient, broadcast_recipient.c.outbox_id == outbox.c.id),
        ),
        least=8,
    ),
    "consent": Rule(
        consent,
        consent.c.at,
        # What somebody agreed to and did not take back stands.
        sa.or_(
            ~consent.c.agreed,
            sa.exists()
            .where(_later.c.person_id == consent.c.person_id, _later.c.id > consent.c.id)
            .correlate_except(_later),
        ),
    ),
    "inbox": Rule(
        inbox,
        inbox.c.received_at,
        sa.and_(
            inbox.c.state != PENDING,
            _without_open_ticket(inbox),
            *(
                _none(rows, rows.c.inbox_id == inbox.c.id)
                for rows in (outbox, turn, feedback, attachment, consent)
            ),
        ),
        # A channel delivers again for seven days, and the row knows that it was answered.
        least=8,
        remove=remove_messages,
    ),
    "audit": Rule(audit, audit.c.at, least=365),
    "person": Rule(person, _last_moved(), _nothing_left(), remove=remove_persons),
}
"""By their names in the data, in the order in which they are applied."""
