"""A conversation: what came in, what was made of it, what goes out."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import BigId, Moment, metadata

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
    # The version of the privacy notice that the person was shown in it; the audit trail says when.
    sa.Column("notice", sa.String(20), nullable=False, server_default=""),
    # When position or shown changed: who follows many conversations looks at the latest only.
    sa.Column("moved_at", Moment, index=True),
    sa.Index(
        # Dialogues that remember something, looked through every minute.
        "ix_conversation_remembered",
        "last_turn_at",
        sqlite_where=sa.text("sealed_state IS NOT NULL"),
        postgresql_where=sa.text("sealed_state IS NOT NULL"),
    ),
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
        # All that is read of them by who claims the oldest and by who watches.
        "ix_inbox_waiting",
        "sent_at",
        "id",
        "received_at",
        "state",
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
    sa.Index(
        # Messages that were given up; counted by those who watch.
        "ix_inbox_dead",
        "id",
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
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
    # The index serves the end of its period: no message goes while a bubble answers it.
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), index=True),
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
    # The keys of the last tries that were refused after they had been accepted, one after the
    # other: what is told of these is past (`bot.ledger.receipts`).
    sa.Column("refused_keys", sa.String(256), nullable=False, server_default=""),
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
    sa.Index(
        "ix_outbox_failed",
        "id",
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    ),
    sa.Index(
        "ix_outbox_repeated",
        "id",
        sqlite_where=sa.text("repeats > 0"),
        postgresql_where=sa.text("repeats > 0"),
    ),
    sa.Index(
        "ix_outbox_remains",
        "updated_at",
        sqlite_where=sa.text("state = 'sent' AND sealed_remains IS NOT NULL"),
        postgresql_where=sa.text("state = 'sent' AND sealed_remains IS NOT NULL"),
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

lookup_miss = sa.Table(
    "lookup_miss",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("person_id", sa.ForeignKey("person.id"), nullable=False),
    # Keyed hash of the number that was asked for, where one stands for the look-up.
    sa.Column("number_key", sa.String(64)),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Index("ix_lookup_miss_person", "person_id", "at"),
    sa.Index("ix_lookup_miss_number", "number_key", "at"),
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

channel_block = sa.Table(
    "channel_block",
    metadata,
    sa.Column("channel", sa.String(16), primary_key=True),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("since", Moment, nullable=False),
    # When it is tried again, and the bubble that tries it (`bot.ledger.blocks`).
    sa.Column("until", Moment, nullable=False),
    sa.Column("probe", sa.String(36)),
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
