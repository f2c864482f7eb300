"""Where webhooks may go: to the public internet, and to private networks only where allowed.

A client's address is checked when it is added and at every connection, by what its name means
then: a name that later leads to a private address is refused too (DNS rebinding).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.settings import Network

_NAT64: Any = ip_network("64:ff9b::/96")
_LONGEST = 500


class AddressRefused(OSError):
    """The name leads to an address that is not allowed.

    An OSError, because aiohttp takes only that from a resolver for a connection that failed.
    """


def problem(url: str, networks: Iterable[Network]) -> str:
    """Say what is wrong with a webhook's address; empty when it can be used.

    Plain http is for loopback alone, where the networks allow that.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not an address"
    if not host or len(url) > _LONGEST or not url.isascii() or not url.isprintable():
        return "must look like https://host/path"
    if "@" in parts.netloc or parts.fragment or port == 0:
        return "must have no user, password or fragment"
    literal = _literal(host)
    local = literal is not None and literal.is_loopback and allowed(literal, networks)
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return "must begin with https://"
    if literal is not None and not allowed(literal, networks):
        return "leads into a network that NINDY_WEBHOOK_NETWORKS does not allow"
    return ""


def allowed(address: IPv4Address | IPv6Address, networks: Iterable[Network]) -> bool:
    """Say whether a connection to an address may be made."""
    address = _inner(address)
    if any(address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


class GuardedResolver(AbstractResolver):
    """Resolves names, and refuses those of which any address is not allowed.

    Args:
        networks: Allowed beside the public internet.
    """

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            AddressRefused: One of them is not allowed.
        """
        found = await self._inner.resolve(host, port, family)
        for one in found:
            address = _literal(one["host"].partition("%")[0])
            if address is None or not allowed(address, self._networks):
                raise AddressRefused("a webhook's name leads into a private network")
        return found

    async def close(self) -> None:
        """Let go of the threads."""
        await self._inner.close()
