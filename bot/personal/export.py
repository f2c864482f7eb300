"""Everything that is held about a person, in one archive: a JSON document and their files."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.attachments.files import Files
from bot.errors import FileLost, StartupError
from bot.ledger.attachments import KEPT
from bot.ledger.database import Ledger
from bot.ledger.tables import attachment, audit, metadata
from bot.personal.subject import rows_of
from bot.privacy import Vault

Held = dict[str, list[dict[str, Any]]]
_INTERNAL = ("lease_owner", "lease_until", "not_before", "sender_id", "csrf")
"""Columns about our processes; keyed hashes are left out as well, which tell nothing."""


def held(connection: Connection, vault: Vault, person_id: str) -> Held:
    """Return all rows of a person by table, with what is sealed opened."""
    found: Held = {}
    for name, theirs in rows_of(person_id).items():
        table = metadata.tables[name]
        rows = connection.execute(
            sa.select(table).where(theirs).order_by(*table.primary_key.columns)
        )
        found[name] = [_readable(vault, row._mapping) for row in rows]
    return found


async def write(ledger: Ledger, files: Files, person_id: str, path: Path, now: datetime) -> int:
    """Write the archive, readable by its owner alone, and note in the audit trail that it is.

    Returns:
        How many files are in it.

    Raises:
        StartupError: The path cannot be written, or there is something already.
    """
    told = await ledger.run(held, person_id)
    number = 0
    with _new_file(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in told[attachment.name]:
            if row["state"] == KEPT:
                number += await _add(archive, files, row)
        document = {"written_at": now.isoformat(), "held": told}
        archive.writestr("data.json", json.dumps(document, ensure_ascii=False, indent=2))
        await ledger.run(_note, person_id, now)
    return number


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise StartupError(f"{path}: is there already; give another name") from None
    except OSError as error:
        raise StartupError(f"{path}: {error.strerror}; give a path that can be written") from None
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _add(archive: zipfile.ZipFile, files: Files, row: dict[str, Any]) -> int:
    try:
        pieces = [piece async for piece in files.read(row["id"])]
    except FileLost:
        row["state"] = "lost"
        return 0
    name = str(row["sealed_name"]["name"]).rpartition("/")[2]
    archive.writestr(f"files/{row['id']}-{name}", b"".join(pieces))
    return 1


def _readable(vault: Vault, row: Any) -> dict[str, Any]:
    found = {}
    for name, value in row.items():
        if name.endswith("_key") or name in _INTERNAL or value is None:
            continue
        if name.startswith("sealed"):
            value = vault.open(value) if value else None
        found[name] = value.isoformat() if isinstance(value, datetime) else value
    return found


def _note(connection: Connection, vault: Vault, person_id: str, now: datetime) -> None:
    connection.execute(audit.insert().values(at=now, kind="exported", person_id=person_id))
