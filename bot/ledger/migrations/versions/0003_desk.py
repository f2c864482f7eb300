"""The ticket's life, the agents of the desk, and takeovers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('agent',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('login', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('role', sa.String(length=24), nullable=False),
    sa.Column('unit', sa.String(length=150), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('sealed_totp', sa.LargeBinary(), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent')),
    sa.UniqueConstraint('login', name=op.f('uq_agent_login'))
    )
    op.create_table('desk_session',
    sa.Column('session_key', sa.String(length=64), nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=False),
    sa.Column('csrf', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_desk_session_agent_id')),
    sa.PrimaryKeyConstraint('session_key', name=op.f('pk_desk_session'))
    )
    op.create_index(op.f('ix_desk_session_agent_id'), 'desk_session', ['agent_id'], unique=False)
    op.create_table('ticket_draft',
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=False),
    sa.Column('sealed_text', sa.LargeBinary(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_ticket_draft_agent_id')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_draft_ticket_id')),
    sa.PrimaryKeyConstraint('ticket_id', 'agent_id', name=op.f('pk_ticket_draft'))
    )
    op.create_table('ticket_forward',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('to_unit', sa.String(length=150), nullable=False),
    sa.Column('outside', sa.Boolean(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_by', sa.String(length=36), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sealed_receipt', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['sent_by'], ['agent.id'], name=op.f('fk_ticket_forward_sent_by')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_forward_ticket_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_forward'))
    )
    op.create_index(op.f('ix_ticket_forward_ticket_id'), 'ticket_forward', ['ticket_id'], unique=False)
    op.add_column('audit', sa.Column('agent_id', sa.String(length=36), nullable=True))
    op.add_column('audit', sa.Column('ticket_id', sa.String(length=36), nullable=True))
    op.add_column('conversation', sa.Column('holder_id', sa.String(length=36), nullable=True))
    op.add_column('conversation', sa.Column('held_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('ticket', sa.Column('version', sa.Integer(), server_default='0', nullable=False))
    op.add_column('ticket', sa.Column('unit', sa.String(length=150), server_default='', nullable=False))
    op.add_column('ticket', sa.Column('owner_id', sa.String(length=36), nullable=True))
    op.add_column('ticket', sa.Column('priority', sa.Integer(), server_default='0', nullable=False))
    op.add_column('ticket', sa.Column('user_group', sa.Integer(), nullable=True))
    op.add_column('ticket', sa.Column('candidates', sa.JSON(), server_default='[]', nullable=False))
    op.add_column('ticket', sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('ticket', sa.Column('paused_minutes', sa.Integer(), server_default='0', nullable=False))
    op.add_column('ticket', sa.Column('warned', sa.Integer(), server_default='0', nullable=False))
    op.add_column('ticket', sa.Column('first_reply_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('ticket', sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('ticket', sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('ticket', sa.Column('resolution', sa.String(length=16), nullable=True))
    op.add_column('ticket', sa.Column('reopened', sa.Integer(), server_default='0', nullable=False))
    op.add_column('ticket', sa.Column('rating', sa.Integer(), nullable=True))
    op.add_column('ticket', sa.Column('sealed_rating', sa.LargeBinary(), nullable=True))
    op.create_index('ix_ticket_owner', 'ticket', ['owner_id', 'state'], unique=False)
    op.create_index('ix_ticket_queue', 'ticket', ['state', 'priority', 'due_at', 'number', 'service', 'owner_id', 'unit', 'paused_at', 'warned'], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_ticket_queue', table_name='ticket')
    op.drop_index('ix_ticket_owner', table_name='ticket')
    op.drop_column('ticket', 'sealed_rating')
    op.drop_column('ticket', 'rating')
    op.drop_column('ticket', 'reopened')
    op.drop_column('ticket', 'resolution')
    op.drop_column('ticket', 'closed_at')
    op.drop_column('ticket', 'resolved_at')
    op.drop_column('ticket', 'first_reply_at')
    op.drop_column('ticket', 'warned')
    op.drop_column('ticket', 'paused_minutes')
    op.drop_column('ticket', 'paused_at')
    op.drop_column('ticket', 'candidates')
    op.drop_column('ticket', 'user_group')
    op.drop_column('ticket', 'priority')
    op.drop_column('ticket', 'owner_id')
    op.drop_column('ticket', 'unit')
    op.drop_column('ticket', 'version')
    op.drop_column('conversation', 'held_at')
    op.drop_column('conversation', 'holder_id')
    op.drop_column('audit', 'ticket_id')
    op.drop_column('audit', 'agent_id')
    op.drop_index(op.f('ix_ticket_forward_ticket_id'), table_name='ticket_forward')
    op.drop_table('ticket_forward')
    op.drop_table('ticket_draft')
    op.drop_index(op.f('ix_desk_session_agent_id'), table_name='desk_session')
    op.drop_table('desk_session')
    op.drop_table('agent')
