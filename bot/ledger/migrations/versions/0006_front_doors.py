"""Other programs: clients of the API, their idempotent answers, and what is told to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('api_answer',
    sa.Column('answer_key', sa.String(length=64), nullable=False),
    sa.Column('request_key', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('sealed_body', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('answer_key', name=op.f('pk_api_answer'))
    )
    op.create_index(op.f('ix_api_answer_at'), 'api_answer', ['at'], unique=False)
    op.create_table('api_client',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('secret_key', sa.String(length=64), nullable=False),
    sa.Column('old_key', sa.String(length=64), nullable=False),
    sa.Column('old_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_client'))
    )
    op.create_table('subscriber',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('sealed_secrets', sa.LargeBinary(), nullable=False),
    sa.Column('hears_all', sa.Boolean(), nullable=False),
    sa.Column('hears_complaints', sa.Boolean(), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber'))
    )
    op.create_table('delivery',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('subscriber_id', sa.String(length=32), nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('sealed_body', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('error', sa.String(length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_delivery_subscriber_id')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_delivery_ticket_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery')),
    sa.UniqueConstraint('event_id', 'subscriber_id', name=op.f('uq_delivery_event_id'))
    )
    op.create_index('ix_delivery_open', 'delivery', ['subscriber_id', 'ticket_id', 'id'], unique=False, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_index('ix_delivery_state', 'delivery', ['state', 'updated_at'], unique=False)
    op.add_column('audit', sa.Column('client_id', sa.String(length=32), nullable=True))
    op.add_column('ticket', sa.Column('client_id', sa.String(length=32), nullable=True))
    op.create_index('ix_ticket_client', 'ticket', ['client_id', 'updated_at', 'number'], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_ticket_client', table_name='ticket')
    op.drop_column('ticket', 'client_id')
    op.drop_column('audit', 'client_id')
    op.drop_index('ix_delivery_state', table_name='delivery')
    op.drop_index('ix_delivery_open', table_name='delivery', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.drop_table('delivery')
    op.drop_table('subscriber')
    op.drop_table('api_client')
    op.drop_index(op.f('ix_api_answer_at'), table_name='api_answer')
    op.drop_table('api_answer')
