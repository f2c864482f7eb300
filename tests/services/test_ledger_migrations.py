"""The tables of the code and the tables of the database are the same, on both engines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from bot.errors import StartupError
from bot.ledger import migrate, tables
from bot.ledger.database import Ledger
from tests.conftest import PROJECT
from tests.kit import contents, message, receive, sibling, together, vault

VERSIONS = Path(migrate.__file__).parent / "migrations/versions"
START_TOGETHER = """
import sys
from bot.ledger import migrate
from bot.ledger.database import Ledger
from bot.privacy import Vault, new_key
ledger = Ledger(sys.argv[1], Vault([new_key().encode()], b"i"))
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(ledger)
"""


def differences(ledger: Ledger) -> list[object]:
    # SQLite does not tell which way the columns of an index run; PostgreSQL says it for both.
    untold = {"ix_ticket_queue"} if ledger.engine.dialect.name == "sqlite" else set[str]()

    def told(_thing: object, name: str | None, *_: object) -> bool:
        return name not in untold

    opts = {"compare_type": True, "include_object": told}
    with ledger.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, tables.metadata))


def names(ledger: Ledger) -> set[str]:
    return set(sa.inspect(ledger.engine).get_table_names())


def test_migrations_make_exactly_the_tables_of_the_code(empty: Ledger) -> None:
    assert names(empty) == set()
    migrate.upgrade(empty)
    assert names(empty) == {*tables.metadata.tables, "alembic_version"}
    assert differences(empty) == []


def test_migrations_make_the_partial_indexes(ledger: Ledger) -> None:
    inspector = sa.inspect(ledger.engine)
    found = {i["name"] for name in tables.metadata.tables for i in inspector.get_indexes(name)}
    wanted = {str(i.name) for table in tables.metadata.tables.values() for i in table.indexes}
    assert wanted <= found


def test_migrating_again_changes_nothing(ledger: Ledger) -> None:
    receive(ledger, message())
    before = contents(ledger)
    migrate.upgrade(ledger)
    migrate.upgrade(ledger)
    assert contents(ledger) == before
    assert differences(ledger) == []


def test_threads_that_migrate_at_once_wait_for_each_other(empty: Ledger) -> None:
    with sibling(empty) as second, sibling(empty) as third:
        together([lambda one=one: migrate.upgrade(one) for one in (empty, second, third)])
    assert differences(empty) == []


def test_processes_that_start_at_once_all_start(empty: Ledger) -> None:
    url = empty.engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START_TOGETHER, url],
            cwd=PROJECT,
            env={**os.environ, "SQLALCHEMY_SILENCE_UBER_WARNING": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = []
    for process in processes:
        process.communicate(timeout=60)
        ends.append(process.returncode)
    assert ends == [0, 0, 0]
    assert differences(empty) == []


def test_a_database_of_a_newer_program_is_refused(ledger: Ledger) -> None:
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StartupError, match="newer than this program"):
        migrate.upgrade(ledger)


def test_a_failed_migration_leaves_nothing(empty: Ledger) -> None:
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE ticket (id INTEGER)")
    with pytest.raises(StartupError, match="ticket"):
        migrate.upgrade(empty)
    assert names(empty) == {"ticket"}


def test_what_is_not_a_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database, but long enough to be read as one" * 50)
    broken = Ledger(f"sqlite:///{tmp_path}/x.db", vault())
    with pytest.raises(StartupError, match="database cannot be used: file is not a database"):
        migrate.upgrade(broken)
    broken.close()


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    away = Ledger(f"postgresql+psycopg2://nindy:geheim@/x?host={tmp_path}", vault())
    with pytest.raises(StartupError, match="database cannot be used") as caught:
        migrate.upgrade(away)
    assert "geheim" not in str(caught.value)
    away.close()


def test_migration_files_are_numbered_without_gaps() -> None:
    files = sorted(path.name for path in VERSIONS.glob("*.py"))
    assert [name[:5] for name in files] == [f"{n:04}_" for n in range(1, len(files) + 1)]
    before = "None"
    for name in files:
        text = (VERSIONS / name).read_text()
        assert re.search(r"^revision = '(.*)'$", text, re.M).group(1) == name[:4]  # type: ignore[union-attr]
        assert re.search(r"^down_revision = (.*)$", text, re.M).group(1).strip("'") == before  # type: ignore[union-attr]
        before = name[:4]
