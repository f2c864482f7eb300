"""How much one address and one session may ask for: token buckets, kept in this process."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import ChatRefused

_MOST = 50_000
"""Buckets kept; the one that was used longest ago is forgotten first."""

_ROUNDING = 1e-9
"""Who waits just as long as was said must not fail by the last bit of a sum."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Rate:
    """So many at once, and so many a second after that."""

    burst: float
    per_second: float


class Buckets:
    """Lets through what a rate allows, for each name by itself.

    Args:
        rate: What one name may have.
        monotonic: Seconds that only grow.
    """

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> None:
        """Take one from a name's bucket.

        Raises:
            ChatRefused: ``busy``, with the seconds after which there will be one.
        """
        now, rate = self._monotonic(), self._rate
        left, seen = self._left.get(name, (rate.burst, now))
        left = min(rate.burst, left + (now - seen) * rate.per_second)
        enough = left >= 1 - _ROUNDING
        self._left[name] = (left - 1 if enough else left, now)
        self._left.move_to_end(name)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        if not enough:
            raise ChatRefused("busy", math.ceil((1 - left) / rate.per_second))


class Proxies:
    """Finds out from where a request really comes.

    Args:
        networks: Our own proxies; only what they say about an address is believed.
    """

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks

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
