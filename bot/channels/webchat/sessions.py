"""Sessions: begun, renewed, ended; and what the widget must know beforehand."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.attachments.kinds import KINDS
from bot.channels.message import Sender
from bot.channels.webchat import tokens, wire
from bot.channels.webchat.guard import shown_token, visit
from bot.channels.webchat.keys import CHAT, PLACE, Chat
from bot.channels.webchat.limits import take
from bot.errors import ChatRefused
from bot.ledger import chat_sessions
from bot.ledger.chat_sessions import CHANNEL

routes = web.RouteTableDef()


@routes.get("/config")
async def config(request: web.Request) -> web.Response:
    """Give the sentences, the privacy notice, the hours, the other channels and the limits."""
    chat = request.app[CHAT]
    now = chat.clock()
    found = {
        "words": chat.words.widget,
        "notice": {"version": chat.words.notice_version, "text": chat.words.notice},
        "hours": {"open": chat.office.is_open(now), "text": chat.office.says(now)},
        "channels": _other_channels(chat),
        "limits": {
            "text": wire.LONGEST,
            "file_bytes": chat.files.largest,
            "files": wire.FILES,
            "types": [kind.type for kind in KINDS],
        },
    }
    return web.json_response(found, headers={"Cache-Control": "public, max-age=60"})


@routes.post("/sessions")
async def begin(request: web.Request) -> web.Response:
    """Begin a session, or renew the one whose token is shown."""
    chat = request.app[CHAT]
    asked = wire.begin(await wire.body(request))
    user = _vouched(chat, asked.user)
    shown, now = shown_token(request), chat.clock()
    session_id = shown.session_id if shown is not None else ""
    if shown is None or not await _is_of(chat, session_id, user):
        await take(chat.limits.new_sessions, request[PLACE])
        session_id = tokens.new_session_id()
        await chat.ledger.run(chat_sessions.make, session_id, user, now)
    if asked.notice:
        await chat.ledger.run(chat_sessions.accept_notice, session_id, asked.notice, now)
    token = tokens.issue(chat.token_key, session_id, request.headers.get("Origin"), now)
    answer = {
        "session_id": session_id,
        "token": token,
        "expires_at": (now + tokens.LIFE).isoformat(timespec="seconds"),
    }
    return web.json_response(answer, status=201)


@routes.delete("/sessions")
async def forget(request: web.Request) -> web.Response:
    """End every session of the visitor and erase who they are and what was said."""
    chat, session = request.app[CHAT], (await visit(request)).session
    left = await chat.ledger.run(chat_sessions.forget, session.conversation_id, chat.clock())
    for id in left:
        await chat.files.drop(id)
    chat.wake.ring("outbox")
    return web.Response(status=204)


async def _is_of(chat: Chat, session_id: str, user: Sender | None) -> bool:
    """Say whether a session is this user's, so that nobody goes on with somebody else's talk.

    Raises:
        ChatRefused: ``token`` when it has ended.
    """
    session = await chat.ledger.run(chat_sessions.find, session_id)
    if session is None:
        raise ChatRefused("token")
    if user is None:
        return not session.known
    return session.known and session.sender.user_id == user.user_id


def _vouched(chat: Chat, user: wire.User | None) -> Sender | None:
    if user is None:
        return None
    if not tokens.vouched(chat.identity_key, user.id, user.proof):
        raise ChatRefused("invalid")
    return Sender(user_id=f"host:{user.id}", name=user.name.strip() or None)


def _other_channels(chat: Chat) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "text": ", ".join(one.addresses),
            "url": one.links[0] if one.links else "",
        }
        for one in chat.catalogue.channels
        if one.name.replace(" ", "").casefold() != CHANNEL
    ]
