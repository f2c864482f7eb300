"""Clients of the API and what is delivered to them."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import BigId, Moment, metadata

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
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False, index=True),
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
