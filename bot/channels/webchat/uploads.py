"""Files: uploaded before the message that brings them, and handed out to their own conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, web

from bot.attachments.handing import hand_out
from bot.channels.webchat import wire
from bot.channels.webchat.guard import visit
from bot.channels.webchat.keys import CHAT, PLACE
from bot.channels.webchat.limits import take
from bot.errors import ChatRefused, FileRefused
from bot.ledger import attachments

routes = web.RouteTableDef()

_SECONDS = 120.0
"""So long an upload may take."""
_CODES = {"large": "large", "infected": "infected"}
"""What a refused file is told as; everything else is of a type that is not taken."""


@routes.post("/uploads")
async def upload(request: web.Request) -> web.Response:
    """Take a file in; it waits for the message that names it."""
    chat, session = request.app[CHAT], (await visit(request)).session
    await take(chat.limits.uploads, session.key)
    await take(chat.limits.uploads_of_address, request[PLACE])
    try:
        part = await _file(request)
        keeping = chat.files.keep(_pieces(part), part.filename or "")
        kept = await asyncio.wait_for(keeping, _SECONDS)
    except FileRefused as refused:
        raise ChatRefused(_CODES.get(refused.reason, "type")) from None
    except (ValueError, asyncio.TimeoutError):
        raise ChatRefused("invalid") from None
    await chat.ledger.run(
        attachments.add, kept, session.conversation_id, attachments.USER, chat.clock()
    )
    told = {"id": kept.id, "name": kept.name, "type": kept.type, "size": kept.size}
    return web.json_response(told, status=201)


@routes.get("/attachments/{id}")
async def download(request: web.Request) -> web.StreamResponse:
    """Hand a file of the own conversation out, to be saved and never to be shown."""
    chat, session = request.app[CHAT], (await visit(request)).session
    id = wire.uuid(request.match_info["id"])
    found = await chat.ledger.run(attachments.of_person, session.conversation_id, id)
    if found is None or found.state != attachments.KEPT:
        raise web.HTTPNotFound
    return await hand_out(request, chat.files, found)


async def _file(request: web.Request) -> BodyPartReader:
    if not request.content_type.startswith("multipart/"):
        raise ChatRefused("invalid")
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader) and part.name == "file":
            return part
    raise ChatRefused("invalid")


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(64 * 1024):
        yield piece
