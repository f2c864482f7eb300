"""The composition root: the only place that wires the parts together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from actions import services as action_services
from actions.services import Services
from bot.api import hooks
from bot.attachments.files import Files
from bot.attachments.scanner import Scanner
from bot.channels.message import Reply
from bot.clock import JAKARTA, now
from bot.ledger import migrate, subscribers
from bot.ledger.database import Ledger
from bot.live.owner import Owner
from bot.live.rates import Rates
from bot.live.shared import Shared
from bot.live.shared_rates import SharedRates
from bot.live.shared_wake import SharedWake
from bot.live.wake import Wake
from bot.model import Model
from bot.personal.periods import Periods
from bot.privacy import open_vault
from bot.settings import Settings
from bot.templates import Occasion
from bot.turn.failpoints import Failpoints

log = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class House:
    """What every role shares: settings, ledger, wake-ups, the actions' services."""

    settings: Settings
    ledger: Ledger
    wake: Wake
    owner: Owner
    services: Services
    session: aiohttp.ClientSession
    files: Files
    hooks: aiohttp.ClientSession
    """For webhooks alone: it reaches only what they may reach."""
    failpoints: Failpoints
    rates: Rates
    """Of the channels we send through."""
    limits: Rates
    """Of those who ask us."""
    model: Model
    periods: Periods

    @property
    def choice_key(self) -> bytes:
        """Signs the ids of buttons and rows."""
        return self.ledger.vault.derived("choice")

    @property
    def spare(self) -> Reply:
        """The template for bubbles that turn out to be too late and bring none of their own."""
        return self.services.templates.reply(Occasion.MESSAGE)


@contextlib.asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Open what all roles share and close it at the end.

    Raises:
        StartupError: A setting, key, data file or the database stops the start.
    """
    ledger = Ledger(settings.database_url, open_vault(settings))
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(ledger.close)
        migrate.upgrade(ledger)
        owner = Owner(settings.var_dir / "running")
        stack.callback(owner.close)
        # No cookie of one person's request may travel with the next, and a connection that the
        # other side may just be closing is not used for a send that cannot be repeated.
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(keepalive_timeout=4, limit=200),
            )
        )
        to_hooks = await stack.enter_async_context(hooks.open_session(settings.reachable))
        ledger.transact(subscribers.set_crm, bool(settings.crm_url), now())
        services = action_services.build(settings, ledger, session)
        scanner = Scanner(settings.scan_command) if settings.scan_command else None
        files = Files(settings.files_dir, ledger.vault, settings.file_bytes, scanner)
        for warning in services.calendar.check(now().astimezone(JAKARTA).date()):
            log.warning("calendar: %s", warning)
        wake, rates, limits = await stack.enter_async_context(_shared(settings))
        model = Model(ledger, wake, services, ledger.vault.derived("choice"))
        stack.callback(model.close)
        yield House(
            settings,
            ledger,
            wake,
            owner,
            services,
            session,
            files,
            to_hooks,
            Failpoints(os.environ.get("NINDY_FAILPOINT", "")),
            rates,
            limits,
            model,
            Periods.load(),
        )


@contextlib.asynccontextmanager
async def _shared(settings: Settings) -> AsyncIterator[tuple[Wake, Rates, Rates]]:
    url = settings.redis_url.get_secret_value()
    if not url:
        yield Wake(), Rates(), Rates()
        return
    shared = Shared(url)
    wake = SharedWake(shared)
    running = asyncio.create_task(wake.run())
    try:
        # Without Redis a guest rather gets too much than too little.
        yield wake, SharedRates(shared), SharedRates(shared, share=1)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await shared.close()
