"""``/api/tickets/{number}/files/{id}``: files on a program's own tickets, handed out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.api.door import needs
from bot.api.parts import API, SIGHT
from bot.attachments.handing import hand_out
from bot.ledger import api_tickets, attachments
from bot.ledger.api_clients import Scope
from bot.ledger.api_tickets import Sight
from bot.ledger.attachments import KEPT, Attachment
from bot.ledger.reveals import DOWNLOAD
from bot.ledger.tables import audit
from bot.privacy import Vault

routes = web.RouteTableDef()


def facts(file: Attachment) -> dict[str, Any]:
    """Return what a program reads of a file, ready for JSON."""
    return {"id": file.id, "name": file.name, "type": file.type, "size": file.size}


@routes.get("/tickets/{number}/files/{id}")
@needs(Scope.READ)
async def download(request: web.Request) -> web.StreamResponse:
    """Hand a file out, and write down who got it."""
    api, sight, path = request.app[API], request[SIGHT], request.match_info
    file = await api.ledger.run(_release, sight, path["number"], path["id"], api.now())
    if file is None:
        raise web.HTTPNotFound
    return await hand_out(request, api.files, file)


def _release(
    connection: Connection, vault: Vault, sight: Sight, number: str, id: str, now: datetime
) -> Attachment | None:
    row = api_tickets.find(connection, vault, sight, number, own_only=True)
    if row is None:
        return None
    files = attachments.of_ticket(connection, vault, row.id)
    file = next((one for one in files if one.id == id and one.state == KEPT), None)
    if file is not None:
        connection.execute(
            audit.insert().values(
                at=now,
                kind=DOWNLOAD,
                client_id=sight.client_id,
                ticket_id=row.id,
                attachment_id=file.id,
            )
        )
    return file
