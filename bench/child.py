"""A measurement in a process of its own, so that its memory and its libraries stay apart."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
from math import inf
from pathlib import Path
from typing import Any

from bench.paths import environment
from bench.processes import NotStarted, Program, resident

_PATIENCE = 3_600.0


async def child(
    module: str, *words: object, seconds: float = _PATIENCE, megabytes: float = inf
) -> Any:
    """Run ``python -m MODULE WORDS --output FILE`` and return the JSON that it wrote.

    Args:
        module: The program.
        words: Its arguments.
        seconds: How long it may take.
        megabytes: How much memory it may take.

    Raises:
        NotStarted: It failed, or took more.
    """
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as made:
        folder = Path(made)
        output = folder / "output.json"
        command = [sys.executable, "-m", module, *map(str, words), "--output", str(output)]
        program = Program.start(module.rpartition(".")[2], command, folder, environment())
        try:
            if await asyncio.to_thread(program.finish, seconds, megabytes):
                raise NotStarted(f"{module} {words[0]}: {program.last_words()}")
        finally:
            program.stop()
        return json.loads(output.read_text(encoding="utf-8"))


def memory() -> float:
    """Return the resident memory of this process in MB, after what is garbage has gone."""
    gc.collect()
    return resident(os.getpid())
