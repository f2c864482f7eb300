"""What the desk's pages share: one object in the application, and who asks in the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.clock import Clock
from bot.ledger.agents import Agent
from bot.ledger.database import Ledger
from bot.ledger.sessions import Session
from bot.places import Proxies
from desk.cookies import Cookies
from desk.login import Login
from desk.oidc import Provider

Counts = Callable[[], Awaitable[dict[str, int]]]


@dataclass(frozen=True)
class Desk:
    """The desk's parts.

    Attributes:
        ledger: Where everything is kept.
        now: The clock.
        url: The desk's address in browsers, without a slash at the end.
        cookies: Sets and reads cookies.
        login: Judges passwords and codes.
        proxies: From where a try to sign in comes.
        counts: Gives the numbers of the readiness page.
        metrics_token: Bearer token of the metrics page; empty asks none.
        provider: OpenID Connect, or None when it is off.
        units: The catalogue's units.
    """

    ledger: Ledger
    now: Clock
    url: str
    cookies: Cookies
    login: Login
    proxies: Proxies
    counts: Counts
    metrics_token: str
    provider: Provider | None
    units: frozenset[str]


DESK = web.AppKey("desk", Desk)
AGENT = web.RequestKey("agent", Agent)
"""Who asks; there on every route with `desk.security.requires`."""
SESSION = web.RequestKey("session", Session)
CSRF = web.RequestKey("csrf", str)
"""What the forms of the page must bring along."""
