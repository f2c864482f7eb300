"""One ticket (`/tiket/{number}`): what is known, what was said, and what can be done."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.broadcast import report
from bot.broadcast.life import AUTHORS as BROADCASTERS
from bot.broadcast.life import SERVICE as BROADCAST
from bot.channels.message import Sender
from bot.channels.whatsapp.errors import action_for
from bot.faq import Entry
from bot.faq.review import AUTHORS
from bot.ledger import agents, attachments, drafts, people, reveals
from bot.ledger.agents import Agent
from bot.ledger.attachments import Attachment
from bot.ledger.tables import COMPLAINTS
from bot.ledger.window import OPEN_FOR
from bot.masking import veil, veil_name
from bot.privacy import Vault, mask_email, mask_number
from bot.tickets.life import OPEN, State
from bot.tickets.sheet import Sheet, read_sheet
from desk.keys import AGENT, DESK
from desk.pages import render
from desk.scope import ENDERS, SEERS, may_change, may_see
from desk.security import requires
from desk.work import WORK

routes = web.RouteTableDef()

_SUGGEST_SECONDS = 3.0


@dataclass(frozen=True)
class Found:
    """What the page shows.

    Attributes:
        sheet: The ticket.
        person: Who writes, as the channel knows them.
        draft: What this agent has begun to write.
        takers: To whom the ticket can be given.
        overrides: Whether this agent may end what a colleague has taken over.
        unsent: What this agent has uploaded for the next reply.
    """

    sheet: Sheet
    person: Sender
    draft: str
    takers: list[Agent]
    overrides: bool
    unsent: list[Attachment]

    def shuts_at(self) -> datetime | None:
        """Return when the channel stops taking free text; None where it always does."""
        if self.sheet.line.channel != "whatsapp":
            return None
        heard = self.sheet.last_heard
        return heard + OPEN_FOR if heard is not None else self.sheet.line.created_at


def read(connection: Connection, vault: Vault, agent: Agent, number: str) -> Found | None:
    """Read a ticket; None when there is none that the agent sees."""
    sheet = read_sheet(connection, vault, number)
    if sheet is None or not may_see(agent, sheet.line.service, sheet.line.unit):
        return None
    takers = [
        one
        for one in agents.every(connection, vault)
        if not one.disabled
        and one.id != sheet.owner_id
        and may_change(one)
        and may_see(one, sheet.line.service, sheet.line.unit)
    ]
    _, person = people.address(connection, vault, sheet.conversation_id)
    draft = drafts.read(connection, vault, number, agent.id)
    unsent = attachments.unsent(connection, vault, sheet.conversation_id, agent.actor)
    return Found(sheet, person, draft, takers, agent.role in ENDERS, unsent)


@routes.get("/tiket/{number}")
@requires(*SEERS)
async def show(request: web.Request) -> web.StreamResponse:
    """Show a ticket with the person's data masked."""
    return await page(request)


@routes.get("/tiket/{number}/percakapan")
@requires(*SEERS)
async def said(request: web.Request) -> web.StreamResponse:
    """Show the conversation alone, for a page that is open already."""
    return render(request, "tiket_percakapan.html", **await _context(request, False))


@routes.post("/tiket/{number}/tampilkan")
@requires(*SEERS)
async def reveal(request: web.Request) -> web.StreamResponse:
    """Show the person's data in the clear, and write down who saw them."""
    desk, number = request.app[DESK], request.match_info["number"]
    await _found(request)
    await desk.ledger.run(reveals.write, number, request[AGENT].id, desk.now())
    return await page(request, revealed=True)


async def page(
    request: web.Request, status: int = 200, revealed: bool = False, **more: Any
) -> web.StreamResponse:
    """Make the page.

    Args:
        request: The request; its path names the ticket.
        status: 409 when a change was refused.
        revealed: Whether the person's data are shown in the clear.
        more: ``refused``: why a change was refused; ``typed``: what was to be changed.
    """
    context = await _context(request, revealed)
    # What a form does not hold is read as empty.
    typed = defaultdict(str, more.pop("typed", {}))
    suggestions = await _suggest(request, context["found"].sheet)
    return render(
        request,
        "tiket.html",
        status,
        **{"refused": "", **context, **more, "typed": typed, "suggestions": suggestions},
    )


async def _found(request: web.Request) -> Found:
    found = await request.app[DESK].ledger.run(read, request[AGENT], request.match_info["number"])
    if found is None:
        raise web.HTTPNotFound
    return found


async def _context(request: web.Request, revealed: bool) -> dict[str, Any]:
    desk, work = request.app[DESK], request.app[WORK]
    found = await _found(request)
    sheet, now = found.sheet, desk.now()
    shuts = found.shuts_at()
    return {
        "found": found,
        "sheet": sheet,
        "line": sheet.line,
        "files": {file.id: file for file in sheet.files},
        "unsent": found.unsent,
        "refused_file": "",
        "largest": work.files.largest // 1024**2,
        "number": sheet.line.number,
        "due": work.due(sheet.line, now),
        "who": _who(found, revealed),
        "veil": (lambda text: text) if revealed else veil,
        "revealed": revealed,
        "can_change": may_change(request[AGENT]),
        # Complaints are no matter for the FAQ.
        "can_draft": request[AGENT].role in AUTHORS and sheet.line.service != COMPLAINTS,
        "can_broadcast": request[AGENT].role in BROADCASTERS and sheet.line.state in OPEN,
        "broadcasts": await desk.ledger.run(report.lines, sheet.line.number)
        if sheet.line.service == BROADCAST
        else None,
        "open": sheet.line.state in OPEN,
        "state_of": State,
        # Without a code it never came to WhatsApp's answer.
        "reason": lambda code: action_for(code).value if code else "none",
        "announcements": work.templates.replies(number=sheet.line.number),
        "shuts_at": shuts,
        "window_open": shuts is None or shuts > now,
        "gone": sheet.line.channel == "webchat" and found.person.user_id is None,
        "now": now,
        "heard": sheet.last_heard.isoformat() if sheet.last_heard else "",
        "services": {one.number: one.name for one in work.catalogue.services},
        "categories": {one.id: one.name for one in work.catalogue.categories},
        "groups": {one.number: one.name for one in work.catalogue.groups},
        "units": [one.name for one in work.catalogue.units if one.name != sheet.line.unit],
        "outside": work.outside,
        "canned": work.canned,
        "moment": work.calendar.say_moment,
    }


def _who(found: Found, revealed: bool) -> dict[str, str]:
    content, phone = found.sheet.content, found.person.phone or ""
    if revealed:
        return {"name": content.name, "email": content.email, "phone": phone}
    return {
        "name": veil_name(content.name),
        "email": mask_email(content.email) if content.email else "",
        "phone": mask_number(phone) if phone else "",
    }


async def _suggest(request: web.Request, sheet: Sheet) -> list[Entry]:
    text = f"{sheet.content.subject}. {sheet.content.chronology}"
    try:
        return await asyncio.wait_for(request.app[WORK].suggest(text), _SUGGEST_SECONDS)
    except asyncio.TimeoutError:
        return []
