"""Versions of FAQ entries under review."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import BigId, Moment, metadata

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
