"""The doors of a house: the public edge, the API, the desk, and the door of those who watch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aiohttp import web

from actions.services import BROADCAST_TEXTS
from bot import metrics, works
from bot.api.app import PREFIX as API_PREFIX
from bot.api.app import create_app as create_api
from bot.api.parts import Api
from bot.app import House
from bot.broadcast.changes import Broadcasts
from bot.broadcast.texts import BroadcastTexts
from bot.channels.webchat.door import PREFIX
from bot.channels.webchat.door import create_app as create_chat
from bot.channels.webchat.pages import demo_routes
from bot.channels.webchat.words import ChatWords
from bot.channels.whatsapp.webhook import LARGEST_BODY, Webhook
from bot.clock import now
from bot.faq.examine import Examiner
from bot.faq.review import Review
from bot.ledger import deliveries, fetches, inbox, outbox
from bot.log import told
from bot.places import Proxies
from bot.turn.intake import Intake
from desk.app import create_app as create_desk
from desk.canned import read_canned, read_outside
from desk.cookies import Cookies
from desk.keys import Desk
from desk.live import Live
from desk.login import Login
from desk.oidc import Provider
from desk.work import Work

log = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[1]


def edge(house: House) -> web.Application:
    """Make the public edge."""
    app = web.Application(client_max_size=LARGEST_BODY)
    metrics.time_edge(app)
    services = house.services
    moved = services.words.reply("utter_nomor_berganti")
    intake = Intake(house.ledger, house.wake, now, house.spare, moved)
    Webhook(house.settings, intake, now).add_to(app)
    chat = create_chat(
        house.settings,
        house.ledger,
        intake,
        house.files,
        house.wake,
        now,
        services.calendar,
        services.catalogue,
        ChatWords.load(PROJECT / "data/webchat"),
        house.limits,
    )
    app.add_subapp(PREFIX, chat)
    app.add_routes(demo_routes())
    app.add_subapp(API_PREFIX, api(house))
    app.router.add_get("/healthz", _ok)
    app.router.add_get("/readyz", partial(_ready, house))
    return app


def api(house: House) -> web.Application:
    """Make the API of other front doors."""
    services = house.services
    return create_api(
        Api(
            ledger=house.ledger,
            now=now,
            wake=house.wake,
            changes=services.changes,
            calendar=services.calendar,
            catalogue=services.catalogue,
            judge=house.model.judge,
            files=house.files,
            proxies=Proxies(house.settings.proxies),
            rates=house.limits,
        )
    )


def desk(house: House) -> web.Application:
    """Make the desk."""
    settings = house.settings
    provider = None
    if settings.oidc_issuer:
        provider = Provider(
            house.session,
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret.get_secret_value(),
            settings.oidc_role_claim,
            settings.desk_url,
            now,
        )
    return create_desk(
        Desk(
            ledger=house.ledger,
            now=now,
            url=settings.desk_url,
            cookies=Cookies(house.ledger.vault, settings.desk_url.startswith("https://")),
            login=Login(house.ledger, now, house.limits),
            proxies=Proxies(settings.proxies),
            counts=partial(counts, house),
            metrics_token=settings.metrics_token.get_secret_value(),
            provider=provider,
            units=frozenset(unit.name for unit in house.services.catalogue.units),
        ),
        _work(house),
    )


def _work(house: House) -> Work:
    """Gather what the desk's pages about tickets share."""
    services, data = house.services, PROJECT / "data/desk"
    return Work(
        changes=services.changes,
        takeover=services.takeover,
        calendar=services.calendar,
        catalogue=services.catalogue,
        canned=read_canned(data / "balasan.yml"),
        outside=read_outside(data / "tujuan.yml"),
        templates=services.templates,
        suggest=house.model.suggest,
        wake=house.wake,
        live=Live(house.ledger),
        files=house.files,
        review=_review(house),
        edition=house.model.known,
        broadcasts=Broadcasts(BroadcastTexts.load(BROADCAST_TEXTS), services.catalogue),
        waves=works.waves(house),
    )


def _review(house: House) -> Review:
    """Make what changes the FAQ at the desk."""
    services = house.services
    data, domain = PROJECT / "data", PROJECT / "domain.yml"
    examiner = Examiner(data, domain, services.catalogue, house.model.known)
    return Review(services.bank, services.catalogue, examiner)


async def counts(house: House) -> dict[str, int]:
    """Count what waits and what could not be done."""
    return {
        "inbox_waiting": await house.ledger.run(inbox.waiting),
        "files_waiting": await house.ledger.run(fetches.waiting),
        "dead_letters": await house.ledger.run(inbox.dead_letters),
        **{f"outbox_{k}": v for k, v in (await house.ledger.run(outbox.counts)).items()},
        **{f"deliveries_{k}": v for k, v in (await house.ledger.run(deliveries.totals)).items()},
    }


def status(house: House, ready: Callable[[], bool]) -> web.Application:
    """Make the door of those who watch a process: whether it lives, can work, and its metrics.

    Args:
        ready: Says whether all has begun that this process is for.
    """

    async def is_ready(request: web.Request) -> web.Response:
        return await _ready(house, request) if ready() else web.Response(status=503)

    async def page(request: web.Request) -> web.Response:
        token = house.settings.metrics_token.get_secret_value()
        return await metrics.answer(request, house.ledger, now, token)

    app = web.Application()
    app.router.add_get("/healthz", _ok)
    app.router.add_get("/readyz", is_ready)
    app.router.add_get("/metrics", page)
    return app


async def _ready(house: House, _request: web.Request) -> web.Response:
    try:
        await house.ledger.run(inbox.waiting)
    except Exception as error:
        log.warning("not ready, the inbox cannot be read: %s", told(error))
        return web.Response(text="database is away", status=503)
    return web.Response(text="ok")


async def _ok(_request: web.Request) -> web.Response:
    return web.Response(text="ok")
