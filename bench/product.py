"""The real product as a program of its own, or several, with its own folder and ports."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench import whatsapp
from bench.paths import PROJECT, environment
from bench.processes import NotStarted, Program, free_port

READY = "worker is ready"
_PATIENCE = 180.0
# The console script `nindy` does just this; here it is this checkout's code in any case.
_NINDY = (sys.executable, "-c", "from bot.cli import main; main()")


class Product:
    """Nindy in a temporary folder; WhatsApp's Graph API is the bench's own stand-in.

    Attributes:
        program: The process that has the edge.
        graph_port: Where it will send replies.
        edge: Its public address.
        url: Where it takes webhooks.

    Args:
        role: What it is to be: ``up``, all in one process, or ``web``.
        settings: Settings beside those that every measured product has.
    """

    def __init__(self, role: str = "up", **settings: object) -> None:
        self._made = tempfile.TemporaryDirectory(prefix="nindy-bench-")
        self._folder = folder = Path(self._made.name)
        edge, desk, sandbox, self.graph_port = (free_port() for _ in range(4))
        world = f"http://127.0.0.1:{sandbox}"
        self.edge = f"http://127.0.0.1:{edge}"
        self.url = f"{self.edge}/webhooks/whatsapp"
        self._health = f"{self.edge}/healthz"
        self._began = time.monotonic()
        self._environment = environment(
            NINDY_VAR_DIR=folder / "var",
            NINDY_EDGE_PORT=edge,
            NINDY_DESK_PORT=desk,
            NINDY_SANDBOX_PORT=sandbox,
            NINDY_WHATSAPP_API_URL=f"http://127.0.0.1:{self.graph_port}/v26.0",
            NINDY_WHATSAPP_PHONE_NUMBER_ID=whatsapp.NUMBER,
            NINDY_WHATSAPP_APP_SECRET=whatsapp.SECRET,
            NINDY_WHATSAPP_VERIFY_TOKEN=whatsapp.TOKEN,
            NINDY_WHATSAPP_ACCESS_TOKEN=whatsapp.TOKEN,
            NINDY_WHATSAPP_PER_SECOND=whatsapp.PER_SECOND,
            NINDY_SPAN_URL=f"{world}/span",
            NINDY_SAKTI_URL=f"{world}/sakti",
            NINDY_DIGIT_URL=f"{world}/digit",
            **settings,
        )
        self.program = self._start(role)
        self._worker = self.program

    def begin_worker(self) -> None:
        """Start a worker as a process of its own."""
        self._worker = self._start("worker")

    def _start(self, role: str) -> Program:
        return Program.start(role, (*_NINDY, role), self._folder, self._environment)

    @property
    def ready(self) -> bool:
        """Whether the worker has loaded its model."""
        return self._worker.said(READY)

    async def open(self) -> float:
        """Wait until the edge answers; return the seconds since the start."""
        while not await asyncio.to_thread(self._healthy):
            self._not_too_long()
            await asyncio.sleep(0.02)
        return time.monotonic() - self._began

    async def loaded(self) -> float:
        """Wait until the worker is ready; return the seconds since the start."""
        while not self.ready:
            self._not_too_long()
            await asyncio.sleep(0.05)
        return time.monotonic() - self._began

    def close(self) -> None:
        """End it and remove its folder."""
        for program in {self._worker, self.program}:
            program.stop()
        self._made.cleanup()

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self._health, timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _not_too_long(self) -> None:
        if not self.program.alive or time.monotonic() - self._began > _PATIENCE:
            raise NotStarted(f"nindy did not start: {self.program.last_words()}")


def train() -> None:
    """Train Nindy's model of today's data if there is none.

    Raises:
        NotStarted: It failed.
    """
    from bot.turn import training

    if training.model_path(PROJECT).exists():
        return
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as folder:
        program = Program.start(
            # The matcher finds its files from the project's folder.
            "train",
            (*_NINDY, "train"),
            Path(folder),
            environment(),
            cwd=PROJECT,
        )
        try:
            if program.finish(_PATIENCE):
                raise NotStarted(f"nindy train failed: {program.last_words()}")
        finally:
            program.stop()
