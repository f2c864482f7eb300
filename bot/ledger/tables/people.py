"""Who writes to us, what they allowed, and the trail of what was done to them."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import BigId, Moment, metadata

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

# That a person wants broadcasts, or no more; the last row counts. Added, never changed.
consent = sa.Table(
    "consent",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("person_id", sa.ForeignKey("person.id"), nullable=False),
    sa.Column("agreed", sa.Boolean, nullable=False),
    # The message that said so, or that told of another number.
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_consent_person", "person_id", "id"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("person_id", sa.ForeignKey("person.id"), index=True),
    sa.Column("agent_id", sa.String(36)),
    sa.Column("ticket_id", sa.String(36)),
    sa.Column("attachment_id", sa.String(36)),
    sa.Column("client_id", sa.String(32)),
)
