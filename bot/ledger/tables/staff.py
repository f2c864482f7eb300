"""Who works at the desk, and where they are signed in."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import Moment, metadata

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
