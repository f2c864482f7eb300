"""The backups of docs/deployment.md: what was saved comes back, and life goes on from there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from bot.ledger import migrate, tables
from bot.ledger.database import Ledger
from tests.conftest import missing
from tests.kit import answer, contents, message, receive, rows, sqlite_ledger
from tests.servers import Postgres


def lived(ledger: Ledger) -> None:
    """Two messages, of which one is answered."""
    receive(ledger, message(1), message(2))
    answer(ledger, "first")


def goes_on(restored: Ledger, before: dict[str, object]) -> None:
    migrate.upgrade(restored)
    assert contents(restored) == before
    answer(restored, "second")
    assert receive(restored, message(1)) == [False]
    said = rows(restored, tables.outbox, tables.outbox.c.position)
    texts = [restored.vault.open(row.sealed_body)["text"] for row in said]
    assert texts == ["first\n\nsecond"]  # A burst has one bubble.


@pytest.mark.postgres
@pytest.mark.parametrize("engine_name", ["postgres"])
def test_a_dump_of_postgresql_comes_back(
    ledger: Ledger, postgres: Postgres, tmp_path: Path
) -> None:
    if shutil.which("pg_dump") is None:
        missing("pg_dump")
    lived(ledger)
    before, name = contents(ledger), ledger.engine.url.database
    access = {**os.environ, "PGHOST": str(postgres.folder), "PGUSER": "nindy"}
    dump = tmp_path / "nindy.dump"
    command = ["pg_dump", "--format=custom", "--no-owner", f"--file={dump}", str(name)]
    subprocess.run(command, env=access, check=True)
    postgres.create("restored")
    try:
        command = ["pg_restore", "--exit-on-error", "--no-owner", "--dbname=restored", str(dump)]
        subprocess.run(command, env=access, check=True)
        restored = Ledger(postgres.url("restored"), ledger.vault)
        try:
            goes_on(restored, before)
        finally:
            restored.close()
    finally:
        postgres.drop("restored")


def test_a_copy_of_sqlite_made_while_nindy_runs_comes_back(tmp_path: Path) -> None:
    with sqlite_ledger(tmp_path) as ledger:
        lived(ledger)
        before = contents(ledger)
        with sqlite3.connect(tmp_path / "ledger.db") as source:
            source.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
        receive(ledger, message(3))
        restored = Ledger(f"sqlite:///{tmp_path}/copy.db", ledger.vault)
    try:
        goes_on(restored, before)
    finally:
        restored.close()
