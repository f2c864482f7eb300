"""The complaints' lane: what a message is about, tracking codes, and for which ticket one is held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column('conversation', sa.Column('held_ticket_id', sa.String(length=36), nullable=True))
    op.add_column('inbox', sa.Column('matter', sa.String(length=36), nullable=True))
    op.add_column('outbox', sa.Column('matter', sa.String(length=36), nullable=True))
    op.add_column('outbox', sa.Column('sealed_remains', sa.LargeBinary(), nullable=True))
    op.add_column('ticket', sa.Column('tracking_key', sa.String(length=64), nullable=True))
    op.create_index('ix_ticket_tracking_key', 'ticket', ['tracking_key'], unique=True)
    op.create_index('ix_inbox_matter', 'inbox', ['matter'])
    op.create_index('ix_outbox_matter', 'outbox', ['matter'])
    op.execute(
        "UPDATE conversation SET held_ticket_id = (SELECT t.id FROM ticket t"
        " WHERE t.conversation_id = conversation.id AND t.owner_id = conversation.holder_id"
        " ORDER BY t.created_at DESC LIMIT 1) WHERE holder_id IS NOT NULL"
    )
    # Talk from before belongs to the ticket that it led to; what came after the last ticket
    # belongs to nothing, but where there is a complaint to that.
    for table, moment in (('inbox', 'received_at'), ('outbox', 'created_at')):
        op.execute(
            f"UPDATE {table} SET matter = (SELECT t.id FROM ticket t"
            f" WHERE t.conversation_id = {table}.conversation_id AND t.created_at >= {table}.{moment}"
            " ORDER BY t.created_at LIMIT 1)"
        )
        op.execute(
            f"UPDATE {table} SET matter = (SELECT t.id FROM ticket t"
            f" WHERE t.conversation_id = {table}.conversation_id AND t.service = 20"
            " ORDER BY t.created_at DESC LIMIT 1) WHERE matter IS NULL"
        )
