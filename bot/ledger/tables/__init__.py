"""The tables of the ledger, by what they are about.

Columns named ``*_key`` are keyed hashes for looking things up; columns named ``sealed*`` hold
encrypted JSON (`bot.privacy.Vault`). Nothing about a person is stored in the clear.
"""

from __future__ import annotations

from bot.ledger.tables.api import api_answer, api_client, delivery, subscriber
from bot.ledger.tables.base import COMPLAINTS, BigId, Moment, metadata
from bot.ledger.tables.broadcasts import broadcast, broadcast_event, broadcast_recipient
from bot.ledger.tables.conversations import (
    account_alarm,
    attachment,
    channel_block,
    chat_rating,
    chat_session,
    conversation,
    feedback,
    inbox,
    lookup_miss,
    outbox,
    turn,
)
from bot.ledger.tables.duties import duty
from bot.ledger.tables.faq import faq_event, faq_revision
from bot.ledger.tables.people import audit, consent, person
from bot.ledger.tables.staff import agent, desk_session
from bot.ledger.tables.tickets import ticket, ticket_draft, ticket_event, ticket_forward

__all__ = [
    "COMPLAINTS",
    "BigId",
    "Moment",
    "account_alarm",
    "agent",
    "api_answer",
    "api_client",
    "attachment",
    "audit",
    "broadcast",
    "broadcast_event",
    "broadcast_recipient",
    "channel_block",
    "chat_rating",
    "chat_session",
    "consent",
    "conversation",
    "delivery",
    "desk_session",
    "duty",
    "faq_event",
    "faq_revision",
    "feedback",
    "inbox",
    "lookup_miss",
    "metadata",
    "outbox",
    "person",
    "subscriber",
    "ticket",
    "ticket_draft",
    "ticket_event",
    "ticket_forward",
    "turn",
]
