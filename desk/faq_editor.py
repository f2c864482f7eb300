"""Writing an entry (`/tanya-jawab/tulis`): anew, over an older one, or from what people wrote."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.faq.bank import CONFIDENCES, LONGEST_ANSWER, Problem
from bot.faq.history import Dossier
from bot.faq.review import AUTHORS, ReviewRefused, Seen
from bot.ledger.tables import COMPLAINTS
from desk import faq_form, ticket_page
from desk.faq_pages import common
from desk.keys import AGENT, DESK
from desk.pages import go, render
from desk.security import requires
from desk.steps import Form, version
from desk.work import WORK

routes = web.RouteTableDef()


@routes.get("/tanya-jawab/tulis")
@requires(*AUTHORS)
async def write(request: web.Request) -> web.StreamResponse:
    """Show the form: empty, or with the entry of the query (its draft, if it has one)."""
    return await _begin(request, request.query.get("entri", ""), [])


@routes.post("/tanya-jawab/susun")
@requires(*AUTHORS)
async def begin(request: web.Request) -> web.StreamResponse:
    """Show the form with what people wrote; nothing is kept yet."""
    form = await request.post()
    if number := str(form.get("tiket", "")):
        return await _of_ticket(request, number)
    texts = [str(text)[:500] for text in form.getall("variasi", [])]
    service = str(form.get("layanan", ""))
    if id := str(form.get("entri", "")):
        return await _begin(request, id, texts)
    values = faq_form.begun(texts, service=int(service) if service.isdecimal() else None)
    return await _page(request, values, None)


@routes.post("/tanya-jawab/simpan")
@requires(*AUTHORS)
async def save(request: web.Request) -> web.StreamResponse:
    """Keep the form as a new version of a draft."""
    desk, review = request.app[DESK], request.app[WORK].review
    form = await _form(request)
    new = form.get("versi", "") == ""
    try:
        entry = faq_form.entry(form)
        seen = Seen(entry.id, None if new else version(form), request[AGENT].id, desk.now())
        await desk.ledger.run(review.draft, seen, entry, await _ticket(request, form))
    except ReviewRefused as refused:
        found = None if new else await desk.ledger.run(review.dossier, form.get("id", ""))
        return await _page(request, form, found, 409, refused)
    return go(request, f"/tanya-jawab/entri/{entry.id}", "faq_simpan")


@routes.post("/tanya-jawab/periksa")
@requires(*AUTHORS)
async def examine(request: web.Request) -> web.StreamResponse:
    """Tell what is still to be mended, for a form that is being filled in."""
    desk, review = request.app[DESK], request.app[WORK].review
    try:
        entry = faq_form.entry(await _form(request))
        problems = await desk.ledger.run(review.problems, entry, desk.now())
    except ReviewRefused as refused:
        problems = list(refused.problems)
    return render(request, "tanya_jawab_periksa.html", problems=problems)


async def _begin(request: web.Request, id: str, texts: list[str]) -> web.StreamResponse:
    """Show the form with an entry, and some more variants."""
    if not id:
        return await _page(request, {}, None)
    found = await request.app[DESK].ledger.run(request.app[WORK].review.dossier, id)
    entry = (found.open.entry if found.open else found.live) if found else None
    if found is None or entry is None:
        raise web.HTTPNotFound
    values = faq_form.fields(entry)
    more = [text for text in faq_form.harmless(texts) if text not in entry.phrasings]
    values["variasi"] = "\n".join((*entry.variants, *more))
    return await _page(request, values, found)


async def _of_ticket(request: web.Request, number: str) -> web.StreamResponse:
    """Show the form with what a ticket asks and what was replied last; no complaint's."""
    ledger = request.app[DESK].ledger
    ticket = await ledger.run(ticket_page.read, request[AGENT], number)
    if ticket is None or ticket.sheet.line.service == COMPLAINTS:
        raise web.HTTPNotFound
    sheet = ticket.sheet
    replies = [one.detail["text"] for one in sheet.events if one.kind == "reply"]
    texts = [sheet.content.subject, sheet.content.chronology]
    answer = replies[-1] if replies else ""
    values = faq_form.begun(texts, answer, sheet.line.service)
    return await _page(request, {**values, "tiket": sheet.line.number}, None)


async def _ticket(request: web.Request, form: Form) -> str:
    """Return the number of the ticket that a form began with, if its author may see that one."""
    number = form.get("tiket", "")
    if not number:
        return ""
    found = await request.app[DESK].ledger.run(ticket_page.read, request[AGENT], number)
    return found.sheet.line.number if found is not None else ""


async def _form(request: web.Request) -> Form:
    return {key: str(value) for key, value in (await request.post()).items() if key != "csrf"}


async def _page(
    request: web.Request,
    values: Form,
    found: Dossier | None,
    status: int = 200,
    refused: ReviewRefused | None = None,
) -> web.StreamResponse:
    work, agent = request.app[WORK], request[AGENT]
    problems: list[Problem] = list(refused.problems) if refused else []
    shared = common(request)
    allowed = {
        n: name for n, name in shared["services"].items() if work.review.is_of_unit(agent, n)
    }
    context: dict[str, Any] = {
        "values": {**dict.fromkeys((*faq_form.NAMES, "tiket"), ""), **values},
        "found": found,
        # What the form saw, so that a page that came back is not newer than its words.
        "seen": values.get("versi", str(found.version) if found else ""),
        "problems": problems,
        "refused": refused.reason if refused else "",
        "topics": work.review.released.topics,
        "categories": {
            one.id: one.name
            for one in work.catalogue.categories
            if one.id in work.review.examiner.categories
        },
        "confidences": CONFIDENCES,
        "longest": LONGEST_ANSWER,
        "allowed": allowed,
    }
    return render(request, "tanya_jawab_tulis.html", status, **{**shared, **context})
