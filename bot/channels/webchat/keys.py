"""What the handlers of web chat share, and where they find it."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web

from bot.attachments.files import Files
from bot.catalogue import Catalogue
from bot.channels.choice_ids import issue
from bot.channels.webchat.events import Issue
from bot.channels.webchat.hub import Hub
from bot.channels.webchat.office import Office
from bot.channels.webchat.tokens import Token
from bot.channels.webchat.words import ChatWords
from bot.clock import Clock
from bot.ledger.database import Ledger
from bot.live.limits import Limit
from bot.live.wake import Wake
from bot.places import Proxies
from bot.turn.intake import Intake
from bot.worktime import WorkCalendar


@dataclass(frozen=True)
class Limits:
    """The limits of requests, by what these are counted by.

    Attributes:
        by_address: Every request.
        new_sessions: New sessions of an address.
        by_session: Every request with a token.
        messages: Messages of a session.
        uploads: Uploads of a session.
        uploads_of_address: Uploads of an address.
    """

    by_address: Limit
    new_sessions: Limit
    by_session: Limit
    messages: Limit
    uploads: Limit
    uploads_of_address: Limit


@dataclass(frozen=True)
class Chat:
    """The parts that the handlers share.

    Attributes:
        ledger: Where conversations are.
        intake: Stores messages.
        files: Keeps files.
        wake: Rung when something of a conversation has changed.
        clock: The time.
        calendar: Puts moments into words.
        catalogue: The other channels.
        words: What the widget says.
        office: Whether agents are at work.
        hub: The open streams.
        limits: How much may be asked for.
        proxies: From where a request comes.
        origins: The pages that may use it.
        choice_key: Signs the ids of choices.
        token_key: Signs tokens.
        identity_key: Shared with the host site; empty when there are no known users.
        streams_of_address: How many streams one address may have.
        streams_at: How many it has.
    """

    ledger: Ledger
    intake: Intake
    files: Files
    wake: Wake
    clock: Clock
    calendar: WorkCalendar
    catalogue: Catalogue
    words: ChatWords
    office: Office
    hub: Hub
    limits: Limits
    proxies: Proxies
    origins: frozenset[str]
    choice_key: bytes
    token_key: bytes
    identity_key: bytes
    streams_of_address: int
    streams_at: Counter[str] = field(default_factory=Counter)


def issue_for(choice_key: bytes, conversation_id: str) -> Issue:
    """Return what makes the ids of choices in a conversation."""
    return functools.partial(issue, choice_key, conversation_id)


CHAT = web.AppKey("chat", Chat)
PLACE = web.RequestKey("webchat_place", str)
"""Of a request: from where it comes."""
SHOWN = web.RequestKey("webchat_shown", Token)
"""Of a request: the good token that it showed."""
