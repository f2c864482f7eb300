"""What a command begins with: the settings, the log, and most often the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bot import log, settings
from bot.ledger import migrate
from bot.ledger.database import Ledger
from bot.settings import Settings


def read_settings() -> Settings:
    """Read the settings and send the log where it goes.

    Raises:
        StartupError: A setting is missing or wrong; the text names it.
    """
    read = settings.load()
    log.configure(read.log_level)
    return read


@contextlib.contextmanager
def open_ledger() -> Iterator[Ledger]:
    """Open the ledger of the settings, its tables up to date.

    Raises:
        StartupError: A setting, the keys or the database cannot be used.
    """
    with migrate.opened(read_settings()) as ledger:
        yield ledger
