"""Loaded by `make mutation` alone: forgets what functions have kept from call to call.

A mutant is tried in a copy of a process that has run the tests already. Without this the results of
the unchanged code would still be there, and the mutant would never be asked.
"""

from __future__ import annotations

import functools
import sys


def pytest_sessionstart() -> None:
    """Forget."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("actions", "bot"):
            for kept in list(vars(module).values()):
                if isinstance(kept, functools._lru_cache_wrapper):
                    kept.cache_clear()
