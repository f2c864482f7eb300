"""How fast the public edge says "received", whatever the worker is doing."""

from __future__ import annotations

from collections.abc import Callable

from bench import mix, whatsapp
from bench.load import Result, closed, fixed, for_seconds
from bench.product import Product
from bench.table import Table

NAME = "edge"
PER_SECOND, SENDERS = 100, 16
_PEOPLE = 200
_COLUMNS = (
    "the edge, while the worker ...", "load", "acknowledged/s", "p50 ms", "p99 ms", "max ms",
    "messages", "failed",
)  # fmt: skip
_FIXED = f"{PER_SECOND}/s fixed"
_CLOSED = f"{SENDERS} in turn"
Made = Callable[[int], tuple[str, bytes]]


async def measure(quick: bool) -> Table:
    """Start Nindy twice and load its edge in each state."""
    seconds = 2.0 if quick else 8.0
    table = Table("Edge: signed WhatsApp webhooks acknowledged", _COLUMNS)
    await _with_turns(table, seconds)
    await _without_turns(table, seconds)
    table.notes += [
        "'fixed' begins a webhook every 10 ms whatever the earlier ones do, timed from when it "
        f"was due; 'in turn' is {SENDERS} connections that post as fast as they are answered.",
        "Acknowledged means: signature checked, parsed, sealed, committed to disk, answered 200.",
        "Edge, worker, sender, desk and sandbox are one process here, as in `make run`.",
    ]
    return table


async def _with_turns(table: Table, seconds: float) -> None:
    texts = mix.questions()

    def question(number: int) -> tuple[str, bytes]:
        return whatsapp.text(number % _PEOPLE, texts[number % len(texts)])

    async with _Bench(question, 60_000 if seconds > 4 else 20_000) as bench:
        opened = await bench.product.open()
        result = await fixed(bench.once, PER_SECOND, lambda: bench.product.ready)
        loaded = opened + result.seconds
        table.rows.append(_row("loads its model", _FIXED, result))
        result = await fixed(bench.once, PER_SECOND, for_seconds(seconds))
        table.rows.append(_row("works on turns", _FIXED, result))
        result = await closed(bench.once, SENDERS, for_seconds(seconds))
        table.rows.append(_row("works on turns", _CLOSED, result))
        table.notes.append(
            f"Edge open {opened:.1f} s after the start, worker ready after {loaded:.1f} s "
            "under that load."
        )


async def _without_turns(table: Table, seconds: float) -> None:
    def reaction(number: int) -> tuple[str, bytes]:
        return whatsapp.silent(number % _PEOPLE)

    async with _Bench(reaction, 60_000 if seconds > 4 else 20_000) as bench:
        await bench.product.open()
        result = await closed(bench.once, SENDERS, lambda: bench.product.ready)
        table.rows.insert(1, _row("loads its model", _CLOSED, result))
        for load in (_FIXED, _CLOSED):
            until = for_seconds(seconds)
            run = fixed(bench.once, PER_SECOND, until) if load == _FIXED else None
            result = await (run or closed(bench.once, SENDERS, until))
            table.rows.append(_row("has nothing to do", load, result))
    table.notes.append(
        "With nothing to do, and at 16 in turn while loading, the messages are reactions: stored "
        "like any other, but they ask for no turn."
    )


class _Bench:
    """The product, its Graph stand-in, and bodies that were signed before the clock runs."""

    def __init__(self, make: Made, bodies: int) -> None:
        made = (make(number)[1] for number in range(bodies))
        self._bodies = iter([(body, whatsapp.signed(body)) for body in made])

    async def __aenter__(self) -> _Bench:
        self.product = Product()
        self._graph = whatsapp.Graph()
        await self._graph.start(self.product.graph_port)
        self._webhooks = whatsapp.Webhooks(self.product.url)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._webhooks.close()
        self.product.close()
        await self._graph.stop()

    async def once(self, _number: int) -> bool:
        """Post the next webhook."""
        return await self._webhooks.post(*next(self._bodies))


def _row(state: str, load: str, result: Result) -> tuple[str | float | int, ...]:
    return (
        state, load, result.rate, result.percentile(50), result.percentile(99),
        max(result.latencies, default=0.0), len(result.latencies), result.failed,
    )  # fmt: skip
