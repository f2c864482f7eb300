"""The composition root of the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

from aiohttp import web

from sandbox.control import Control
from sandbox.fault_answers import FaultAnswers
from sandbox.phone import Phone
from sandbox.upstream import refuse_invalid
from sandbox.world import World

LARGEST = 110 * 1024**2
"""A little more than the largest file that WhatsApp takes."""
WORLD = web.AppKey("world", World)


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(timezone.utc)


def create_app(
    *,
    webhook_url: str,
    app_secret: str,
    access_token: str,
    phone_number_id: str,
    now: Callable[[], datetime] = utc_now,
) -> web.Application:
    """Build the stand-ins and the phone.

    Args:
        webhook_url: Where the bot takes its webhooks.
        app_secret: Signs the webhooks.
        access_token: What the bot must present to the Graph API.
        phone_number_id: The bot's number.
        now: The clock.
    """
    world = World(
        webhook_url=webhook_url,
        app_secret=app_secret,
        access_token=access_token,
        phone_number_id=phone_number_id,
        now=now,
    )
    phone = Phone(world)
    faulty = FaultAnswers(world.faults, world.events, world.closing).middleware
    app = web.Application(middlewares=[faulty, refuse_invalid], client_max_size=LARGEST)
    app[WORLD] = world
    app.add_routes(world.graph.routes())
    app.add_routes(world.account.routes())
    app.add_routes(world.graph_media.routes())
    app.add_routes(world.span.routes())
    app.add_routes(world.sakti.routes())
    app.add_routes(world.digit.routes())
    app.add_routes(world.crm.routes())
    app.add_routes(Control(world).routes())
    app.add_routes(phone.routes())
    app.on_response_prepare.append(phone.protect)
    app.on_shutdown.append(world.close)
    app.cleanup_ctx.append(world.webhooks.run)
    return app
