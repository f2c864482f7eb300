"""Runs every role in one process until a signal comes (`nindy up`)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable

from aiohttp import web

from bot import demo
from bot.app import House, open_house
from bot.channels.whatsapp.webhook import PATH
from bot.clock import now
from bot.errors import StartupError
from bot.ledger import people
from bot.ledger.people import SESSION
from bot.settings import Settings

log = logging.getLogger(__name__)

STOP_SECONDS = 12.0
_LOOK_AGAIN = 60.0
"""Seconds between two looks at the tickets' clocks."""


async def up(settings: Settings, ready: Callable[[list[demo.Account]], None]) -> None:
    """Run everything in this process until a signal comes; then drain and stop.

    Args:
        settings: Where to listen and what to speak to.
        ready: Called once the doors are open, with the desk's demo accounts.

    Raises:
        StartupError: A port is taken, or a part cannot start.
    """
    from sandbox.app import create_app as create_sandbox

    stop = _stop_event()
    async with open_house(settings) as house, contextlib.AsyncExitStack() as stack:
        sandbox = create_sandbox(
            webhook_url=f"http://{settings.host}:{settings.edge_port}{PATH}",
            app_secret=settings.app_secrets[0].decode(),
            access_token=settings.whatsapp_access_token.get_secret_value(),
            phone_number_id=settings.whatsapp_phone_number_id,
        )
        accounts = await asyncio.to_thread(demo.ensure, settings, house.ledger, now())
        await _serve(stack, sandbox, settings.host, settings.sandbox_port, "SANDBOX")
        await _serve(stack, house.desk(), settings.host, settings.desk_port, "DESK")
        await _serve(stack, house.webhook(), settings.host, settings.edge_port, "EDGE")
        ready(accounts)
        await _work(house, stop)


async def _work(house: House, stop: asyncio.Event) -> None:
    sender, fetcher, courier = house.sender(), house.fetcher(), house.courier()
    sending = asyncio.create_task(sender.run())
    fetching = asyncio.create_task(fetcher.run())
    delivering = asyncio.create_task(courier.run())
    watching = asyncio.create_task(_look(house))
    stopping = asyncio.create_task(stop.wait())
    try:
        loading = asyncio.create_task(house.worker())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set() and not loading.done():
            return
        worker = await loading
        log.info("worker is ready")
        working = asyncio.create_task(worker.run())
        ends = {working, sending, delivering, stopping}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        worker.stop()
        await asyncio.wait({working}, timeout=STOP_SECONDS * 0.7)
    finally:
        stopping.cancel()
        watching.cancel()
        fetcher.stop()
        sender.stop()
        courier.stop()
        await asyncio.wait({sending, fetching, delivering}, timeout=STOP_SECONDS * 0.3)


async def _look(house: House) -> None:
    watch = house.watch()
    while True:
        try:
            if await house.ledger.run(watch.look, now()):
                house.wake.ring("outbox")
            await house.ledger.run(people.forget_dialogues, now() - SESSION)
        except Exception:
            log.exception("the tickets' clocks cannot be read; trying again")
        await asyncio.sleep(_LOOK_AGAIN)


async def _serve(
    stack: contextlib.AsyncExitStack, app: web.Application, host: str, port: int, name: str
) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise StartupError(
            f"port {port} on {host}: {error.strerror}; end what uses it or set NINDY_{name}_PORT"
        ) from None


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
