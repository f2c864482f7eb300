"""The product as several processes on PostgreSQL and Redis, each started and ended apart."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.ledger.database import Ledger
from bot.privacy import Vault, new_key
from tests.product import Product
from tests.servers import Postgres, Redis

_INDEX_KEY = "an index key of tests, for nothing else"
_NINDY = "from bot.cli import main; main()"
_STUB = "from tests.chaos.stub import main; main()"
_SAYS = {"worker": "worker is ready"}
START_SECONDS = 180
"""Loading a model on a machine that is busy with others takes a while."""


class Cluster(Product):
    """Processes by name, such as ``worker-1``; what stands before the dash is the role.

    Args:
        folder: For logs and lock files.
        database: Address of the ledger.
        redis: Address of Redis; empty for none.
        stub: Whether workers answer from a stub in place of the trained model.
        settings: More of the product's settings.
    """

    def __init__(
        self, folder: Path, database: str, redis: str, stub: bool = False, **settings: str
    ) -> None:
        self.keys = new_key()
        self._database = database
        self._stub = stub
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        super().__init__(
            folder,
            NINDY_DATABASE_URL=database,
            NINDY_REDIS_URL=redis,
            NINDY_ENCRYPTION_KEYS=self.keys,
            NINDY_INDEX_KEY=_INDEX_KEY,
            **settings,
        )

    async def __aexit__(self, *error: object) -> None:
        await asyncio.gather(*(asyncio.to_thread(self.end, name) for name in [*self.processes]))
        await super().__aexit__(*error)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The database as the processes have it."""
        made = Ledger(self._database, Vault([self.keys.encode()], _INDEX_KEY.encode()))
        try:
            yield made
        finally:
            made.close()

    async def up(self, *names: str, failpoint: str = "") -> None:
        """Start processes and wait until all are ready."""
        marks = {name: len(self.said(name)) for name in names}
        for name in names:
            role = name.partition("-")[0]
            code = _STUB if role == "worker" and self._stub else _NINDY
            command = [sys.executable, "-c", code, role]
            environment = {**self.environment, "NINDY_FAILPOINT": failpoint}
            self.processes[name] = self._spawn(f"{name}.log", command, environment)
        for name in names:
            wanted = _SAYS.get(name.partition("-")[0], "is up.")
            until = time.monotonic() + START_SECONDS
            while wanted not in self.said(name)[marks[name] :]:
                # Who is to die at a failpoint may do so before it has said anything.
                if failpoint and self.processes[name].poll() is not None:
                    break
                assert self.processes[name].poll() is None, self.said(name)[-3000:]
                assert time.monotonic() < until, self.said(name)[-3000:]
                await asyncio.sleep(0.05)

    def said(self, name: str) -> str:
        """What a process has said."""
        path = self._folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def log(self) -> str:
        return "\n".join(f"--- {name}\n{self.said(name)[-2000:]}" for name in self.processes)

    def kill_one(self, name: str) -> None:
        """End a process as ``kill -9`` does."""
        self.processes[name].kill()
        self.processes[name].wait(10)

    def end(self, name: str) -> float:
        """Ask a process to stop; return the seconds it took."""
        process = self.processes[name]
        began = time.monotonic()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        return time.monotonic() - began


@contextmanager
def database(server: Postgres, name: str) -> Iterator[str]:
    """A ledger's database of its own on the server; gives its address."""
    server.create(name, "migrated")
    try:
        yield server.url(name)
    finally:
        server.drop(name)


def redis_url(server: Redis) -> str:
    """The address of an empty Redis."""
    server.client.flushall()
    return server.url
