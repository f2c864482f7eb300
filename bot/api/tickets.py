"""``/api/tickets``: open, read, write on, rate, and say how a ticket stands elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.api import files, opening, paging, states
from bot.api.door import needs
from bot.api.parts import API, CLIENT, SIGHT
from bot.api.reading import asked, read_members
from bot.channels.message import Inbound, Kind, Sender
from bot.errors import ApiRefused
from bot.ledger import api_answers, api_tickets, inbox
from bot.ledger.announcements import moment
from bot.ledger.api_answers import Answer, Asked
from bot.ledger.api_clients import Scope
from bot.ledger.attachments import KEPT
from bot.ledger.deliveries import API as CHANNEL
from bot.privacy import Vault
from bot.tickets.record import USER, Seen
from bot.tickets.sheet import TAKEN_BACK, read_sheet

routes = web.RouteTableDef()

LONGEST_TEXT = 3500
_READ = (Scope.READ, Scope.READ_ALL)

Change = Callable[[Connection, Vault, Any, Seen], None]
"""Changes the ticket of a row."""


@routes.post("/tickets")
@needs(Scope.WRITE)
async def create(request: web.Request) -> web.Response:
    """Open a ticket."""
    api, client, sight = request.app[API], request[CLIENT], request[SIGHT]
    members = await read_members(request, opening.MEMBERS)
    told = opening.read(api, members)
    question = asked(request, members.checked())
    answer = await api.ledger.run(api_answers.find, question)
    if answer is None:
        found = await opening.candidates(api, told)
        service = opening.route(api, told, found, sight)

        def act(connection: Connection, vault: Vault) -> Answer:
            return opening.open_ticket(connection, vault, api, client, told, found, service)

        answer = await api.ledger.run(api_answers.once, question, api.now(), act)
        api.wake.ring("deliveries")
    return _answer(answer, Location=f"/api/tickets/{answer.body['number']}")


@routes.get("/tickets")
@needs(*_READ)
async def list_changed(request: web.Request) -> web.Response:
    """List tickets in the order in which they changed."""
    api = request.app[API]
    wanted = paging.wanted(request.query)
    rows = await api.ledger.run(api_tickets.page, request[SIGHT], wanted)
    vault = api.ledger.vault
    return web.json_response(
        {
            "tickets": [api_tickets.shown(vault, row) for row in rows],
            "next": paging.cursor(rows[-1]) if len(rows) == wanted.limit else None,
        }
    )


@routes.get("/tickets/{number}")
@needs(*_READ)
async def show(request: web.Request) -> web.Response:
    """Show a ticket."""
    api = request.app[API]
    number = request.match_info["number"]
    row = await api.ledger.run(api_tickets.find, request[SIGHT], number)
    if row is None:
        raise web.HTTPNotFound
    return web.json_response(api_tickets.shown(api.ledger.vault, row))


@routes.get("/tickets/{number}/messages")
@needs(Scope.READ)
async def said(request: web.Request) -> web.Response:
    """Show what was said since the ticket was opened, oldest first."""
    api, number = request.app[API], request.match_info["number"]
    row = await api.ledger.run(api_tickets.find, request[SIGHT], number, True)
    sheet = await api.ledger.run(read_sheet, number) if row is not None else None
    if sheet is None:
        raise web.HTTPNotFound
    there = {one.id: one for one in sheet.files if one.state == KEPT}
    lines = [
        {
            "id": one.id or None,
            "at": moment(one.at),
            "from": "person" if one.who == USER else "hai",
            "text": one.text,
            "files": [files.facts(there[id]) for id in one.files if id in there],
        }
        for one in sheet.said
        if one.type != TAKEN_BACK
    ]
    return web.json_response({"messages": lines})


@routes.post("/tickets/{number}/messages")
@needs(Scope.WRITE)
async def write(request: web.Request) -> web.Response:
    """Put a message of the person onto their ticket."""
    changes = request.app[API].changes
    members = await read_members(request, ("text",))
    text = members.text("text", 1, LONGEST_TEXT, lines=True)
    question = asked(request, members.checked())

    def change(connection: Connection, vault: Vault, row: Any, seen: Seen) -> None:
        id, account = str(uuid.uuid4()), question.client_id
        message = Inbound(CHANNEL, account, id, Sender(), seen.now, Kind.TEXT, text)
        inbox_id = inbox.keep(connection, vault, message, row.conversation_id, seen.now)
        changes.answered(connection, vault, seen, text, inbox_id)

    return await _change(request, question, change)


@routes.post("/tickets/{number}/rating")
@needs(Scope.WRITE)
async def rate(request: web.Request) -> web.Response:
    """Keep what the person thinks of a finished ticket."""
    changes = request.app[API].changes
    members = await read_members(request, ("rating",))
    rating = members.number("rating", range(1, 6))
    question = asked(request, members.checked())

    def change(connection: Connection, vault: Vault, row: Any, seen: Seen) -> None:
        changes.rate(connection, vault, seen, rating or 0)

    return await _change(request, question, change)


@routes.post("/tickets/{number}/state")
@needs(Scope.STATES)
async def stand(request: web.Request) -> web.Response:
    """Bring a ticket to where it stands in the CRM."""
    changes = request.app[API].changes
    members = await read_members(request, states.MEMBERS)
    wanted = states.read(members)
    question = asked(request, members.checked())

    def change(connection: Connection, vault: Vault, row: Any, seen: Seen) -> None:
        if row.version != wanted.version:
            raise ApiRefused(409, "changed", version=row.version, state=row.state)
        wanted.apply(connection, vault, changes, seen)

    return await _change(request, question, change, states.ACTOR)


async def _change(
    request: web.Request, question: Asked, change: Change, actor: str = USER
) -> web.Response:
    """Make a change once, and answer with the ticket as it stands then.

    The person changes tickets of this program only; the CRM all but complaints.
    """
    api, sight, number = request.app[API], request[SIGHT], request.match_info["number"]
    now, own_only = api.now(), actor == USER
    if not own_only:
        sight = replace(sight, scopes=sight.scopes | {Scope.READ_ALL})

    def act(connection: Connection, vault: Vault) -> Answer:
        row = api_tickets.find(connection, vault, sight, number, own_only)
        if row is None:
            raise ApiRefused(404, "not_found")
        seen = Seen(number, None if own_only else row.version, actor, now)
        change(connection, vault, row, seen)
        after = api_tickets.find(connection, vault, sight, number, own_only)
        return Answer(200, api_tickets.shown(vault, after))

    answer = await api.ledger.run(api_answers.once, question, now, act)
    api.wake.ring("deliveries")
    api.wake.ring("outbox")
    return _answer(answer)


def _answer(answer: Answer, **headers: str) -> web.Response:
    if answer.repeated:
        headers["Idempotent-Replayed"] = "true"
    return web.json_response(answer.body, status=answer.status, headers=headers)
