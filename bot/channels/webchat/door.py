"""The door of web chat: its application, made of the parts it is handed."""

from __future__ import annotations

import time
from functools import partial

from aiohttp import web

from bot.attachments.files import Files
from bot.catalogue import Catalogue
from bot.channels.webchat import messages, pages, sessions, stream, uploads
from bot.channels.webchat.guard import guard, headers
from bot.channels.webchat.hub import Hub
from bot.channels.webchat.keys import CHAT, Chat, Rates, issue_for
from bot.channels.webchat.limits import Buckets, Rate
from bot.channels.webchat.office import Office
from bot.channels.webchat.words import ChatWords
from bot.clock import Clock
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.places import Proxies
from bot.settings import Settings
from bot.turn.intake import Intake
from bot.worktime import WorkCalendar

PREFIX = "/webchat"
_SESSION = Rate(burst=60, per_second=10)
_MESSAGES = Rate(burst=20, per_second=1)
_UPLOADS = Rate(burst=10, per_second=1 / 30)
_UPLOADS_OF_ADDRESS = Rate(burst=50, per_second=1)
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
        rates=_rates(settings.webchat_per_address),
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


def _rates(per_address: float) -> Rates:
    def buckets(rate: Rate) -> Buckets:
        return Buckets(rate, time.monotonic)

    return Rates(
        by_address=buckets(Rate(per_address * _SECONDS, per_address)),
        new_sessions=buckets(
            Rate(max(1, per_address * _SECONDS / _NEW_SESSIONS), per_address / _NEW_SESSIONS)
        ),
        by_session=buckets(_SESSION),
        messages=buckets(_MESSAGES),
        uploads=buckets(_UPLOADS),
        uploads_of_address=buckets(_UPLOADS_OF_ADDRESS),
    )


async def _end_streams(app: web.Application) -> None:
    app[CHAT].hub.close()
