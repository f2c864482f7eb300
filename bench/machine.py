"""The line that says where and of what the numbers are."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

from bench.paths import PROJECT


def line() -> str:
    """Describe machine, Python, commit and time."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({_processor()}), {gigabytes:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, commit {_commit()}, "
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, load {load:.1f} before the start"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (text.partition(":")[2].strip() for text in lines if text.startswith("model name"))
    return next(names, "unknown")


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(
            ("git", *words), cwd=PROJECT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    head = git("rev-parse", "--short", "HEAD") or "unknown"
    changed = git("status", "--porcelain", "--", ":!bench", ":!docs")
    return f"{head} with changes" if changed else head


class Others:
    """How busy other programs keep the machine while something is measured."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy(), _own()

    def cores(self) -> float:
        """Return how many cores others have used on average since the beginning."""
        used = (_busy() - self._busy) - (_own() - self._own)
        return max(0.0, used / (time.monotonic() - self._began))


def _busy() -> float:
    """Return the seconds that all cores together have worked, or were taken by the host."""
    first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
    user, nice, system, _idle, _wait, irq, soft, steal = map(int, first.split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)
