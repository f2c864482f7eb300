"""One entry (`/tanya-jawab/entri/{id}`): what answers, the draft beside it, and every version."""

from __future__ import annotations

from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.faq.bank import Problem
from bot.faq.follow import WAKE
from bot.faq.history import Dossier
from bot.faq.review import APPROVERS, AUTHORS, Review, ReviewRefused, Seen
from bot.privacy import Vault
from desk.faq_diff import compare
from desk.faq_pages import common
from desk.keys import AGENT, DESK
from desk.pages import go, render
from desk.scope import READERS
from desk.security import requires
from desk.steps import Form, Step, noted, plain, take
from desk.work import WORK

routes = web.RouteTableDef()


@routes.get("/tanya-jawab/entri/{id}")
@requires(*READERS)
async def show(request: web.Request) -> web.StreamResponse:
    """Show an entry."""
    return await page(request)


@routes.post("/tanya-jawab/entri/{id}/draf/{step}")
@requires(*AUTHORS)
async def work_on(request: web.Request) -> web.StreamResponse:
    """Submit or drop the draft, or begin one with an older version."""
    return await _change(request, _WORK)


@routes.post("/tanya-jawab/entri/{id}/putusan/{step}")
@requires(*APPROVERS)
async def decide(request: web.Request) -> web.StreamResponse:
    """Publish or reject the draft, or withdraw what answers."""
    return await _change(request, _DECISIONS)


async def page(
    request: web.Request, status: int = 200, refused: ReviewRefused | None = None
) -> web.StreamResponse:
    """Make the page; 409 with the reason when a change was refused."""
    desk, review = request.app[DESK], request.app[WORK].review
    found, problems = await desk.ledger.run(_read, review, request.match_info["id"], desk.now())
    if found is None:
        raise web.HTTPNotFound
    draft = found.open
    return render(
        request,
        "tanya_jawab_entri.html",
        status,
        found=found,
        draft=draft,
        rows=list(compare(found.live, draft.entry)) if draft else [],
        problems=problems,
        refused=refused.reason if refused else "",
        may_decide=request[AGENT].role in APPROVERS,
        own=request[AGENT].id in found.writers,
        versions=list(reversed(found.revisions)),
        **common(request),
    )


def _read(
    connection: Connection, vault: Vault, review: Review, id: str, now: Any
) -> tuple[Dossier | None, list[Problem]]:
    found = review.dossier(connection, vault, id)
    if found is None or found.open is None:
        return found, []
    return found, review.problems(connection, vault, found.open.entry, now)


async def _change(request: web.Request, steps: dict[str, Step[Review]]) -> web.StreamResponse:
    work, id = request.app[WORK], request.match_info["id"]
    try:
        step = await take(request, steps, work.review, partial(Seen, id))
    except ReviewRefused as refused:
        return await page(request, 409, refused)
    work.wake.ring(WAKE)
    return go(request, f"/tanya-jawab/entri/{id}", f"faq_{step}")


def _restore(review: Review, connection: Connection, vault: Vault, seen: Seen, form: Form) -> None:
    found = review.dossier(connection, vault, seen.id)
    versions = {str(one.number): one.entry for one in found.revisions} if found else {}
    if form.get("nomor", "") not in versions:
        raise ReviewRefused("unknown")
    review.draft(connection, vault, seen, versions[form["nomor"]])


_WORK: dict[str, Step[Review]] = {
    "ajukan": plain("submit"),
    "buang": plain("drop"),
    "pulihkan": _restore,
}
_DECISIONS: dict[str, Step[Review]] = {
    "setujui": noted("publish"),
    "tolak": noted("reject"),
    "tarik": noted("withdraw"),
}
