"""Who wants broadcasts, the broadcasts, and who goes first in the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.add_column('outbox', sa.Column('priority', sa.Integer(), server_default='0', nullable=False))
    op.create_table('consent',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(length=36), nullable=False),
    sa.Column('agreed', sa.Boolean(), nullable=False),
    sa.Column('inbox_id', _ID, nullable=False),
    sa.Column('at', _AT, nullable=False),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_consent_inbox_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_consent_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent'))
    )
    op.create_index('ix_consent_person', 'consent', ['person_id', 'id'], unique=False)
    op.create_table('broadcast',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('sealed_reply', sa.LargeBinary(), nullable=False),
    sa.Column('author_id', sa.String(length=36), nullable=False),
    sa.Column('approver_id', sa.String(length=36), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('next_wave_at', _AT, nullable=True),
    sa.Column('created_at', _AT, nullable=False),
    sa.Column('updated_at', _AT, nullable=False),
    sa.ForeignKeyConstraint(['approver_id'], ['agent.id'], name=op.f('fk_broadcast_approver_id')),
    sa.ForeignKeyConstraint(['author_id'], ['agent.id'], name=op.f('fk_broadcast_author_id')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_broadcast_ticket_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast'))
    )
    op.create_index(op.f('ix_broadcast_state'), 'broadcast', ['state'], unique=False)
    op.create_index(op.f('ix_broadcast_ticket_id'), 'broadcast', ['ticket_id'], unique=False)
    op.create_table('broadcast_event',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('broadcast_id', _ID, nullable=False),
    sa.Column('at', _AT, nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('sealed_note', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcast.id'], name=op.f('fk_broadcast_event_broadcast_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast_event'))
    )
    op.create_index(op.f('ix_broadcast_event_broadcast_id'), 'broadcast_event', ['broadcast_id'], unique=False)
    op.create_table('broadcast_recipient',
    sa.Column('id', _ID, autoincrement=True, nullable=False),
    sa.Column('broadcast_id', _ID, nullable=False),
    sa.Column('person_id', sa.String(length=36), nullable=True),
    sa.Column('sealed_phone', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.String(length=10), nullable=False),
    sa.Column('outbox_id', sa.String(length=36), nullable=True),
    sa.Column('queued_at', _AT, nullable=True),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcast.id'], name=op.f('fk_broadcast_recipient_broadcast_id')),
    sa.ForeignKeyConstraint(['outbox_id'], ['outbox.id'], name=op.f('fk_broadcast_recipient_outbox_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_broadcast_recipient_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast_recipient')),
    sa.UniqueConstraint('broadcast_id', 'person_id', name=op.f('uq_broadcast_recipient_broadcast_id')),
    sa.UniqueConstraint('outbox_id', name=op.f('uq_broadcast_recipient_outbox_id'))
    )
    op.create_index(op.f('ix_broadcast_recipient_queued_at'), 'broadcast_recipient', ['queued_at'], unique=False)
    op.create_index('ix_broadcast_recipient_state', 'broadcast_recipient', ['broadcast_id', 'state', 'id'], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table('broadcast_recipient')
    op.drop_table('broadcast_event')
    op.drop_table('broadcast')
    op.drop_table('consent')
    op.drop_column('outbox', 'priority')
