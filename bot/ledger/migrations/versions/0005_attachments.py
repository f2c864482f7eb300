"""Files of people and agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('attachment',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('conversation_id', sa.String(length=36), nullable=False),
    sa.Column('inbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('ticket_id', sa.String(length=36), nullable=True),
    sa.Column('sender', sa.String(length=64), nullable=False),
    sa.Column('sealed_name', sa.LargeBinary(), nullable=False),
    sa.Column('type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.String(length=8), nullable=False),
    sa.Column('promised', sa.Boolean(), nullable=False),
    sa.Column('sealed_source', sa.LargeBinary(), nullable=True),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_attachment_conversation_id')),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_attachment_inbox_id')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_attachment_ticket_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment'))
    )
    op.create_index('ix_attachment_due', 'attachment', ['next_at'], unique=False, sqlite_where=sa.text("state IN ('expected', 'waiting')"), postgresql_where=sa.text("state IN ('expected', 'waiting')"))
    for column in ('conversation_id', 'created_at', 'inbox_id', 'ticket_id'):
        op.create_index(op.f(f'ix_attachment_{column}'), 'attachment', [column], unique=False)
    op.add_column('audit', sa.Column('attachment_id', sa.String(length=36), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column('audit', 'attachment_id')
    op.drop_table('attachment')
