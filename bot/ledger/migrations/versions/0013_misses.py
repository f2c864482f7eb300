"""Misses of a number, whoever asked for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column('lookup_miss', sa.Column('number_key', sa.String(length=64), nullable=True))
    op.create_index('ix_lookup_miss_number', 'lookup_miss', ['number_key', 'at'], unique=False)
    op.create_index(op.f('ix_lookup_miss_at'), 'lookup_miss', ['at'], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f('ix_lookup_miss_at'), table_name='lookup_miss')
    op.drop_index('ix_lookup_miss_number', table_name='lookup_miss')
    op.drop_column('lookup_miss', 'number_key')
