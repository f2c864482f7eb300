"""Bubbles that wait until the person writes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    parked = sa.text("state = 'parked'")
    op.create_index(
        'ix_outbox_parked', 'outbox', ['conversation_id'], unique=False, sqlite_where=parked, postgresql_where=parked
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_outbox_parked', table_name='outbox')
