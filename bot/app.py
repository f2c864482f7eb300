"""The composition root: the only place that wires the parts together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from actions import services as action_services
from actions.clients import upstream
from actions.services import Services
from bot import metrics
from bot.api import hooks
from bot.api.app import PREFIX as API_PREFIX
from bot.api.app import create_app as create_api
from bot.api.bubbles import ApiOut
from bot.api.courier import Carry, Courier
from bot.api.crm import Crm
from bot.api.parts import Api
from bot.attachments.files import Files
from bot.attachments.scanner import Scanner
from bot.background import in_daemon
from bot.broadcast.changes import Broadcasts
from bot.broadcast.notices import Notices
from bot.broadcast.waves import Waves
from bot.channels.message import Reply
from bot.channels.webchat.door import PREFIX
from bot.channels.webchat.door import create_app as create_chat
from bot.channels.webchat.pages import demo_routes
from bot.channels.webchat.words import ChatWords
from bot.channels.whatsapp.client import GraphClient
from bot.channels.whatsapp.media import GraphMedia
from bot.channels.whatsapp.outgoing import WhatsAppOut
from bot.channels.whatsapp.pace import Pace
from bot.channels.whatsapp.uploads import Uploads
from bot.channels.whatsapp.webhook import LARGEST_BODY, Webhook
from bot.clock import JAKARTA, now
from bot.errors import StartupError
from bot.faq import Entry
from bot.faq.examine import Examiner
from bot.faq.follow import Follower
from bot.faq.review import Review
from bot.ledger import deliveries, fetches, inbox, migrate, outbox, subscribers
from bot.ledger.database import Ledger
from bot.live.owner import Owner
from bot.live.rates import Rates
from bot.live.shared import Shared
from bot.live.shared_rates import SharedRates
from bot.live.shared_wake import SharedWake
from bot.live.wake import Wake
from bot.nlu.edition import Edition
from bot.privacy import open_vault
from bot.routing import Candidates
from bot.settings import Settings
from bot.templates import Occasion
from bot.tickets.takeover import Takeover
from bot.tickets.watch import Watch
from bot.turn import training
from bot.turn.apology import Apology
from bot.turn.failpoints import Failpoints
from bot.turn.fetcher import Fetched, Fetcher
from bot.turn.file_words import FileWords
from bot.turn.held import Held
from bot.turn.intake import Intake
from bot.turn.late import Late
from bot.turn.notice import Noticed
from bot.turn.sender import Send, Sender
from bot.turn.with_files import WithFiles
from bot.turn.worker import Worker
from desk.app import create_app as create_desk
from desk.canned import read_canned, read_outside
from desk.cookies import Cookies
from desk.keys import Desk
from desk.live import Live
from desk.login import Login
from desk.oidc import Provider
from desk.work import Work

if TYPE_CHECKING:
    from bot.turn.dialogue import Dialogue

log = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[1]


Parse = Callable[[str], Awaitable[dict[str, Any]]]


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
    parse: Parse | None = None
    """What the model makes of a text, once it is loaded."""
    edition: Edition | None = None
    """What Nindy knows now, once the model is loaded."""
    _loading: asyncio.Task[Dialogue] | None = None
    _following: asyncio.Task[None] | None = None

    @property
    def choice_key(self) -> bytes:
        """Signs the ids of buttons and rows."""
        return self.ledger.vault.derived("choice")

    @property
    def spare(self) -> Reply:
        """The template for bubbles that turn out to be too late and bring none of their own."""
        return self.services.templates.reply(Occasion.MESSAGE)

    def webhook(self) -> web.Application:
        """Make the public edge."""
        app = web.Application(client_max_size=LARGEST_BODY)
        metrics.time_edge(app)
        intake, services = Intake(self.ledger, self.wake, now, self.spare), self.services
        Webhook(self.settings, intake, now).add_to(app)
        chat = create_chat(
            self.settings,
            self.ledger,
            intake,
            self.files,
            self.wake,
            now,
            services.calendar,
            services.catalogue,
            ChatWords.load(PROJECT / "data/webchat"),
        )
        app.add_subapp(PREFIX, chat)
        app.add_routes(demo_routes())
        app.add_subapp(API_PREFIX, self.api())
        app.router.add_get("/healthz", _ok)
        app.router.add_get("/readyz", self._ready)
        return app

    def api(self) -> web.Application:
        """Make the API of other front doors."""
        services = self.services
        return create_api(
            Api(
                ledger=self.ledger,
                now=now,
                wake=self.wake,
                changes=services.changes,
                calendar=services.calendar,
                catalogue=services.catalogue,
                judge=self.judge,
                files=self.files,
            )
        )

    async def judge(self, text: str) -> Candidates:
        """Tell which services a text may belong to; none until the model is loaded."""
        self._load_once()
        return await self.services.judge(text)

    def desk(self) -> web.Application:
        """Make the desk."""
        settings = self.settings
        provider = None
        if settings.oidc_issuer:
            provider = Provider(
                self.session,
                settings.oidc_issuer,
                settings.oidc_client_id,
                settings.oidc_client_secret.get_secret_value(),
                settings.oidc_role_claim,
                settings.desk_url,
                now,
            )
        return create_desk(
            Desk(
                ledger=self.ledger,
                now=now,
                url=settings.desk_url,
                cookies=Cookies(self.ledger.vault, settings.desk_url.startswith("https://")),
                login=Login(self.ledger, now),
                counts=self.counts,
                metrics_token=settings.metrics_token.get_secret_value(),
                provider=provider,
                units=frozenset(unit.name for unit in self.services.catalogue.units),
            ),
            self.work(),
        )

    def work(self) -> Work:
        """Gather what the desk's pages about tickets share."""
        services, data = self.services, PROJECT / "data/desk"
        return Work(
            changes=services.changes,
            takeover=Takeover(services.words),
            calendar=services.calendar,
            catalogue=services.catalogue,
            canned=read_canned(data / "balasan.yml"),
            outside=read_outside(data / "tujuan.yml"),
            templates=services.templates,
            suggest=self.suggest,
            wake=self.wake,
            live=Live(self.ledger),
            files=self.files,
            review=self.review,
            edition=self.known,
            broadcasts=Broadcasts(Notices.load(action_services.NOTICES), services.catalogue),
            waves=self.waves(),
        )

    @cached_property
    def review(self) -> Review:
        """Make what changes the FAQ at the desk."""
        services = self.services
        data, domain = PROJECT / "data", PROJECT / "domain.yml"
        examiner = Examiner(data, domain, services.catalogue, self.known)
        return Review(services.bank, services.catalogue, examiner)

    def known(self) -> Edition | None:
        """Return what Nindy knows; None, and the model is loaded, where it was not asked for yet.

        A desk of its own process loads the model only when somebody looks for what it needs.
        """
        self._load_once()
        return self.edition

    async def suggest(self, text: str) -> list[Entry]:
        """Give the FAQ entries nearest to a text; none until the model is loaded."""
        edition = self.known()
        if edition is None:
            return []
        found = edition.engine.match(text).alternatives
        return [edition.bank.get(id) for id, _ in found]

    async def dialogue(self) -> Dialogue:
        """Load the model, once; the event loop stays free meanwhile.

        Raises:
            StartupError: There is no model of today's data, or it cannot be loaded.
        """
        return await asyncio.shield(self._load_once())

    def _load_once(self) -> asyncio.Task[Dialogue]:
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(_say_why_not)
        return self._loading

    async def _load(self) -> Dialogue:
        from rasa_sdk.executor import ActionExecutor

        from actions.registry import hand_out

        model = training.model_path(PROJECT)
        if not model.exists():
            raise StartupError(f"{model}: no model of today's data; run `nindy train`")

        def load() -> Dialogue:
            from bot.turn.dialogue import Dialogue

            executor = ActionExecutor()
            dialogue = Dialogue(model, executor, self.choice_key)
            self.services = replace(self.services, judge=dialogue.judge)
            hand_out(self.services, executor)
            return dialogue

        dialogue = await in_daemon(load)
        self.parse = dialogue.parse

        def take(edition: Edition) -> None:
            dialogue.edition = self.edition = edition

        # What the desk has published by now is known already; the follower hears of the rest.
        follower = Follower(self.ledger, self.services.bank, dialogue.engine, self.wake, take)
        await follower.look()
        self._following = asyncio.create_task(follower.run())
        return dialogue

    def close(self) -> None:
        """End what goes on beside the roles."""
        for task in (self._loading, self._following):
            if task is not None:
                task.cancel()

    async def worker(self) -> Worker:
        """Load the model and make the worker."""
        dialogue = await self.dialogue()
        services = self.services
        apology = Apology(services.words, services.calendar, services.catalogue.unit(None))
        files = WithFiles(self.ledger, services.changes, self.file_words, dialogue.respond)
        late = Late(self.ledger, services.changes, apology, dialogue.parse, files)
        mark_read = GraphClient(self.session, *self._graph()).mark_read
        respond = Noticed({"whatsapp": mark_read}, late)
        listen = Held(services.changes, self.choice_key, dialogue.parse)
        return Worker(
            self.ledger, respond, apology, listen, self.owner, self.wake, now, self.failpoints
        )

    def watch(self) -> Watch:
        """Make what looks at the tickets' clocks."""
        services = self.services
        return Watch(services.calendar, services.catalogue, services.changes)

    def waves(self) -> Waves:
        """Make what sends broadcasts."""
        settings = self.settings
        pause = timedelta(seconds=settings.broadcast_pause)
        return Waves(settings.broadcast_wave, pause, settings.broadcast_per_day)

    @property
    def file_words(self) -> FileWords:
        """What people are told about files."""
        return FileWords(self.services.words, self.files.largest)

    def fetcher(self) -> Fetcher:
        """Make what fetches files from the channels."""
        sources: dict[str, Fetched] = {"whatsapp": self._graph_media().fetch}
        return Fetcher(self.ledger, self.files, sources, self.file_words, self.wake, now)

    def _graph_media(self) -> GraphMedia:
        return GraphMedia(self.session, *self._graph(), self.files.largest)

    def _graph(self) -> tuple[str, str, str]:
        settings = self.settings
        token = settings.whatsapp_access_token.get_secret_value()
        return settings.whatsapp_api_url, settings.whatsapp_phone_number_id, token

    def sender(self) -> Sender:
        """Make the sender."""
        settings = self.settings
        client = GraphClient(self.session, *self._graph())
        number, per_second = settings.whatsapp_phone_number_id, settings.whatsapp_per_second
        pace = Pace(self.rates, number, per_second)
        menu_word = self.services.words.text("utter_menu_button")
        uploads = Uploads(self.ledger, self.files, self._graph_media(), now)
        channels: dict[str, Send] = {
            "whatsapp": WhatsAppOut(client, uploads, self.choice_key, menu_word, pace),
            deliveries.API: ApiOut(self.ledger, self.wake, now),
        }
        return Sender(
            self.ledger,
            channels,
            self.owner,
            self.wake,
            now,
            self.failpoints,
            timedelta(seconds=settings.settle_seconds),
            self.spare,
        )

    def courier(self) -> Courier:
        """Make what tells other programs of tickets."""
        settings, others = self.settings, dict[str, Carry]()
        if settings.crm_url:
            others[subscribers.CRM] = Crm(upstream("crm", settings, self.session))
        carry = hooks.Hooks(self.hooks, settings.reachable, now)
        return Courier(self.ledger, carry, others, self.wake, now, self.failpoints)

    async def counts(self) -> dict[str, int]:
        """Count what waits and what could not be done."""
        return {
            "inbox_waiting": await self.ledger.run(inbox.waiting),
            "files_waiting": await self.ledger.run(fetches.waiting),
            "dead_letters": await self.ledger.run(inbox.dead_letters),
            **{f"outbox_{k}": v for k, v in (await self.ledger.run(outbox.counts)).items()},
            **{f"deliveries_{k}": v for k, v in (await self.ledger.run(deliveries.totals)).items()},
        }

    def status(self, ready: Callable[[], bool]) -> web.Application:
        """Make the door of those who watch a process: whether it lives, can work, and its metrics.

        Args:
            ready: Says whether all has begun that this process is for.
        """

        async def is_ready(request: web.Request) -> web.Response:
            return await self._ready(request) if ready() else web.Response(status=503)

        async def page(request: web.Request) -> web.Response:
            token = self.settings.metrics_token.get_secret_value()
            return await metrics.answer(request, self.ledger, now, token)

        app = web.Application()
        app.router.add_get("/healthz", _ok)
        app.router.add_get("/readyz", is_ready)
        app.router.add_get("/metrics", page)
        return app

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
        to_hooks = await stack.enter_async_context(hooks.open_session(settings.reachable))
        ledger.transact(subscribers.set_crm, bool(settings.crm_url), now())
        services = action_services.build(settings, ledger, session)
        scanner = Scanner(settings.scan_command) if settings.scan_command else None
        files = Files(settings.files_dir, ledger.vault, settings.file_bytes, scanner)
        for warning in services.calendar.check(now().astimezone(JAKARTA).date()):
            log.warning("calendar: %s", warning)
        wake, rates = await stack.enter_async_context(_shared(settings))
        house = House(
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
        )
        stack.callback(house.close)
        yield house


@contextlib.asynccontextmanager
async def _shared(settings: Settings) -> AsyncIterator[tuple[Wake, Rates]]:
    url = settings.redis_url.get_secret_value()
    if not url:
        yield Wake(), Rates()
        return
    shared = Shared(url)
    wake = SharedWake(shared)
    running = asyncio.create_task(wake.run())
    try:
        yield wake, SharedRates(shared)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await shared.close()


def _say_why_not(loading: asyncio.Task[Dialogue]) -> None:
    if not loading.cancelled() and (error := loading.exception()):
        log.warning("the model is not loaded: %s", error)


async def _ok(_request: web.Request) -> web.Response:
    return web.Response(text="ok")
