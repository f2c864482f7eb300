"""PostgreSQL and Redis as programs of their own, for as long as the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import redis
import sqlalchemy as sa

from tests.product import free_port


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
    """The server; its databases are reached through a socket in its own folder.

    Only a durable one flushes its commits to disk, which most tests need not wait for.
    """

    def __init__(self, programs: Path, durable: bool = False) -> None:
        self._flush = "on" if durable else "off"
        self.folder = Path(tempfile.mkdtemp(prefix="nindy-pg-", dir="/tmp"))
        who = _somebody()
        if who:
            os.chown(self.folder, who["user"], who["group"])
        data = self.folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "nindy", "-A", "trust", "-E", "UTF8", "-N"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **who,
        )  # fmt: skip
        self._programs = programs
        self.admin = sa.create_engine(
            self.url("postgres"), isolation_level="AUTOCOMMIT", pool_pre_ping=True
        )
        self._start()

    def _start(self) -> None:
        command = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [*command, "-h", "", "-c", f"fsync={self._flush}", "-N", "120"],
                stdout=log, stderr=log, cwd=self.folder, **_somebody(),
            )  # fmt: skip
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

    def restart(self) -> None:
        """End it without a word to anybody, and start it again."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)
        self._start()

    def stop(self) -> None:
        self.admin.dispose()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis:
    """The server on a port of loopback; it can be stopped and started again."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="nindy-redis-", dir="/tmp"))
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.client = redis.Redis.from_url(self.url, decode_responses=True)
        self.start()

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "--port", str(self._port), "--bind", "127.0.0.1", "--save", ""],
                cwd=self._folder, stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + 20
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > until:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def remove(self) -> None:
        self.client.close()
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
