"""Hands an event to a program's webhook, signed.

``X-Nindy-Signature: t=<unix seconds>,v1=<hex>``: HMAC-SHA256 over ``<t>.<body>`` with the webhook's
secret. While a secret is rotated there are two ``v1``, of the new and of the old one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime

import aiohttp

from bot.api.addresses import AddressRefused, GuardedResolver, problem
from bot.clock import Clock
from bot.errors import Retryable
from bot.ledger.deliveries import Parcel
from bot.settings import Network

SIGNATURE = "X-Nindy-Signature"
_SECONDS = aiohttp.ClientTimeout(total=10, sock_connect=5)


def sign(secrets: Sequence[str], body: bytes, now: datetime) -> str:
    """Return the value of the signature's header."""
    moment = str(int(now.timestamp()))
    signed = moment.encode() + b"." + body
    digests = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={moment}", *(f"v1={digest}" for digest in digests)])


def open_session(networks: Sequence[Network]) -> aiohttp.ClientSession:
    """Open the connections of webhooks: nothing is kept from one program to the next."""
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(networks), use_dns_cache=False, force_close=True
    )
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_SECONDS
    )


class Hooks:
    """Posts events.

    Args:
        session: Made by `open_session`.
        networks: Allowed beside the public internet.
        clock: The time.
    """

    def __init__(
        self, session: aiohttp.ClientSession, networks: Sequence[Network], clock: Clock
    ) -> None:
        self._session = session
        self._networks = networks
        self._clock = clock

    async def __call__(self, parcel: Parcel) -> None:
        """Post an event; any 2xx says that it has arrived, and what else is said is not read.

        Raises:
            Retryable: It has not arrived.
        """
        # Asked again: what is allowed may have changed since the address was added.
        if problem(parcel.url, self._networks):
            raise Retryable(0, "address")
        body = json.dumps(parcel.body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Nindy",
            "X-Nindy-Event": parcel.event_id,
            SIGNATURE: sign(parcel.secrets, body, self._clock()),
        }
        try:
            async with self._session.post(
                parcel.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status = response.status
                response.close()
        except AddressRefused:
            raise Retryable(0, "address") from None
        except asyncio.TimeoutError:
            raise Retryable(0, "timeout") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            refused = isinstance(getattr(error, "os_error", None), AddressRefused)
            raise Retryable(0, "address" if refused else "connection") from None
        if not 200 <= status < 300:
            raise Retryable(status, f"http_{status}")
