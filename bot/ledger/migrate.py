"""Brings the database to the newest schema (Alembic, run in process)."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bot.errors import StartupError
from bot.ledger.database import Ledger


def upgrade(ledger: Ledger) -> None:
    """Run every migration that is missing.

    Raises:
        StartupError: The database cannot be reached or written.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with ledger.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except sa.exc.OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        raise StartupError(f"database cannot be used: {reason}") from None
