"""What Nindy counts and times, for Prometheus (``/metrics``, never on the public port).

Labels are words from a short list: never an id, and nothing that a person wrote. Counters are of
this process; what the ledger holds is read when it is asked for (`bot.ledger.levels`).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from bot.clock import Clock
from bot.ledger import levels
from bot.ledger.database import Ledger
from bot.ledger.levels import Levels

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds; 0.05 and 0.25 are the promises of the edge."""

EDGE = Histogram(
    "nindy_edge_seconds",
    "Time from a request's head to its answer at the public edge.",
    ["route", "status"],
    buckets=_FAST,
)
TURN = Histogram(
    "nindy_turn_seconds",
    "Time of a turn from its claim to its end, look-ups included.",
    ["outcome"],
    buckets=_FAST,
)
WAITED = Histogram(
    "nindy_turn_waited_seconds",
    "Time for which a message had waited when its turn began.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)
DECISIONS = Counter(
    "nindy_decisions_total", "What the matcher decided about people's messages.", ["decision"]
)
UPSTREAM = Histogram(
    "nindy_upstream_seconds", "Time of one try at an outside system.", ["system", "outcome"]
)
BREAKER = Gauge(
    "nindy_upstream_breaker_open",
    "1 while calls to an outside system are held back.",
    ["system"],
    multiprocess_mode="livemax",
)
SEND = Histogram(
    "nindy_send_seconds", "Time of handing one bubble to a channel.", ["channel", "outcome"]
)

_BEGAN = web.RequestKey("metrics_began", float)
_WAITING = Gauge("nindy_inbox_waiting", "Messages that wait for their turn.")
_WAITING_SINCE = Gauge("nindy_inbox_oldest_seconds", "Age of the oldest message that waits.")
_OUTBOX = Gauge("nindy_outbox_open", "Bubbles that are not settled yet.", ["state"])
_OUTBOX_SINCE = Gauge("nindy_outbox_oldest_seconds", "Age of the oldest of these.")
_TICKETS = Gauge("nindy_tickets_open", "Tickets that are not resolved.", ["state"])
_WARNED = Gauge(
    "nindy_tickets_warned", "Open tickets by the share of their time that is used.", ["percent"]
)
_DELIVERIES = Gauge(
    "nindy_deliveries", "Events for other programs that wait or were given up.", ["state"]
)


@contextmanager
def timed(histogram: Histogram, **labels: str) -> Iterator[dict[str, str]]:
    """Time what is inside; a label may be set in the dictionary until it ends."""
    began = time.perf_counter()
    try:
        yield labels
    finally:
        histogram.labels(**labels).observe(time.perf_counter() - began)


def time_edge(app: web.Application) -> None:
    """Time every request of an application by its route; a stream counts until its head is sent."""
    app.middlewares.append(_begin)
    app.on_response_prepare.append(_answered)


@web.middleware
async def _begin(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[_BEGAN] = time.perf_counter()
    return await handler(request)


async def _answered(request: web.Request, response: web.StreamResponse) -> None:
    began = request.get(_BEGAN)
    if began is None:
        return  # Refused before it was anybody's.
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unknown"
    labels = {"route": f"{request.method} {route}", "status": str(response.status)}
    EDGE.labels(**labels).observe(time.perf_counter() - began)


def may_read(request: web.Request, token: str) -> bool:
    """Tell whether who asks brings the token of those who watch; an empty one lets everybody in."""
    given = request.headers.get("Authorization", "").encode()
    return not token or hmac.compare_digest(given, f"Bearer {token}".encode())


async def answer(request: web.Request, ledger: Ledger, clock: Clock, token: str) -> web.Response:
    """Make the page that Prometheus reads.

    Args:
        request: What was asked.
        ledger: Where levels are read.
        clock: The time.
        token: What the asker must bring; empty asks none.

    Raises:
        web.HTTPUnauthorized: The asker did not.
    """
    if not may_read(request, token):
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
    return page(await ledger.run(levels.read, clock()))


def page(levels: Levels) -> web.Response:
    """Write down all figures."""
    _WAITING.set(levels.waiting)
    _WAITING_SINCE.set(levels.waiting_seconds)
    _OUTBOX_SINCE.set(levels.outbox_seconds)
    for gauge, values in (
        (_OUTBOX, levels.outbox),
        (_TICKETS, levels.tickets),
        (_WARNED, levels.warned),
        (_DELIVERIES, levels.deliveries),
    ):
        gauge.clear()
        for label, number in values.items():
            gauge.labels(label).set(number)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
