"""Where things are, and the environment that every measured program gets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "RASA_TELEMETRY_ENABLED": "false",
    "TQDM_DISABLE": "1",
    "PYTHONWARNINGS": "ignore",
}


def environment(**more: object) -> dict[str, str]:
    """Return this process's environment without Nindy's own settings, and with some more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NINDY_")}
    return {**kept, **_QUIET, "PYTHONPATH": str(PROJECT)} | {k: str(v) for k, v in more.items()}


def cache() -> Path:
    """Return the folder that keeps what is slow to make: the trained stock model."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nindy-bench"
