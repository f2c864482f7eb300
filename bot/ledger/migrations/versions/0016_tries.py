"""Which tries of a bubble were refused, and which channels refuse our account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.ledger.tables import Moment

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    kept = sa.Column('refused_keys', sa.String(length=256), server_default='', nullable=False)
    op.add_column('outbox', kept)
    op.create_index(
        'ix_outbox_remains',
        'outbox',
        ['updated_at'],
        sqlite_where=sa.text("state = 'sent' AND sealed_remains IS NOT NULL"),
        postgresql_where=sa.text("state = 'sent' AND sealed_remains IS NOT NULL"),
    )
    op.create_table(
        'channel_block',
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('code', sa.Integer(), nullable=False),
        sa.Column('since', Moment(), nullable=False),
        sa.Column('until', Moment(), nullable=False),
        sa.Column('probe', sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint('channel'),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table('channel_block')
    op.drop_index('ix_outbox_remains', table_name='outbox')
    op.drop_column('outbox', 'refused_keys')
