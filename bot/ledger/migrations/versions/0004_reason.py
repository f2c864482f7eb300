"""Why a ticket was needed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column('ticket', sa.Column('reason', sa.String(length=16), server_default='unanswered', nullable=False))
    # What was opened before tells it by its category alone.
    op.execute("UPDATE ticket SET reason = 'failure' WHERE category = 'gangguan'")
    op.execute("UPDATE ticket SET reason = 'wished' WHERE category = 'petugas'")
    op.execute("UPDATE ticket SET reason = 'lookup' WHERE category NOT IN ('gangguan', 'petugas', 'tanya_nindy', 'tiket')")
