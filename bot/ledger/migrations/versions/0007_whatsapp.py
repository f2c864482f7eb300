"""Bubbles that wait until the person writes, what bubbles cost, and trouble with our account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    parked = sa.text("state = 'parked'")
    op.create_index(
        'ix_outbox_parked', 'outbox', ['conversation_id'], unique=False, sqlite_where=parked, postgresql_where=parked
    )
    op.add_column('outbox', sa.Column('price_category', sa.String(length=16), nullable=True))
    op.add_column('outbox', sa.Column('charged', sa.Boolean(), nullable=True))
    op.create_table('account_alarm',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('channel', sa.String(length=16), nullable=False),
    sa.Column('word', sa.String(length=130), nullable=False),
    sa.Column('code', sa.Integer(), nullable=False),
    sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cleared_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_alarm')),
    sa.UniqueConstraint('channel', 'word', 'code', name=op.f('uq_account_alarm_channel'))
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table('account_alarm')
    op.drop_column('outbox', 'charged')
    op.drop_column('outbox', 'price_category')
    op.drop_index('ix_outbox_parked', table_name='outbox')
