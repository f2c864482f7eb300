"""Personal data: duties of one process at a time, and which privacy notice a person was shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.ledger.tables import Moment

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

# What points at a row that goes at the end of its period is looked for.
_FOUND_BY = (
    ('outbox', 'inbox_id'),
    ('consent', 'inbox_id'),
    ('audit', 'person_id'),
    ('broadcast_recipient', 'person_id'),
    ('delivery', 'ticket_id'),
)


def upgrade() -> None:
    """Apply."""
    op.create_table('duty',
    sa.Column('name', sa.String(length=32), nullable=False),
    sa.Column('owner', sa.String(length=64), nullable=True),
    sa.Column('until', Moment(), nullable=True),
    sa.Column('done_at', Moment(), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_duty'))
    )
    op.add_column('conversation', sa.Column('notice', sa.String(length=20), nullable=False, server_default=''))
    for table, column in _FOUND_BY:
        op.create_index(f'ix_{table}_{column}', table, [column])


def downgrade() -> None:
    """Undo."""
    for table, column in _FOUND_BY:
        op.drop_index(f'ix_{table}_{column}', table)
    op.drop_column('conversation', 'notice')
    op.drop_table('duty')
