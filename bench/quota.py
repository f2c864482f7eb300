"""Holds processes to a part of a core each, where the machine lets us (Linux control groups, root).

Two workers beside edge, sender, database and bench want more cores than a small machine has. Held
to a small part each, they show whether the work itself can be shared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 20_000
"""Microseconds; short, so that who is stopped is not stopped for long."""


def possible() -> bool:
    """Whether this machine lets us."""
    try:
        with _group("nindy-bench-try", 0.5):
            return True
    except OSError:
        return False


@contextmanager
def held(pids: list[int], cores: float) -> Iterator[None]:
    """Let each of these processes use at most so much of a core."""
    with ExitStack() as groups:
        for pid in pids:
            group = groups.enter_context(_group(f"nindy-bench-{os.getpid()}-{pid}", cores))
            (group / "cgroup.procs").write_text(str(pid))
        yield


@contextmanager
def _group(name: str, cores: float) -> Iterator[Path]:
    first = (_ROOT / "cpu").is_dir()
    group = (_ROOT / "cpu" if first else _ROOT) / name
    group.mkdir()
    try:
        if first:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(int(cores * _PERIOD)))
        else:
            (group / "cpu.max").write_text(f"{int(cores * _PERIOD)} {_PERIOD}")
        yield group
    finally:
        # A group goes only when nobody is in it.
        for pid in (group / "cgroup.procs").read_text().split():
            (group.parent / "cgroup.procs").write_text(pid)
        group.rmdir()
