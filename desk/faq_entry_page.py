"""One entry (`/tanya-jawab/entri/{id}`): what answers, the draft beside it, and every version."""

from __future__ import annotations

from collections.abc import Callable
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
from desk.work import WORK

routes = web.RouteTableDef()

Form = dict[str, str]
Change = Callable[[Review, Connection, Vault, Seen, Form], None]


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


async def _change(request: web.Request, changes: dict[str, Change]) -> web.StreamResponse:
    desk, work = request.app[DESK], request.app[WORK]
    id, step = request.match_info["id"], request.match_info["step"]
    if step not in changes:
        raise web.HTTPNotFound
    form = {key: str(value) for key, value in (await request.post()).items()}
    seen = Seen(id, version(form), request[AGENT].id, desk.now())
    try:
        await desk.ledger.run(partial(changes[step], work.review), seen, form)
    except ReviewRefused as refused:
        return await page(request, 409, refused)
    work.wake.ring(WAKE)
    return go(request, f"/tanya-jawab/entri/{id}", f"faq_{step}")


def version(form: Form) -> int:
    """Return the version that a form saw; one that cannot be read is none that there is."""
    text = form.get("versi", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _restore(review: Review, connection: Connection, vault: Vault, seen: Seen, form: Form) -> None:
    found = review.dossier(connection, vault, seen.id)
    versions = {str(one.number): one.entry for one in found.revisions} if found else {}
    if form.get("nomor", "") not in versions:
        raise ReviewRefused("unknown")
    review.draft(connection, vault, seen, versions[form["nomor"]])


def _noted(name: str) -> Change:
    """Return the change of this name that takes a note."""

    def change(
        review: Review, connection: Connection, vault: Vault, seen: Seen, form: Form
    ) -> None:
        getattr(review, name)(connection, vault, seen, form.get("catatan", ""))

    return change


_WORK: dict[str, Change] = {
    "ajukan": lambda review, connection, vault, seen, form: review.submit(connection, vault, seen),
    "buang": lambda review, connection, vault, seen, form: review.drop(connection, vault, seen),
    "pulihkan": _restore,
}
_DECISIONS: dict[str, Change] = {
    "setujui": _noted("publish"),
    "tolak": _noted("reject"),
    "tarik": _noted("withdraw"),
}
