"""Hands a ticket to the CRM (docs/upstream/crm.openapi.yaml).

The number is the ticket's identity there and the version says which of two is newer, so an answer
that is lost and a push that comes late make neither a second ticket nor an older one.
"""

from __future__ import annotations

from actions.clients.http import Upstream
from bot.ledger.deliveries import Parcel

SYSTEM = "crm"
_LEFT_OUT = ("id", "type", "at")


class Crm:
    """Pushes tickets.

    Args:
        upstream: The CRM.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def __call__(self, parcel: Parcel) -> None:
        """Push a ticket as the event shows it.

        Raises:
            UpstreamError: It was not taken.
        """
        body = {name: value for name, value in parcel.body.items() if name not in _LEFT_OUT}
        await self._upstream.ask(
            "/tickets",
            body,
            lambda answer: answer.text("number"),
            request_id=parcel.event_id,
            idempotency_key=f"{body['number']}:{body['version']}",
            ok=(200, 201),
        )
