"""Work that one process at a time does now and then."""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.tables.base import Moment, metadata

duty = sa.Table(
    "duty",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    # Who does it now, until then at the latest.
    sa.Column("owner", sa.String(64)),
    sa.Column("until", Moment),
    # When it was last done to its end.
    sa.Column("done_at", Moment),
)
