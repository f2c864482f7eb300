"""The outside systems that Nindy asks: SPAN, SAKTI and Digit.

Each question ends within `Settings.upstream_budget` seconds, with a typed result or with one
of the `bot.errors.UpstreamError` family. The contracts are in `docs/upstream/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from actions.clients.breaker import Breaker
from actions.clients.digit import Digit
from actions.clients.http import Upstream
from actions.clients.sakti import Sakti
from actions.clients.span import ContractStatus, Sp2d, Span, SupplierStatus
from bot.errors import StartupError
from bot.settings import Settings

__all__ = ["Clients", "ContractStatus", "Sp2d", "SupplierStatus", "connect", "upstream"]


@dataclass(frozen=True)
class Clients:
    """One client for each outside system."""

    span: Span
    sakti: Sakti
    digit: Digit


def connect(settings: Settings, session: aiohttp.ClientSession) -> Clients:
    """Make the clients; nothing is sent yet.

    Args:
        settings: Addresses, tokens and the time budget.
        session: The shared session, best with an `aiohttp.DummyCookieJar`.

    Raises:
        StartupError: An address cannot be used.
    """

    return Clients(
        span=Span(upstream("span", settings, session)),
        sakti=Sakti(upstream("sakti", settings, session)),
        digit=Digit(upstream("digit", settings, session)),
    )


def upstream(system: str, settings: Settings, session: aiohttp.ClientSession) -> Upstream:
    """Make the way to one outside system with its address and token of the settings.

    Raises:
        StartupError: The address cannot be used.
    """
    return Upstream(
        system,
        _address(f"NINDY_{system.upper()}_URL", getattr(settings, f"{system}_url")),
        getattr(settings, f"{system}_token").get_secret_value(),
        session,
        settings.upstream_budget,
        Breaker(),
    )


def _address(name: str, url: str) -> str:
    """The address, when paths can be hung onto it; user names belong into the token."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or "@" in parts.netloc or parts.query or parts.fragment:
        raise StartupError(f"{name}: must look like https://host/path, without user or query")
    return url
