"""Programs that the bench starts: their memory and CPU from ``/proc``, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

_RUNNING: list[Program] = []
_TICKS = os.sysconf("SC_CLK_TCK")
#: Seconds between two looks at a program's memory.
_LOOK = 0.25


class NotStarted(Exception):
    """A program ended, or did not become ready in time."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop_all() -> None:
    """End every program that still runs: sessions of their own hear no Ctrl-C."""
    for program in list(_RUNNING):
        program.stop()


@dataclass(eq=False)
class Program:
    """A program with everything it starts: one session of its own, ended as one.

    Attributes:
        name: What it is called in messages.
        log: Where its output goes.
    """

    name: str
    log: Path
    _process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
    ) -> Program:
        """Start a program in a folder, which also takes its log, or in another one (`cwd`)."""
        log = folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd or folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = cls(name, log, process)
        _RUNNING.append(program)
        return program

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def said(self, text: str) -> bool:
        """Whether a text stands in its log.

        Raises:
            NotStarted: It has ended.
        """
        if text in self.log.read_text(encoding="utf-8", errors="replace"):
            return True
        if not self.alive:
            raise NotStarted(f"{self.name} ended: {self.last_words()}")
        return False

    @property
    def pid(self) -> int:
        """Of the program itself."""
        return self._process.pid

    def wait_for(self, text: str, seconds: float) -> float:
        """Wait until a text stands in the log; return how long that took.

        Raises:
            NotStarted: It has ended, or the time is over.
        """
        began = time.monotonic()
        while not self.said(text):
            if time.monotonic() - began > seconds:
                raise NotStarted(f"{self.name} took over {seconds:.0f} s: {self.last_words()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def finish(self, seconds: float, megabytes: float = inf) -> int:
        """Wait for its end and return its exit code.

        Raises:
            NotStarted: It took longer, or more memory; it is stopped.
        """
        began = time.monotonic()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(_LOOK)
            if time.monotonic() - began > seconds:
                over = f"{seconds:.0f} s"
            elif megabytes < inf and self.memory() > megabytes:
                over = f"{megabytes:,.0f} MB"
            else:
                continue
            self.stop()
            said = self.last_words() or "it said nothing"
            raise NotStarted(f"{self.name} took over {over}: {said}")

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-600:].strip()

    def memory(self) -> float:
        """Return the resident memory of all its processes in MB."""
        return sum(resident(pid) for pid in self._pids())

    def cpu(self) -> float:
        """Return the CPU seconds that its living processes have used."""
        return sum(_cpu(pid) for pid in self._pids())

    def files(self) -> int:
        """Return how many files, sockets included, its living processes hold open."""
        return sum(_files(pid) for pid in self._pids())

    def stop(self) -> None:
        """End it with everything it started."""
        if self in _RUNNING:
            _RUNNING.remove(self)
        for number, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
                return

    def _pids(self) -> list[int]:
        pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in pids if _session(pid) == self._process.pid]


def _stat(pid: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` after the program's name; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _session(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[3]) if fields else -1


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _files(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def process_cpu(pid: int) -> float:
    """Return the CPU seconds of a process with its children, living and dead."""
    entries = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    family = [pid, *(child for child in entries if _parent(child) == pid)]
    fields = _stat(pid)
    gone = (int(fields[13]) + int(fields[14])) / _TICKS if fields else 0.0
    return gone + sum(_cpu(one) for one in family)


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else -1


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB; 0 when it is gone."""
    fields = _stat(pid)
    pages = int(fields[21]) if fields else 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2
