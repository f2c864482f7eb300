"""The door of web chat: its application, made of the parts it is handed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aiohttp import web

from bot.attachments.files import Files
from bot.catalogue import Catalogue
from bot.channels.webchat import messages, pages, sessions, stream, uploads
from bot.channels.webchat.guard import guard, headers
from bot.channels.webchat.hub import Hub
from bot.channels.webchat.keys import CHAT, Chat, Limits, issue_for
from bot.channels.webchat.office import Office
from bot.channels.webchat.words import ChatWords
from bot.clock import Clock
from bot.ledger.database import Ledger
from bot.live.limits import Limit
from bot.live.rates import Rate, Rates
from bot.live.wake import Wake
from bot.places import Proxies
from bot.settings import Settings
from bot.turn.intake import Intake
from bot.worktime import WorkCalendar

PREFIX = "/webchat"
_SESSION = Rate(every=0.1, burst=60)
_MESSAGES = Rate(every=1.0, burst=20)
_UPLOADS = Rate(every=30.0, burst=10)
_UPLOADS_OF_ADDRESS = Rate(every=1.0, burst=50)
_SECONDS = 10
"""What an address may have at once are so many seconds of its rate; as many streams, too."""
_NEW_SESSIONS = 10
"""Of so many requests of an address one may begin a session."""


def create_app(
    settings: Settings,
    ledger: Ledger,
    intake: Intake,
    files: Files,
    wake: Wake,
    clock: Clock,
    calendar: WorkCalendar,
    catalogue: Catalogue,
    words: ChatWords,
    rates: Rates,
) -> web.Application:
    """Make the application that answers under `PREFIX`.

    Args:
        settings: Origins, proxies, rates and the host site's key.
        ledger: Where conversations are.
        intake: Stores messages.
        files: Keeps files.
        wake: Rings when something may be new.
        clock: The time.
        calendar: Working hours.
        catalogue: The other channels.
        words: What the widget says.
        rates: Where it is counted how much is asked for.
    """
    app = web.Application(middlewares=[guard])
    choice_key, office = ledger.vault.derived("choice"), Office(calendar, words)
    app[CHAT] = Chat(
        ledger=ledger,
        intake=intake,
        files=files,
        wake=wake,
        clock=clock,
        calendar=calendar,
        catalogue=catalogue,
        words=words,
        office=office,
        hub=Hub(
            ledger,
            wake.ear("inbox", "outbox"),
            clock,
            lambda: office.is_open(clock()),
            partial(issue_for, choice_key),
        ),
        limits=_limits(rates, ledger.vault.key, settings.webchat_per_address),
        proxies=Proxies(settings.proxies),
        origins=settings.chat_origins,
        choice_key=choice_key,
        token_key=ledger.vault.derived("webchat-token"),
        identity_key=settings.webchat_identity_key.get_secret_value().encode(),
        streams_of_address=int(settings.webchat_per_address * _SECONDS),
    )
    app.on_response_prepare.append(headers)
    app.on_shutdown.append(_end_streams)
    for module in (sessions, messages, stream, uploads):
        app.add_routes(module.routes)
    app.add_routes(pages.widget_routes())
    return app


def _limits(rates: Rates, hide: Callable[..., str], per_address: float) -> Limits:
    def limit(what: str, rate: Rate) -> Limit:
        return Limit(rates, hide, f"chat-{what}", rate)

    at_once = int(per_address * _SECONDS)
    return Limits(
        by_address=limit("address", Rate(1 / per_address, max(1, at_once))),
        new_sessions=limit(
            "sessions", Rate(_NEW_SESSIONS / per_address, max(1, at_once // _NEW_SESSIONS))
        ),
        by_session=limit("session", _SESSION),
        messages=limit("messages", _MESSAGES),
        uploads=limit("uploads", _UPLOADS),
        uploads_of_address=limit("address-uploads", _UPLOADS_OF_ADDRESS),
    )


async def _end_streams(app: web.Application) -> None:
    app[CHAT].hub.close()
