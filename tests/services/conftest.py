"""A ledger on SQLite and on a real PostgreSQL server that lives as long as the tests."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.ledger import migrate
from bot.ledger.database import Ledger
from tests.conftest import missing
from tests.kit import sqlite_ledger, vault
from tests.ticketing import Desk, append_only

_numbers = itertools.count(1)


def programs() -> Path | None:
    """The folder that has both postgres and initdb."""
    found = [Path("/usr/local/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))[::-1]]
    on_path = shutil.which("postgres")
    if on_path:
        found.append(Path(on_path).parent)
    return next((p for p in found if (p / "postgres").exists() and (p / "initdb").exists()), None)


def _somebody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as somebody with fewer rights."""
    if os.getuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    """The server; its databases are reached through a socket in its own folder."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nindy-pg-", dir="/tmp"))
        who = _somebody()
        if who:
            os.chown(self.folder, who["user"], who["group"])
        data = self.folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "nindy", "-A", "trust", "-E", "UTF8", "-N"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **who,
        )  # fmt: skip
        log = (self.folder / "log").open("w")
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", self.folder, "-h", "", "-F", "-N", "60"],
            stdout=log, stderr=log, cwd=self.folder, **who,
        )  # fmt: skip
        self.admin = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        self._wait()

    def url(self, name: str) -> str:
        return f"postgresql+psycopg2://nindy@/{name}?host={self.folder}"

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                return self.admin.connect().close()
            except sa.exc.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)

    def create(self, name: str, template: str = "template1") -> None:
        with self.admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")

    def drop(self, name: str) -> None:
        with self.admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self.admin.dispose()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server, with a database `migrated` that others are copied from."""
    found = programs()
    if found is None:
        missing("PostgreSQL")
    assert found is not None
    server = Postgres(found)
    try:
        server.create("migrated")
        ledger = Ledger(server.url("migrated"), vault())
        migrate.upgrade(ledger)
        ledger.close()
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """A ledger whose database has no tables yet."""
    yield from _ledger(engine_name, "template1", tmp_path, request)


@pytest.fixture
def ledger(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """A ledger with its tables and nothing in them."""
    if engine_name == "sqlite":
        with sqlite_ledger(tmp_path) as made:
            yield made
    else:
        yield from _ledger(engine_name, "migrated", tmp_path, request)


def _ledger(
    engine_name: str, template: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Ledger]:
    if engine_name == "sqlite":
        made = Ledger(f"sqlite:///{tmp_path}/ledger.db", vault())
        yield made
        made.close()
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    server.create(name, template)
    made = Ledger(server.url(name), vault())
    try:
        yield made
    finally:
        made.close()
        server.drop(name)


@pytest.fixture
def desk(ledger: Ledger) -> Iterator[Desk]:
    """A desk with two agents, where what once happened cannot be rewritten."""
    with append_only(ledger):
        yield Desk(ledger)
