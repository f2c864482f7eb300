"""Files of a ticket: handed out to who sees it, and uploaded by agents for their next reply.

The token of the page comes in the header, so that the body is read here alone, piece by piece.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import sqlalchemy as sa
from aiohttp import BodyPartReader, web
from sqlalchemy.engine import Connection

from bot.attachments.handing import hand_out
from bot.errors import FileRefused
from bot.ledger import attachments, reveals
from bot.ledger.agents import Agent
from bot.ledger.attachments import KEPT, Attachment
from bot.ledger.tables import ticket
from bot.privacy import Vault
from desk.keys import AGENT, DESK
from desk.pages import render
from desk.scope import SEERS, WRITERS, sees
from desk.security import requires
from desk.work import WORK

routes = web.RouteTableDef()

MOST = 3
"""Files of one reply."""
_FIELD = "berkas"


@routes.get("/tiket/{number}/lampiran/{id}")
@requires(*SEERS)
async def download(request: web.Request) -> web.StreamResponse:
    """Hand a file out, and write down who got it."""
    desk, work, agent = request.app[DESK], request.app[WORK], request[AGENT]
    number, id = request.match_info["number"], request.match_info["id"]
    file = await desk.ledger.run(_release, agent, number, id, desk.now())
    if file is None:
        raise web.HTTPNotFound
    return await hand_out(request, work.files, file)


@routes.post("/tiket/{number}/lampiran")
@requires(*WRITERS)
async def upload(request: web.Request) -> web.StreamResponse:
    """Take files for the next reply, and show what is ready to go out."""
    desk, work, agent = request.app[DESK], request.app[WORK], request[AGENT]
    conversation = await _conversation(request)
    unsent = await desk.ledger.run(attachments.unsent, conversation, agent.actor)
    room, refused = MOST - len(unsent), ""
    try:
        async for name, pieces in _files(request):
            if room <= 0:
                refused = "many"
                break
            kept = await work.files.keep(pieces, name)
            await desk.ledger.run(attachments.add, kept, conversation, agent.actor, desk.now())
            room -= 1
    except FileRefused as error:
        refused = error.reason
    return await _unsent(request, conversation, refused)


@routes.post("/tiket/{number}/lampiran/{id}/hapus")
@requires(*WRITERS)
async def remove(request: web.Request) -> web.StreamResponse:
    """Throw away a file that was uploaded and not sent."""
    desk, agent, id = request.app[DESK], request[AGENT], request.match_info["id"]
    conversation = await _conversation(request)
    if await desk.ledger.run(attachments.forget_unsent, conversation, agent.actor, id):
        await request.app[WORK].files.drop(id)
    return await _unsent(request, conversation, "")


def _release(
    connection: Connection, vault: Vault, agent: Agent, number: str, id: str, now: datetime
) -> Attachment | None:
    if not sees(connection, vault, agent, number):
        return None
    ticket_id = connection.execute(sa.select(ticket.c.id).where(ticket.c.number == number)).scalar()
    files = attachments.of_ticket(connection, vault, ticket_id)
    file = next((one for one in files if one.id == id and one.state == KEPT), None)
    if file is not None:
        reveals.write(connection, vault, number, agent.id, now, file.id)
    return file


async def _conversation(request: web.Request) -> str:
    number, agent = request.match_info["number"], request[AGENT]

    def find(connection: Connection, vault: Vault) -> str | None:
        if not sees(connection, vault, agent, number):
            return None
        of_number = sa.select(ticket.c.conversation_id).where(ticket.c.number == number)
        found: str | None = connection.execute(of_number).scalar()
        return found

    found = await request.app[DESK].ledger.run(find)
    if found is None:
        raise web.HTTPNotFound
    return found


async def _files(request: web.Request) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    if request.content_type != "multipart/form-data":
        raise web.HTTPUnsupportedMediaType
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == _FIELD and part.filename:
                yield part.filename, _pieces(part)
    except ValueError:
        raise web.HTTPBadRequest from None


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk():
        yield piece


async def _unsent(request: web.Request, conversation: str, refused: str) -> web.StreamResponse:
    desk, agent = request.app[DESK], request[AGENT]
    found = await desk.ledger.run(attachments.unsent, conversation, agent.actor)
    number = request.match_info["number"]
    largest = request.app[WORK].files.largest // 1024**2
    return render(
        request,
        "tiket_lampiran.html",
        unsent=found,
        refused_file=refused,
        number=number,
        largest=largest,
    )
