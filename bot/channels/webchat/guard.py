"""What stands before every handler: origin, rates, tokens, and how a refusal is told."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channels.webchat import tokens
from bot.channels.webchat.keys import CHAT, PLACE, SHOWN
from bot.channels.webchat.limits import take
from bot.channels.webchat.tokens import Token
from bot.errors import ChatRefused
from bot.ledger import chat_sessions
from bot.ledger.chat_sessions import Session

log = logging.getLogger(__name__)

FRESH = "X-Nindy-Token"
"""The header of an answer that brings a fresh token."""
_STATUS = {
    "token": 401,
    "origin": 403,
    "large": 413,
    "invalid": 422,
    "type": 422,
    "infected": 422,
    "busy": 429,
    "away": 503,
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = f"{FRESH}, Retry-After, Content-Disposition"
_PUBLIC = "webchat_public"


def public(handler: Handler) -> Handler:
    """Mark a handler that serves files to every page."""
    setattr(handler, _PUBLIC, True)
    return handler


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through to its handler, or tell the client why not."""
    if getattr(request.match_info.handler, _PUBLIC, False):
        return await handler(request)
    try:
        origin = request.headers.get("Origin")
        if origin is not None and origin not in request.app[CHAT].origins:
            raise ChatRefused("origin")
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=_PREFLIGHT)
        chat = request.app[CHAT]
        request[PLACE] = chat.proxies.of(request)
        await take(chat.limits.by_address, request[PLACE])
        return await handler(request)
    except ChatRefused as refused:
        return _refusal(refused)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("web chat could not answer")
        return _refusal(ChatRefused("away"))


async def headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer has: for which pages it is, and a fresh token when one is due."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    if getattr(request.match_info.handler, _PUBLIC, False):
        return
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin in request.app[CHAT].origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    chat, token = request.app[CHAT], request.get(SHOWN)
    if token is not None and token.is_due(chat.clock()):
        response.headers[FRESH] = tokens.renew(chat.token_key, token, chat.clock())


def shown_token(request: web.Request) -> Token | None:
    """Return the token that a request shows; None when it shows none.

    Raises:
        ChatRefused: ``token`` when it is not good, ``origin`` when it is for other pages.
    """
    chat = request.app[CHAT]
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, text = header.partition(" ")
    token = tokens.read(chat.token_key, text.strip(), chat.clock())
    if token is None or scheme.lower() != "bearer":
        raise ChatRefused("token")
    if not token.is_for(request.headers.get("Origin")):
        raise ChatRefused("origin")
    return token


@dataclass(frozen=True)
class Visit:
    """Who asks: a session that has not ended, and the token that opens it."""

    session: Session
    token: Token


async def visit(request: web.Request) -> Visit:
    """Return whose token a request shows; nothing else names a session.

    Raises:
        ChatRefused: ``token`` when there is none or it has ended, ``origin``, or ``busy``.
    """
    chat, token = request.app[CHAT], shown_token(request)
    if token is None:
        raise ChatRefused("token")
    await take(chat.limits.by_session, token.session_id)
    session = await chat.ledger.run(chat_sessions.find, token.session_id)
    if session is None:
        raise ChatRefused("token")
    request[SHOWN] = token
    return Visit(session, token)


def _refusal(refused: ChatRefused) -> web.Response:
    answer = web.json_response({"error": refused.code}, status=_STATUS[refused.code])
    if refused.retry_after:
        answer.headers["Retry-After"] = str(refused.retry_after)
    if answer.status in (413, 422):
        # What was not read of the body must not be taken for the next request.
        answer.force_close()
    return answer
