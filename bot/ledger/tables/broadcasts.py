"""Broadcasts and whom they go to (catalogue service 13)."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import BigId, Moment, metadata

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
    sa.Column("person_id", sa.ForeignKey("person.id"), index=True),
    sa.Column("sealed_phone", sa.LargeBinary, nullable=False),
    # From queued on the bubble's own state tells the rest.
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("reason", sa.String(10), nullable=False, default=""),
    sa.Column("outbox_id", sa.ForeignKey("outbox.id"), unique=True),
    sa.Column("queued_at", Moment, index=True),
    sa.UniqueConstraint("broadcast_id", "person_id"),
    sa.Index("ix_broadcast_recipient_state", "broadcast_id", "state", "id"),
)
