"""The composition root: the only place that wires the parts together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from actions import fields
from actions import services as action_services
from actions.services import Services
from bot import faq_check, name_check
from bot.catalogue import Catalogue
from bot.channels.whatsapp.client import GraphClient
from bot.channels.whatsapp.outgoing import WhatsAppOut
from bot.channels.whatsapp.webhook import LARGEST_BODY, PATH, Webhook
from bot.clock import JAKARTA, now
from bot.errors import StartupError
from bot.faq import Bank
from bot.ledger import inbox, migrate, outbox
from bot.ledger.database import Ledger
from bot.live.owner import Owner
from bot.live.wake import Wake
from bot.nlu.lexicon import Lexicon
from bot.privacy import open_vault
from bot.settings import Settings
from bot.turn import training
from bot.turn.apology import Apology
from bot.turn.failpoints import Failpoints
from bot.turn.intake import Intake
from bot.turn.plain import plain
from bot.turn.sender import Send, Sender
from bot.turn.worker import Worker
from desk.app import create_app as create_desk

if TYPE_CHECKING:
    from bot.turn.dialogue import Dialogue

log = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 12.0
_NOISE_SEEDS = range(5)


@dataclass
class House:
    """What every role shares: settings, ledger, wake-ups, the actions' services."""

    settings: Settings
    ledger: Ledger
    wake: Wake
    owner: Owner
    services: Services
    session: aiohttp.ClientSession
    failpoints: Failpoints

    @property
    def choice_key(self) -> bytes:
        """Signs the ids of buttons and rows."""
        return self.ledger.vault.derived("choice")

    def webhook(self) -> web.Application:
        """Make the public edge."""
        app = web.Application(client_max_size=LARGEST_BODY)
        Webhook(self.settings, Intake(self.ledger, self.wake, now), now).add_to(app)
        app.router.add_get("/healthz", _ok)
        app.router.add_get("/readyz", self._ready)
        return app

    def desk(self) -> web.Application:
        """Make the desk."""
        return create_desk(self.counts)

    async def worker(self) -> Worker:
        """Load the model and make the worker; the event loop stays free meanwhile."""
        from rasa_sdk.executor import ActionExecutor

        from actions.registry import hand_out

        model = training.model_path(PROJECT)
        if not model.exists():
            raise StartupError(f"{model}: no model of today's data; run `nindy train`")

        def load() -> Dialogue:
            from bot.turn.dialogue import Dialogue

            executor = ActionExecutor()
            dialogue = Dialogue(model, executor, self.choice_key)
            hand_out(replace(self.services, judge=dialogue.judge), executor)
            return dialogue

        dialogue = await asyncio.to_thread(load)
        services = self.services
        apology = Apology(services.words, services.calendar, services.catalogue.unit(None))
        respond = dialogue.respond
        return Worker(self.ledger, respond, apology, self.owner, self.wake, now, self.failpoints)

    def sender(self) -> Sender:
        """Make the sender."""
        settings = self.settings
        client = GraphClient(
            self.session,
            settings.whatsapp_api_url,
            settings.whatsapp_phone_number_id,
            settings.whatsapp_access_token.get_secret_value(),
        )
        menu_word = self.services.words.text("utter_menu_button")
        channels: dict[str, Send] = {"whatsapp": WhatsAppOut(client, self.choice_key, menu_word)}
        return Sender(
            self.ledger,
            channels,
            self.owner,
            self.wake,
            now,
            self.failpoints,
            timedelta(seconds=settings.settle_seconds),
        )

    async def counts(self) -> dict[str, int]:
        """Count what waits and what could not be done."""
        return {
            "inbox_waiting": await self.ledger.run(inbox.waiting),
            "dead_letters": await self.ledger.run(inbox.dead_letters),
            **{f"outbox_{k}": v for k, v in (await self.ledger.run(outbox.counts)).items()},
        }

    async def _ready(self, _request: web.Request) -> web.Response:
        try:
            await self.ledger.run(inbox.waiting)
        except Exception:
            return web.Response(text="database is away", status=503)
        return web.Response(text="ok")


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
        services = action_services.build(settings, ledger, session)
        for warning in services.calendar.check(now().astimezone(JAKARTA).date()):
            log.warning("calendar: %s", warning)
        yield House(
            settings,
            ledger,
            Wake(),
            owner,
            services,
            session,
            Failpoints(os.environ.get("NINDY_FAILPOINT", "")),
        )


