"""Which outside system misbehaves, how, and how many times more."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OFF = "off"
UPSTREAM = (
    OFF,
    "down",
    "error",
    "slow",
    "hang",
    "garbage",
    "truncated",
    "wrong_types",
    "huge",
    "drip",
    "redirect_loop",
    "wrong_charset",
    "accept_then_drop",
)
GRAPH = (OFF, "rate_limit", "pair_rate", "opted_out", "error", "timeout_after_accept", "token")
MEDIA = (
    OFF,
    "gone",
    "old_address",
    "foreign_host",
    "redirect",
    "cut",
    "changed",
    "slow",
    "error",
    "token",
)
RATES = (OFF, "counted")
STATUSES = (OFF, "failed:131026")
WEBHOOKS = (OFF, "duplicated", "reordered", "batched", "status_first")
KINDS = {
    "span": UPSTREAM,
    "sakti": UPSTREAM,
    "digit": UPSTREAM,
    "crm": UPSTREAM,
    "graph": GRAPH,
    "media": MEDIA,
    "rates": RATES,
    "statuses": STATUSES,
    "webhooks": WEBHOOKS,
}
DEFAULT_SECONDS = 5.0
_FAILED = re.compile(r"failed:[0-9]{1,6}")
"""A status with any of Meta's codes."""


class UnknownFaultError(ValueError):
    """The target, the kind, or a number makes no sense."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong.

    Attributes:
        times: Hits after which it heals; None for never.
        seconds: How long ``slow`` and ``timeout_after_accept`` take.
        hits: How often it struck.
    """

    kind: str = OFF
    times: int | None = None
    seconds: float = DEFAULT_SECONDS
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        """Shape for the control API."""
        return {
            "kind": self.kind,
            "times": self.times,
            "seconds": self.seconds,
            "hits": self.hits,
        }


class Faults:
    """The switches, one per target; `on_change` hears of every turn and every hit."""

    def __init__(self, on_change: Callable[[dict[str, Any]], None]) -> None:
        self._on_change = on_change
        self._now: dict[str, Fault] = {}
        self.reset()

    def reset(self) -> None:
        """Switch everything off."""
        self._now = {target: Fault() for target in KINDS}
        self._on_change(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Shape for the control API."""
        return {target: fault.as_json() for target, fault in self._now.items()}

    def kind(self, target: str) -> str:
        """Look at a switch without striking."""
        return self._now[target].kind

    def strike(self, target: str) -> Fault:
        """Return what goes wrong this time, and count it."""
        fault = self._now[target]
        if fault.kind == OFF:
            return fault
        left = None if fault.times is None else fault.times - 1
        healed = left == 0
        self._now[target] = Fault(
            OFF if healed else fault.kind,
            None if healed else left,
            fault.seconds,
            fault.hits + 1,
        )
        self._on_change(self.as_json())
        return fault

    def set(self, wanted: dict[str, Any]) -> None:
        """Turn switches, all or none; a plain word stands for ``{"kind": word}``.

        Raises:
            UnknownFaultError: Something in it makes no sense.
        """
        self._now.update({target: _read(target, value) for target, value in wanted.items()})
        self._on_change(self.as_json())


def _read(target: str, value: Any) -> Fault:
    if target not in KINDS:
        raise UnknownFaultError(f"no target {target!r}; there are {', '.join(KINDS)}")
    given = {"kind": value} if isinstance(value, str) else value
    if not isinstance(given, dict):
        raise UnknownFaultError(f"{target}: a word or an object")
    kind, times = given.get("kind", OFF), given.get("times")
    seconds = given.get("seconds", DEFAULT_SECONDS)
    failed = target == "statuses" and isinstance(kind, str) and _FAILED.fullmatch(kind)
    if kind not in KINDS[target] and not failed:
        raise UnknownFaultError(f"{target}: kind is one of {', '.join(KINDS[target])}")
    if times is not None and (type(times) is not int or times < 1):
        raise UnknownFaultError(f"{target}: times is a whole number from 1, or null")
    if type(seconds) not in (int, float) or not math.isfinite(seconds) or seconds < 0:
        raise UnknownFaultError(f"{target}: seconds is a number from 0")
    return Fault(kind, times, float(seconds))
