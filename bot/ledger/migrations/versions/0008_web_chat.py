"""Web chat: positions that order both sides, sessions, ratings, and which agent wrote a bubble."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Apply."""
    op.add_column('conversation', sa.Column('position', _BIG, server_default='0', nullable=False))
    op.add_column('conversation', sa.Column('shown', _BIG, server_default='0', nullable=False))
    op.add_column('conversation', sa.Column('moved_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_conversation_moved_at', 'conversation', ['moved_at'], unique=False)
    op.add_column('inbox', sa.Column('position', _BIG, server_default='0', nullable=False))
    op.create_index('ix_inbox_position', 'inbox', ['conversation_id', 'position'], unique=False)
    op.add_column('outbox', sa.Column('agent_id', sa.String(length=36), nullable=True))
    # The bubbles there are keep their places; new ones come after them.
    op.execute(
        'UPDATE conversation SET position = COALESCE('
        '(SELECT max(outbox.position) FROM outbox WHERE outbox.conversation_id = conversation.id), 0)'
    )
    op.create_table('chat_session',
    sa.Column('session_key', sa.String(length=64), nullable=False),
    sa.Column('conversation_id', sa.String(length=36), nullable=False),
    sa.Column('known', sa.Boolean(), nullable=False),
    sa.Column('notice', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_chat_session_conversation_id')),
    sa.PrimaryKeyConstraint('session_key', name=op.f('pk_chat_session'))
    )
    op.create_index(op.f('ix_chat_session_conversation_id'), 'chat_session', ['conversation_id'], unique=False)
    op.create_table('chat_rating',
    sa.Column('conversation_id', sa.String(length=36), nullable=False),
    sa.Column('position', _BIG, autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('value', sa.Integer(), nullable=False),
    sa.Column('sealed_word', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_chat_rating_conversation_id')),
    sa.PrimaryKeyConstraint('conversation_id', 'position', name=op.f('pk_chat_rating'))
    )
    op.create_index(op.f('ix_chat_rating_at'), 'chat_rating', ['at'], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table('chat_rating')
    op.drop_table('chat_session')
    op.drop_column('outbox', 'agent_id')
    op.drop_index('ix_inbox_position', table_name='inbox')
    op.drop_column('inbox', 'position')
    op.drop_index('ix_conversation_moved_at', table_name='conversation')
    op.drop_column('conversation', 'moved_at')
    op.drop_column('conversation', 'shown')
    op.drop_column('conversation', 'position')