def check_data() -> list[str]:
    """Read every data file and return what should be mended soon, a line each.

    Raises:
        StartupError: A file is wrong, or the calendar does not reach far enough.
    """
    today = now().astimezone(JAKARTA).date()
    calendar = action_services.check_data()
    warnings = [f"{calendar.folder}: {line}" for line in calendar.check(today)]
    faq = PROJECT / "data/faq"
    catalogue = Catalogue(PROJECT / "data/catalogue")
    return [
        *warnings,
        *faq_check.problems(faq, today),
        *name_check.problems(faq, PROJECT / "domain.yml", catalogue),
    ]


async def up(settings: Settings, ready: Callable[[], None]) -> None:
    """Run everything in this process until a signal comes; then drain and stop.

    Args:
        settings: Where to listen and what to speak to.
        ready: Called once the doors are open.

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
        await _serve(stack, sandbox, settings.host, settings.sandbox_port, "SANDBOX")
        await _serve(stack, house.desk(), settings.host, settings.desk_port, "DESK")
        await _serve(stack, house.webhook(), settings.host, settings.edge_port, "EDGE")
        ready()
        await _work(house, stop)


async def _work(house: House, stop: asyncio.Event) -> None:
    sender = house.sender()
    sending = asyncio.create_task(sender.run())
    stopping = asyncio.create_task(stop.wait())
    try:
        loading = asyncio.create_task(house.worker())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set() and not loading.done():
            return
        worker = await loading
        log.info("worker is ready")
        working = asyncio.create_task(worker.run())
        await asyncio.wait({working, sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        worker.stop()
        await asyncio.wait({working}, timeout=STOP_SECONDS * 0.7)
    finally:
        stopping.cancel()
        sender.stop()
        await asyncio.wait({sending}, timeout=STOP_SECONDS * 0.3)


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


async def _ok(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


def match_lines(lines: list[str]) -> Iterator[str]:
    """Give the matcher's answer to each line as one line of JSON (`nindy match`)."""
    from rasa.core.agent import Agent

    agent = Agent.load(str(training.model_path(PROJECT)))
    for line in lines:
        parsed = asyncio.run(agent.parse_message(plain(line)))
        found = dict(parsed["match"])
        found["slots"] = fields.find(line, fields.NAMES)
        yield json.dumps(found, ensure_ascii=False)


def evaluate(rows: Path, noise: float) -> str:
    """Measure the matcher on a file of questions and return the report (`nindy evaluate`).

    Args:
        rows: Tab-separated: text, expected, service.
        noise: Chance of each word to be spoilt by slang, and by a typing error.

    Raises:
        StartupError: The file, the model or the configuration is wrong.
    """
    from bot.nlu import evaluate as measuring
    from bot.nlu.archive import open_engine
    from bot.nlu.calibration import asked_for
    from bot.nlu.noise import Noise, turned_round

    engine = open_engine(training.model_path(PROJECT), PROJECT / "config.yml")
    asked = measuring.read(rows)
    known = Bank.load(PROJECT / "data/faq")
    intents = {row.expected for row in asked if row.expected not in known}
    if noise:
        slang = Lexicon.load(PROJECT / "data/lexicon").slang
        spoil = Noise(turned_round(slang), noise, noise)
        asked = [row for seed in _NOISE_SEEDS for row in measuring.noised(asked, spoil, seed)]
    outcomes = measuring.run(asked, engine.match)
    measures = measuring.measure(outcomes, dict.fromkeys(intents - {measuring.NEAR, measuring.FAR}))
    measures["slope asked for"], measures["shift asked for"] = asked_for(engine, asked)
    return measuring.report(measures, measuring.confusions(outcomes))
