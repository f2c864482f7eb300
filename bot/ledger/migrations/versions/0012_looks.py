"""What is looked at now and then: dialogues that have rested, messages that were given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

_REMEMBERED = sa.text('sealed_state IS NOT NULL')
_DEAD = sa.text("state = 'dead'")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        'ix_conversation_remembered', 'conversation', ['last_turn_at'], unique=False,
        sqlite_where=_REMEMBERED, postgresql_where=_REMEMBERED,
    )
    op.create_index(
        'ix_inbox_dead', 'inbox', ['id'], unique=False,
        sqlite_where=_DEAD, postgresql_where=_DEAD,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_inbox_dead', table_name='inbox')
    op.drop_index('ix_conversation_remembered', table_name='conversation')
