"""Versions of FAQ entries, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('faq_revision',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('entry_id', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.String(length=36), nullable=True),
    sa.Column('sealed_fields', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['agent.id'], name=op.f('fk_faq_revision_author_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_faq_revision')),
    sa.UniqueConstraint('entry_id', 'number', name=op.f('uq_faq_revision_entry_id'))
    )
    op.create_table('faq_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('entry_id', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sealed_note', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_faq_event_agent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_faq_event')),
    sa.UniqueConstraint('entry_id', 'number', name=op.f('uq_faq_event_entry_id'))
    )
    op.create_index(op.f('ix_faq_event_state'), 'faq_event', ['state'], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f('ix_faq_event_state'), table_name='faq_event')
    op.drop_table('faq_event')
    op.drop_table('faq_revision')
