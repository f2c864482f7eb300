"""Whether the time of a refusal tells how much of a webhook's signature was guessed.

Welch's t between the times of signatures that are wrong in their first digit and in their last;
beyond 4.5 a guesser could tell them apart. The two are measured in turn, so that whatever else
the machine does falls on both.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import random
import statistics
import time
from collections.abc import Callable

from bench.table import Table
from bot.channels.whatsapp.signature import Verdict, verify

NAME = "signature"
LIMIT = 4.5
_KEPT = 0.9
"""Share of the quickest times that is looked at: what the machine interrupted says nothing."""
_SECRET = b"rahasia-uji"
_BODY = b'{"object":"whatsapp_business_account","entry":[]}'
_DIGEST = hmac.new(_SECRET, _BODY, hashlib.sha256).hexdigest()


async def measure(quick: bool) -> Table:
    """Time refusals of our check, and of a naive one that the method must be able to convict."""
    number = 2_000 if quick else 10_000
    table = Table(
        "Webhook signature: does the time of a refusal tell how much was right?",
        ("comparison", "refusals each", "first digit wrong, ns", "last digit wrong, ns", "Welch t"),
    )
    for name, judge in (("Nindy's", _ours), ("digit by digit", _naive)):
        first, last = _times(judge, number)
        means = (statistics.fmean(first), statistics.fmean(last))
        table.rows.append((name, number, *means, welch(first, last)))
    table.notes.append(
        f"Beyond {LIMIT} the two could be told apart. 'digit by digit' is a comparison that ends "
        "at the first difference, to show that the method finds one."
    )
    return table


def welch(one: list[float], other: list[float]) -> float:
    """Return Welch's t of two samples."""
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / spread**0.5


def _times(judge: Callable[[str], bool], number: int) -> tuple[list[float], list[float]]:
    headers = (
        f"sha256={_other(_DIGEST[0])}{_DIGEST[1:]}",
        f"sha256={_DIGEST[:-1]}{_other(_DIGEST[-1])}",
    )
    times: tuple[list[float], list[float]] = ([], [])
    order = [place for place in (0, 1) for _ in range(number)]
    random.Random(1).shuffle(order)
    gc.disable()
    try:
        for place in order:
            began = time.perf_counter_ns()
            refused = not judge(headers[place])
            times[place].append(float(time.perf_counter_ns() - began))
            if not refused:
                raise AssertionError("a forged signature was let in")
    finally:
        gc.enable()
    return _quickest(times[0]), _quickest(times[1])


def _quickest(times: list[float]) -> list[float]:
    return sorted(times)[: int(len(times) * _KEPT)]


def _other(digit: str) -> str:
    return "0" if digit != "0" else "1"


def _ours(header: str) -> bool:
    return verify([_SECRET], _BODY, header) is Verdict.GOOD


def _naive(header: str) -> bool:
    expected = "sha256=" + hmac.new(_SECRET, _BODY, hashlib.sha256).hexdigest()
    return all(a == b for a, b in zip(expected, header, strict=True))
