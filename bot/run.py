"""Runs roles until a signal comes: all of them in one process (`nindy up`), or each in its own.

A role is a context: entered it opens its door or begins its work, left it drains and stops. The
last one in is the first one out, so the worker's last answers still find a sender.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Protocol

from aiohttp import web

from bot import demo, doors, works
from bot.app import House, open_house
from bot.channels.whatsapp.webhook import PATH
from bot.clock import now
from bot.errors import StartupError
from bot.ledger import claims, confidence, handover, people
from bot.ledger.people import SESSION
from bot.live.notify import beat, notify
from bot.personal.expiry import expire
from bot.settings import Settings
from bot.turn.sweep import sweep

log = logging.getLogger(__name__)

_IDLE_SECONDS = 150.0
"""So long a connection may bring no whole head; the proxy ends its idle ones after two minutes."""
_WORKER_STOPS, _SENDER_STOPS, _DOOR_STOPS, _LAST_WORD = 6.5, 3.0, 1.0, 0.5
"""Seconds that each may take to stop: of all together, and the ledger's closing, less than 15."""
_FILES = 16_384
_LOOK_AGAIN, _SWEEP_AGAIN, _WAVES_AGAIN = 60.0, 6 * 3600.0, 2.0
"""Seconds between two looks at the tickets' clocks, what need not be kept, and broadcasts."""

Tasks = list["asyncio.Task[None]"]
"""What a role has begun that must not end by itself."""
Role = Callable[[House], AbstractAsyncContextManager[Tasks]]


async def run(
    settings: Settings, roles: Collection[str], ready: Callable[[list[demo.Account]], None]
) -> None:
    """Run roles in this process until a signal comes; then drain and stop.

    Args:
        settings: Where to listen and what to speak to.
        roles: Some of `ROLES`.
        ready: Called once the doors are open, with the desk's demo accounts.

    Raises:
        StartupError: A port is taken, or a part cannot start.
    """
    stop = _stop_event()
    _allow_many_connections()
    async with AsyncExitStack() as stack:
        if SANDBOX in roles:
            await stack.enter_async_context(_sandbox(settings))
        accounts: list[demo.Account] = []
        tasks: Tasks = []
        if set(roles) - {SANDBOX}:
            house = await stack.enter_async_context(open_house(settings))
            if "desk" in roles:
                accounts = await asyncio.to_thread(demo.ensure, settings, house.ledger, now())
            if settings.status_port:
                status = doors.status(house, lambda: "worker" not in roles or house.model.is_loaded)
                await stack.enter_async_context(
                    _door(status, settings.host, settings.status_port, "STATUS")
                )
            for name, role in _HOUSE_ROLES.items():
                if name in roles:
                    tasks += await stack.enter_async_context(role(house))
        if "worker" not in roles:
            notify("READY=1")
        ready(accounts)
        await _until(stop, tasks)
        notify("STOPPING=1")


async def _until(stop: asyncio.Event, tasks: Tasks) -> None:
    stopping, beating = asyncio.create_task(stop.wait()), asyncio.create_task(beat())
    try:
        await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        beating.cancel()
    for task in tasks:
        if task.done():
            task.result()


@contextlib.asynccontextmanager
async def _sandbox(settings: Settings) -> AsyncIterator[None]:
    from sandbox.app import create_app

    app = create_app(
        webhook_url=f"http://{settings.host}:{settings.edge_port}{PATH}",
        app_secret=settings.app_secrets[0].decode(),
        access_token=settings.whatsapp_access_token.get_secret_value(),
        phone_number_id=settings.whatsapp_phone_number_id,
    )
    async with _door(app, settings.host, settings.sandbox_port, "SANDBOX"):
        yield


@contextlib.asynccontextmanager
async def _desk(house: House) -> AsyncIterator[Tasks]:
    settings = house.settings
    async with _door(doors.desk(house), settings.host, settings.desk_port, "DESK"):
        yield []


@contextlib.asynccontextmanager
async def _web(house: House) -> AsyncIterator[Tasks]:
    settings = house.settings
    async with _door(doors.edge(house), settings.host, settings.edge_port, "EDGE"):
        yield []


