"""Whether a turn costs the same at the first and at the five-thousandth message."""

from __future__ import annotations

import statistics

from bench.child import child
from bench.table import Table, ratio

NAME = "growth"
_AROUND = 50
_COLUMNS = (
    "message of one conversation", "intake ms", "turn ms", "send ms", "all, wall ms", "all, CPU ms",
    "wall / message 1", "CPU / message 1",
)  # fmt: skip


async def measure(quick: bool) -> Table:
    """Send one conversation and look at four places of it."""
    places = (1, 100, 300) if quick else (1, 100, 1_000, 5_000)
    timings = await child("bench.turns", "growth", places[-1] + _AROUND // 2)
    table = Table("Growth: one turn, by the length of the conversation", _COLUMNS)
    first: dict[str, float] = {}
    for place in places:
        start = max(0, place - 1 - _AROUND // 2)
        found = _medians(timings[start : start + _AROUND])
        first = first or found
        shown = [found[name] for name in ("intake", "turn", "send", "wall", "cpu")]
        ratios = [ratio(found[name], first[name]) for name in ("wall", "cpu")]
        table.rows.append([f"{place:,}", *shown, *ratios])
    table.notes += [
        f"Medians of the {_AROUND} messages around the place (of the first {_AROUND} for 1), in "
        "one process without network; another conversation went before to warm up.",
        "Intake: seal, store, commit. Turn: claim, Rasa with actions, commit. Send: take the "
        "bubble, render it, settle it. CPU is that of all threads.",
        "Turn and send each end with one empty look for more work, which is in their figures.",
    ]
    return table


def _medians(timings: list[dict[str, float]]) -> dict[str, float]:
    for timing in timings:
        timing["wall"] = timing["intake"] + timing["turn"] + timing["send"]
    return {name: statistics.median(t[name] for t in timings) for name in timings[0]}
