"""Seals with the newest key whatever an older one sealed, in the ledger and in the store of files.

Each step is a transaction of its own and looks at what is there, so a run that is ended, however
it ends, is gone on with by running it again; what is done already is only read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from sqlalchemy.engine import Connection

from bot.attachments.files import Files
from bot.errors import FileLost
from bot.ledger.database import Ledger
from bot.ledger.tables import metadata
from bot.personal.walk import Key, after
from bot.privacy import Vault

AT_ONCE = 100
"""Rows that one transaction looks at."""


@dataclass(frozen=True)
class Step:
    """What one step came upon.

    Attributes:
        table: Where; ``files`` for the store.
        seen: Values that are sealed.
        renewed: How many of them are sealed anew.
        unreadable: How many none of our keys opens.
    """

    table: str
    seen: int = 0
    renewed: int = 0
    unreadable: int = 0


def sealed_columns(table: sa.Table) -> list[Any]:
    """Return the columns of a table that hold what the vault sealed."""
    return [column for column in table.columns if column.name.startswith("sealed")]


async def reseal(ledger: Ledger, files: Files) -> AsyncIterator[Step]:
    """Go through everything once, telling of each step."""
    for table in metadata.tables.values():
        last: Key | None = None
        while sealed_columns(table):
            step, last = await ledger.run(renew_some, table, last)
            yield step
            if last is None:
                break
            await asyncio.sleep(0)
    async for step in _renew_files(files):
        yield step


def renew_some(
    connection: Connection, vault: Vault, table: sa.Table, last: Key | None
) -> tuple[Step, Key | None]:
    """Renew the next rows after a key; return what was done, and the key to go on after."""
    columns = sealed_columns(table)
    rows, following = after(connection, table, columns, last, AT_ONCE)
    seen = renewed = unreadable = 0
    for key, row in rows:
        for column in columns:
            stored = row[column.name]
            if not stored:
                continue
            seen += 1
            try:
                fresh = vault.renewed(stored)
            except InvalidToken:
                unreadable += 1
                continue
            if fresh is not None:
                # Whoever wrote the row meanwhile has used the newest key themselves.
                same = table.update().where(*key.is_row(table), column == stored)
                renewed += connection.execute(same.values({column.name: fresh})).rowcount
    return Step(table.name, seen, renewed, unreadable), following


async def _renew_files(files: Files) -> AsyncIterator[Step]:
    for id in await asyncio.to_thread(files.every):
        try:
            done = await asyncio.to_thread(files.renew, id)
        except FileLost:
            yield Step("files", seen=1, unreadable=1)
        else:
            yield Step("files", seen=1, renewed=int(done))
