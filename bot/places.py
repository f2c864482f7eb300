"""From where a request really comes: what the doors count strangers by."""

from __future__ import annotations

import ipaddress

from aiohttp import web

from bot.settings import Network


class Proxies:
    """Finds out from where a request really comes.

    Args:
        networks: Our own proxies; only what they say about an address is believed.
    """

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks

    def of(self, request: web.BaseRequest) -> str:
        """Return the place that a request comes from."""
        return self.place(request.remote, request.headers.getall("X-Forwarded-For", []))

    def place(self, peer: str | None, forwarded: list[str]) -> str:
        """Return what counts as one place: an IPv4 address, or the /64 of an IPv6 one.

        Args:
            peer: The address of the connection.
            forwarded: The values of ``X-Forwarded-For``. Each proxy writes at the end whom it
                speaks for, so they are read from there, as far as our own proxies go.
        """
        hops = [part for value in forwarded for part in value.split(",")]
        address = _address(peer)
        while hops and address is not None and self._is_ours(address):
            before = _address(hops.pop())
            if before is None:
                break
            address = before
        if address is None:
            return "unknown"
        if address.version == 4:
            return str(address)
        return str(ipaddress.ip_network((address, 64), strict=False))

    def _is_ours(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address((text or "").strip().partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if found.version == 6 else None
    return mapped or found
