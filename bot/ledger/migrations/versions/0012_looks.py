"""Indexes for what is looked at now and then, so that looking costs the same whatever came before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

_REMEMBERED = sa.text('sealed_state IS NOT NULL')
_DEAD = sa.text("state = 'dead'")
_PENDING = sa.text("state = 'pending'")
_FAILED = sa.text("state = 'failed'")
_REPEATED = sa.text('repeats > 0')


def upgrade() -> None:
    """Apply."""
    op.create_index(
        'ix_conversation_remembered', 'conversation', ['last_turn_at'], unique=False,
        sqlite_where=_REMEMBERED, postgresql_where=_REMEMBERED,
    )
    op.create_index(
        'ix_inbox_dead', 'inbox', ['id'], unique=False,
        sqlite_where=_DEAD, postgresql_where=_DEAD,
    )
    op.drop_index('ix_inbox_waiting', table_name='inbox')
    op.create_index(
        'ix_inbox_waiting', 'inbox', ['sent_at', 'id', 'received_at', 'state'], unique=False,
        sqlite_where=_PENDING, postgresql_where=_PENDING,
    )
    op.create_index(
        'ix_outbox_failed', 'outbox', ['id'], unique=False,
        sqlite_where=_FAILED, postgresql_where=_FAILED,
    )
    op.create_index(
        'ix_outbox_repeated', 'outbox', ['id'], unique=False,
        sqlite_where=_REPEATED, postgresql_where=_REPEATED,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_outbox_repeated', table_name='outbox')
    op.drop_index('ix_outbox_failed', table_name='outbox')
    op.drop_index('ix_inbox_waiting', table_name='inbox')
    op.create_index(
        'ix_inbox_waiting', 'inbox', ['sent_at', 'id'], unique=False,
        sqlite_where=_PENDING, postgresql_where=_PENDING,
    )
    op.drop_index('ix_inbox_dead', table_name='inbox')
    op.drop_index('ix_conversation_remembered', table_name='conversation')
