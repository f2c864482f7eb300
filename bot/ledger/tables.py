"""The tables of the ledger.

Columns named ``*_key`` are keyed hashes for looking things up; columns named ``sealed*`` hold
encrypted JSON (`bot.privacy.Vault`). Nothing about a person is stored in the clear.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

COMPLAINTS = 20
"""The catalogue's service whose tickets only complaint officers see (E.20)."""

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC on every engine."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuse naive moments and turn the rest into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime in the ledger")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give the moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value


person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("user_key", sa.String(64), unique=True),
    sa.Column("phone_key", sa.String(64), unique=True),
    sa.Column("sealed_address", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

agent = sa.Table(
    "agent",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("login", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("role", sa.String(24), nullable=False),
    # A unit of the catalogue; empty for those who belong to HAI-DJPb itself.
    sa.Column("unit", sa.String(150), nullable=False, default=""),
    # None for accounts that sign in elsewhere (OpenID Connect).
    sa.Column("password_hash", sa.String(200)),
    sa.Column("sealed_totp", sa.LargeBinary),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("locked_until", Moment),
    sa.Column("disabled_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

desk_session = sa.Table(
    "desk_session",
    metadata,
    sa.Column("session_key", sa.String(64), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agent.id"), nullable=False, index=True),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("person.id"), nullable=False, unique=True),
    sa.Column("version", sa.Integer, nullable=False, default=0),
    sa.Column("sealed_state", sa.LargeBinary),
    sa.Column("last_turn_at", Moment),
    sa.Column("lease_owner", sa.String(64)),
    sa.Column("lease_until", Moment),
    sa.Column("not_before", Moment),
    # The agent who has taken the conversation over; while set, the bot is silent. (Agents are
    # never deleted; columns added to a full SQLite table cannot carry a foreign key.)
    sa.Column("holder_id", sa.String(36)),
    sa.Column("held_at", Moment),
    # The ticket that it was taken over for: what the person writes goes there.
    sa.Column("held_ticket_id", sa.String(36)),
    # The last position that a message of either side was given (`bot.ledger.positions`), and how
    # far the person has been shown ours, where the channel tells it by position.
    sa.Column("position", BigId, nullable=False, server_default="0"),
    sa.Column("shown", BigId, nullable=False, server_default="0"),
    # When one of these two changed: who follows many conversations looks at the latest only.
    sa.Column("moved_at", Moment, index=True),
)

chat_session = sa.Table(
    "chat_session",
    metadata,
    sa.Column("session_key", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    # Whether the host site vouched for who it is.
    sa.Column("known", sa.Boolean, nullable=False),
    # The version of the privacy notice that was accepted.
    sa.Column("notice", sa.String(20), nullable=False, default=""),
    sa.Column("created_at", Moment, nullable=False),
)

chat_rating = sa.Table(
    "chat_rating",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), primary_key=True),
    # How far the talk had come: rating the same talk again replaces what was said of it.
    sa.Column("position", BigId, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("value", sa.Integer, nullable=False),
    sa.Column("sealed_word", sa.LargeBinary),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("message_key", sa.String(64), nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    # 0 for notes that are no part of the talk.
    sa.Column("position", BigId, nullable=False, server_default="0"),
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("sealed_body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("claims", sa.Integer, nullable=False, default=0),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("finished_at", Moment),
    # What it is about (`bot.ledger.confidence`).
    sa.Column("matter", sa.String(36), index=True),
    sa.Index(
        "ix_inbox_waiting",
        "sent_at",
        "id",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index(
        # The next message of a conversation, however many were answered before it.
        "ix_inbox_next",
        "conversation_id",
        "sent_at",
        "id",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index("ix_inbox_conversation", "conversation_id", "id"),
    sa.Index("ix_inbox_position", "conversation_id", "position"),
)

turn = sa.Table(
    "turn",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("sealed_events", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("position", BigId, nullable=False),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("inbox_id", sa.ForeignKey("inbox.id")),
    # Who wrote it; None when Nindy did. (Agents are never deleted.)
    sa.Column("agent_id", sa.String(36)),
    sa.Column("sealed_body", sa.LargeBinary, nullable=False),
    # What takes the place of the body once the bubble was handed over.
    sa.Column("sealed_remains", sa.LargeBinary),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("repeats", sa.Integer, nullable=False, default=0),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("sender", sa.String(64)),
    sa.Column("external_key", sa.String(64), index=True),
    sa.Column("error_code", sa.Integer, nullable=False, default=0),
    # What it is about (`bot.ledger.confidence`).
    sa.Column("matter", sa.String(36), index=True),
    # As the channel tells them with a status.
    sa.Column("price_category", sa.String(16)),
    sa.Column("charged", sa.Boolean),
    # Who goes first (`bot.ledger.outbox`): answers before broadcasts.
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index(
        "ix_outbox_open",
        "conversation_id",
        "position",
        sqlite_where=sa.text("state IN ('queued', 'sending', 'unknown')"),
        postgresql_where=sa.text("state IN ('queued', 'sending', 'unknown')"),
    ),
    sa.Index("ix_outbox_conversation", "conversation_id", "position"),
    sa.Index(
        # What waits until the person writes; looked for by every turn.
        "ix_outbox_parked",
        "conversation_id",
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    ),
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.String(15), nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), unique=True),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("category", sa.String(32), nullable=False),
    sa.Column("service", sa.Integer),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("sealed_content", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    # Counted up by every change; a change that saw an older number is refused.
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unit", sa.String(150), nullable=False, server_default=""),
    sa.Column("owner_id", sa.String(36)),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    # The catalogue's user group 1..13, where known (D.2).
    sa.Column("user_group", sa.Integer),
    # Why a person had to be asked (`bot.ledger.tickets.Reason`).
    sa.Column("reason", sa.String(16), nullable=False, server_default="unanswered"),
    # [[service, probability], ...] as the matcher gave it, the best first.
    sa.Column("candidates", sa.JSON, nullable=False, server_default="[]"),
    # Since when the clock stands still, and the working minutes that it has stood before.
    sa.Column("paused_at", Moment),
    sa.Column("paused_minutes", sa.Integer, nullable=False, server_default="0"),
    # The highest of 50, 80 and 100 % of the SLA that was warned of.
    sa.Column("warned", sa.Integer, nullable=False, server_default="0"),
    sa.Column("first_reply_at", Moment),
    sa.Column("resolved_at", Moment),
    sa.Column("closed_at", Moment),
    # Which indicator of catalogue F.3 was fulfilled.
    sa.Column("resolution", sa.String(16)),
    sa.Column("reopened", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rating", sa.Integer),
    sa.Column("sealed_rating", sa.LargeBinary),
    # Of a complaint without a name: the keyed hash of the code that tracks it.
    sa.Column("tracking_key", sa.String(64)),
    sa.Index("ix_ticket_tracking_key", "tracking_key", unique=True),
    # The program that opened it over the API.
    sa.Column("client_id", sa.String(32)),
    # All that the queue filters, counts and sorts by, so that it opens no ticket to do so.
    sa.Index(
        "ix_ticket_queue",
        "state",
        "priority",
        "due_at",
        "number",
        "service",
        "owner_id",
        "unit",
        "paused_at",
        "warned",
    ),
    sa.Index("ix_ticket_owner", "owner_id", "state"),
    sa.Index("ix_ticket_client", "client_id", "updated_at", "number"),
)

attachment = sa.Table(
    "attachment",
    metadata,
    # Also the file's name in the store (`bot.attachments.files`).
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    # The message that brought it; none while a web chat's upload waits for its message.
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), index=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), index=True),
    # ``user`` or ``agent:<id>``.
    sa.Column("sender", sa.String(64), nullable=False),
    sa.Column("sealed_name", sa.LargeBinary, nullable=False),
    sa.Column("type", sa.String(100), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("reason", sa.String(8), nullable=False),
    # Whether the sender was told that it was received before that was certain.
    sa.Column("promised", sa.Boolean, nullable=False),
    # What the channel calls it: where to fetch it, or under which id it was uploaded, and when.
    sa.Column("sealed_source", sa.LargeBinary),
    sa.Column("uploaded_at", Moment),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("created_at", Moment, nullable=False, index=True),
    sa.Index(
        "ix_attachment_due",
        "next_at",
        sqlite_where=sa.text("state IN ('expected', 'waiting')"),
        postgresql_where=sa.text("state IN ('expected', 'waiting')"),
    ),
)

ticket_forward = sa.Table(
    "ticket_forward",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False, index=True),
    # A unit of the catalogue, or an outside help desk.
    sa.Column("to_unit", sa.String(150), nullable=False),
    sa.Column("outside", sa.Boolean, nullable=False, default=False),
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("sent_by", sa.ForeignKey("agent.id"), nullable=False),
    sa.Column("accepted_at", Moment),
    sa.Column("sealed_receipt", sa.LargeBinary),
)

ticket_draft = sa.Table(
    "ticket_draft",
    metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agent.id"), primary_key=True),
    sa.Column("sealed_text", sa.LargeBinary, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

ticket_event = sa.Table(
    "ticket_event",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("sealed_detail", sa.LargeBinary),
)

lookup_miss = sa.Table(
    "lookup_miss",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("person_id", sa.ForeignKey("person.id"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_lookup_miss_person", "person_id", "at"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("faq", sa.String(64), nullable=False),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("shown", sa.JSON, nullable=False),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("sealed_question", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("inbox_id", "kind"),
)

account_alarm = sa.Table(
    "account_alarm",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("word", sa.String(130), nullable=False),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("raised_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    # None while nobody has dealt with it.
    sa.Column("cleared_at", Moment),
    sa.UniqueConstraint("channel", "word", "code"),
)

# A version of an entry of the FAQ as somebody wrote it; added, never changed.
faq_revision = sa.Table(
    "faq_revision",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("entry_id", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    # None: the version of the release, which the desk found.
    sa.Column("author_id", sa.ForeignKey("agent.id")),
    # Sealed because what is pasted into a draft may hold personal data until somebody sees it.
    sa.Column("sealed_fields", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("entry_id", "number"),
)

# What became of a version; the last event of a version is its state. Added, never changed.
faq_event = sa.Table(
    "faq_event",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("entry_id", sa.String(64), nullable=False),
    # Counted up per entry, so that of two decisions at once one is refused.
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False, index=True),
    sa.Column("agent_id", sa.ForeignKey("agent.id")),
    sa.Column("at", Moment, nullable=False),
    sa.Column("sealed_note", sa.LargeBinary),
    sa.UniqueConstraint("entry_id", "number"),
)

# That a person wants broadcasts, or no more; the last row counts. Added, never changed.
consent = sa.Table(
    "consent",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("person_id", sa.ForeignKey("person.id"), nullable=False),
    sa.Column("agreed", sa.Boolean, nullable=False),
    # The message that said so, or that told of another number.
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_consent_person", "person_id", "id"),
)

broadcast = sa.Table(
    "broadcast",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    # The request, a ticket of service 13.
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False, index=True),
    # The template with what is filled in, as everybody gets it.
    sa.Column("sealed_reply", sa.LargeBinary, nullable=False),
    sa.Column("author_id", sa.ForeignKey("agent.id"), nullable=False),
    sa.Column("approver_id", sa.ForeignKey("agent.id")),
    sa.Column("state", sa.String(12), nullable=False, index=True),
    # Counted up by every change; a change that saw an older number is refused.
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("next_wave_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

# What became of a broadcast, by whom. Added, never changed.
broadcast_event = sa.Table(
    "broadcast_event",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("broadcast_id", sa.ForeignKey("broadcast.id"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("sealed_note", sa.LargeBinary),
)

broadcast_recipient = sa.Table(
    "broadcast_recipient",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("broadcast_id", sa.ForeignKey("broadcast.id"), nullable=False),
    # None: nobody has ever written to us from this number.
    sa.Column("person_id", sa.ForeignKey("person.id")),
    sa.Column("sealed_phone", sa.LargeBinary, nullable=False),
    # From queued on the bubble's own state tells the rest.
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("reason", sa.String(10), nullable=False, default=""),
    sa.Column("outbox_id", sa.ForeignKey("outbox.id"), unique=True),
    sa.Column("queued_at", Moment, index=True),
    sa.UniqueConstraint("broadcast_id", "person_id"),
    sa.Index("ix_broadcast_recipient_state", "broadcast_id", "state", "id"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("person_id", sa.ForeignKey("person.id")),
    sa.Column("agent_id", sa.String(36)),
    sa.Column("ticket_id", sa.String(36)),
    sa.Column("attachment_id", sa.String(36)),
    sa.Column("client_id", sa.String(32)),
)

api_client = sa.Table(
    "api_client",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("secret_key", sa.String(64), nullable=False),
    # The secret before a rotation is good until then.
    sa.Column("old_key", sa.String(64), nullable=False, default=""),
    sa.Column("old_until", Moment),
    sa.Column("disabled_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

api_answer = sa.Table(
    "api_answer",
    metadata,
    # Of client and Idempotency-Key.
    sa.Column("answer_key", sa.String(64), primary_key=True),
    sa.Column("request_key", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("sealed_body", sa.LargeBinary, nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
)

subscriber = sa.Table(
    "subscriber",
    metadata,
    # A client's id, or the CRM's name.
    sa.Column("id", sa.String(32), primary_key=True),
    # Empty where settings have the address.
    sa.Column("url", sa.String(500), nullable=False, default=""),
    sa.Column("sealed_secrets", sa.LargeBinary, nullable=False),
    # Whether it hears of every ticket but complaints, and of complaints among its own.
    sa.Column("hears_all", sa.Boolean, nullable=False, default=False),
    sa.Column("hears_complaints", sa.Boolean, nullable=False, default=False),
    sa.Column("disabled_at", Moment),
)

delivery = sa.Table(
    "delivery",
    metadata,
    # Counted up under the lock of the ticket, so it orders what is said about one.
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.String(36), nullable=False),
    sa.Column("subscriber_id", sa.ForeignKey("subscriber.id"), nullable=False),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("sealed_body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("error", sa.String(32), nullable=False, default=""),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.UniqueConstraint("event_id", "subscriber_id"),
    sa.Index(
        "ix_delivery_open",
        "subscriber_id",
        "ticket_id",
        "id",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
    sa.Index("ix_delivery_state", "state", "updated_at"),
)
