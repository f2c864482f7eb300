"""Hands a kept file to whoever may have it; that was decided before."""

from __future__ import annotations

import logging

from aiohttp import web

from bot.attachments.files import Files
from bot.attachments.names import disposition
from bot.errors import FileLost
from bot.ledger.attachments import Attachment

log = logging.getLogger(__name__)

_HEADERS = {
    # Never its own type: a browser saves it; should one show it all the same, nothing in it runs.
    "Content-Type": "application/octet-stream",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def hand_out(request: web.Request, files: Files, file: Attachment) -> web.StreamResponse:
    """Answer with a file piece by piece.

    Raises:
        HTTPNotFound: It is not there.
        FileLost: What is there is not what was kept, as is found when a part has gone out.
    """
    about = {"Content-Length": str(file.size), "Content-Disposition": disposition(file.name)}
    response = web.StreamResponse()
    for name, value in {**_HEADERS, **about}.items():
        response.headers[name] = value
    try:
        async for piece in files.read(file.id):
            if not response.prepared:
                await response.prepare(request)
            await response.write(piece)
    except FileLost:
        log.exception("a file cannot be handed out", extra={"attachment": file.id})
        if response.prepared:
            raise
    if not response.prepared:
        raise web.HTTPNotFound
    return response
