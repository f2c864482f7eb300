"""Tickets with their history, drafts and forwards."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import BigId, Moment, metadata

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
        sa.text("priority DESC"),
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
