"""Brings the database to the newest schema (Alembic, run in process)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from bot.errors import StartupError
from bot.ledger.database import Ledger
from bot.privacy import Vault, open_vault
from bot.settings import Settings

_LOCK = 0x6E696E6479
"""Key of the advisory lock on PostgreSQL; SQLite has one writer anyway."""


def upgrade(ledger: Ledger, revision: str = "head") -> None:
    """Run every migration that is missing; processes that start together wait for each other.

    Args:
        ledger: The database.
        revision: The last one to run.

    Raises:
        StartupError: The database cannot be reached or written, or is newer than this program.
    """
    config = _config()
    try:
        with ledger.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # A migration may take long, and so may waiting for the process that does it.
                for limit in ("lock_timeout", "statement_timeout"):
                    connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        raise StartupError(f"database cannot be used: {reason}") from None
    except CommandError as error:
        raise StartupError(f"database is newer than this program: {error}") from None


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Ledger]:
    """Open the ledger for a command, its tables up to date.

    Raises:
        StartupError: The keys or the database cannot be used.
    """
    ledger = Ledger(settings.database_url, open_vault(settings))
    try:
        upgrade(ledger)
        yield ledger
    finally:
        ledger.close()


def revisions(connection: Connection, vault: Vault) -> tuple[str | None, str | None]:
    """Return the revision that the database has, and the newest of this program."""
    have = MigrationContext.configure(connection).get_current_revision()
    return have, ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
