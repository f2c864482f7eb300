"""The queue's index in the queue's order, so that a page of many closed tickets needs no sort."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

_AFTER = ('due_at', 'number', 'service', 'owner_id', 'unit', 'paused_at', 'warned')


def upgrade() -> None:
    """Apply."""
    op.drop_index('ix_ticket_queue', table_name='ticket')
    op.create_index('ix_ticket_queue', 'ticket', ['state', sa.text('priority DESC'), *_AFTER])


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_ticket_queue', table_name='ticket')
    op.create_index('ix_ticket_queue', 'ticket', ['state', 'priority', *_AFTER])
