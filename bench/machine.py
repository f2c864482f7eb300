"""The line that says where and of what the numbers are."""

from __future__ import annotations

import os
import platform
import subprocess
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
    return head + (
        " with changes" if git("status", "--porcelain", "--", ":!bench", ":!docs") else ""
    )