@contextlib.asynccontextmanager
async def _sender(house: House) -> AsyncIterator[Tasks]:
    async with _running([works.sender(house), works.courier(house)], _SENDER_STOPS) as tasks:
        yield tasks
    if not tasks[0].done():
        # Whether these were shown nobody knows; their statuses will tell.
        wait, mine = timedelta(seconds=house.settings.settle_seconds), [house.owner.name]
        await _last_word(house.ledger.run(handover.recover, mine, now(), wait))


@contextlib.asynccontextmanager
async def _worker(house: House) -> AsyncIterator[Tasks]:
    looking = [
        asyncio.create_task(_again(partial(_look, house), _LOOK_AGAIN)),
        asyncio.create_task(_again(partial(_sweep, house), _SWEEP_AGAIN)),
        asyncio.create_task(_again(partial(_send_waves, house), _WAVES_AGAIN)),
    ]
    async with _running([_Answering(house), works.fetcher(house)], _WORKER_STOPS) as tasks:
        yield [*tasks, *looking]
    for task in looking:
        task.cancel()
    if not tasks[0].done():
        # Another worker may take the turns over that last too long.
        await _last_word(house.ledger.run(claims.release, [house.owner.name]))


_HOUSE_ROLES: dict[str, Role] = {"desk": _desk, "web": _web, "sender": _sender, "worker": _worker}
SANDBOX = "sandbox"
ROLES = (SANDBOX, *_HOUSE_ROLES)
"""Everything that `nindy up` runs in one process."""


class _Runs(Protocol):
    """What works until it is asked to stop, and then finishes what it has begun."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


@contextlib.asynccontextmanager
async def _running(works: Sequence[_Runs], seconds: float) -> AsyncIterator[Tasks]:
    tasks = [asyncio.create_task(work.run()) for work in works]
    try:
        yield tasks
    finally:
        for work in works:
            work.stop()
        await asyncio.wait(tasks, timeout=seconds)


class _Answering:
    """The worker, from the loading of its model on."""

    def __init__(self, house: House) -> None:
        self._loading = asyncio.create_task(works.worker(house))

    async def run(self) -> None:
        worker = await self._loading
        log.info("worker is ready")
        notify("READY=1")
        await worker.run()

    def stop(self) -> None:
        if self._loading.done():
            if not self._loading.cancelled() and not self._loading.exception():
                self._loading.result().stop()
        else:
            self._loading.cancel()


async def _again(look: Callable[[], Awaitable[object]], every: float) -> None:
    while True:
        try:
            await look()
        except Exception:
            log.exception("what is done now and then cannot be done; trying again")
        await asyncio.sleep(every)


async def _look(house: House) -> None:
    if await house.ledger.run(works.watch(house).look, now()):
        house.wake.ring("outbox")
    await house.ledger.run(people.forget_dialogues, now() - SESSION)
    await house.ledger.run(confidence.finish_erasing, now() - confidence.NO_NEWS)


async def _sweep(house: House) -> None:
    await expire(house.ledger, house.files, house.periods, house.owner.name, now)
    if removed := await sweep(house.ledger, house.files):
        log.info("files that nobody needs were removed: %d", removed)


async def _send_waves(house: House) -> None:
    if await house.ledger.run(works.waves(house).look, now()):
        house.wake.ring("outbox")


async def _last_word(writing: Awaitable[object]) -> None:
    try:
        await asyncio.wait_for(writing, _LAST_WORD)
    except Exception:
        log.exception("what is not finished cannot be freed; it will be when its time is over")


@contextlib.asynccontextmanager
async def _door(app: web.Application, host: str, port: int, name: str) -> AsyncIterator[None]:
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=_DOOR_STOPS, keepalive_timeout=_IDLE_SECONDS
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartupError(
                f"port {port} on {host}: {error.strerror}; "
                f"end what uses it or set NINDY_{name}_PORT"
            ) from None
        yield
    finally:
        await runner.cleanup()


def _allow_many_connections() -> None:
    # Each open stream of web chat is a file; many systems allow only 1,024 unless asked.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
