"""How much the tests of this folder try: a tenth by default, everything with `make security`."""

from __future__ import annotations

import os

VOLUME = int(os.environ.get("NINDY_SECURITY", "1"))
"""Tenths of the whole volume."""
EVERYTHING = 10


def share(whole: int) -> int:
    """Return this run's share of a volume."""
    return whole * VOLUME // EVERYTHING
