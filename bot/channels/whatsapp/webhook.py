"""The door of WhatsApp: verify, store, say "received"; thinking comes later."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from bot.channels.whatsapp.alarms import alarms_in
from bot.channels.whatsapp.parse import parse
from bot.channels.whatsapp.signature import Verdict, handshake, verify
from bot.clock import Clock
from bot.settings import Settings
from bot.turn.intake import Delivery, Intake

log = logging.getLogger(__name__)

LARGEST_BODY = 4 * 1024**2
"""A little above the 3 MB that one POST of Meta's may have."""
READ_SECONDS = 30.0
"""So long a body may take to come."""
PATH = "/webhooks/whatsapp"


class Webhook:
    """Answers Meta's handshake and takes its deliveries.

    Args:
        settings: Secrets, token and the id of our number.
        intake: Stores deliveries.
        clock: The time.
    """

    def __init__(self, settings: Settings, intake: Intake, clock: Clock) -> None:
        self._secrets = settings.app_secrets
        self._token = settings.whatsapp_verify_token.get_secret_value()
        self._number = settings.whatsapp_phone_number_id
        self._intake = intake
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get(PATH, self._handshake)
        app.router.add_post(PATH, self._deliver)

    async def _handshake(self, request: web.Request) -> web.Response:
        challenge = handshake(request.query, self._token)
        if challenge is None:
            raise web.HTTPForbidden
        return web.Response(text=challenge)

    async def _deliver(self, request: web.Request) -> web.Response:
        try:
            body = await asyncio.wait_for(request.read(), READ_SECONDS)
        except asyncio.TimeoutError:
            raise web.HTTPRequestTimeout from None
        verdict = verify(self._secrets, body, request.headers.get("X-Hub-Signature-256"))
        if verdict is Verdict.ABSENT:
            raise web.HTTPUnauthorized
        if verdict is Verdict.WRONG:
            raise web.HTTPForbidden
        delivered = parse(body, self._number, self._clock())
        for note in delivered.notes:
            log.warning("webhook note", extra={"code": note.code, "word": note.word})
        delivery = Delivery(
            delivered.messages, delivered.statuses, delivered.identity, alarms_in(delivered)
        )
        try:
            await self._intake.store(delivery)
        except Exception:
            # Anything but 200 comes back, for up to seven days: nothing is lost.
            log.exception("webhook could not be stored")
            raise web.HTTPServiceUnavailable from None
        return web.Response(text="ok")
