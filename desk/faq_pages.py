"""The FAQ at the desk (`/tanya-jawab`): what was asked in vain, drafts, and all entries."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy.engine import Connection

from bot.faq import Entry, history, mining
from bot.faq.bank import folded
from bot.faq.history import Revision
from bot.faq.review import AUTHORS, Review
from bot.masking import veil
from bot.privacy import Vault
from desk.keys import AGENT, DESK
from desk.pages import render
from desk.scope import READERS
from desk.security import requires
from desk.work import WORK

routes = web.RouteTableDef()

LOOK_BACK = timedelta(days=90)
"""How old a question may be that is still looked at."""
_SHOWN = 40
"""Groups, or entries, on one page."""


@routes.get("/tanya-jawab")
@requires(*READERS)
async def questions(request: web.Request) -> web.StreamResponse:
    """Show what was asked in vain, grouped."""
    desk, work, agent = request.app[DESK], request.app[WORK], request[AGENT]
    edition = work.edition()
    groups: list[mining.Group] = []
    if edition is not None:
        asked = await desk.ledger.run(mining.read, desk.now() - LOOK_BACK)
        sees = partial(work.review.is_of_unit, agent)
        groups = await asyncio.to_thread(work.miner.groups, edition, asked, sees)
    return render(
        request,
        "tanya_jawab.html",
        loaded=edition is not None,
        groups=groups[:_SHOWN],
        total=len(groups),
        entries={id: edition.bank.get(id) for one in groups for id in one.near} if edition else {},
        veil=veil,
        **common(request),
    )


@routes.get("/tanya-jawab/draf")
@requires(*READERS)
async def drafts(request: web.Request) -> web.StreamResponse:
    """Show the drafts on which work goes on."""
    waiting, bank = await request.app[DESK].ledger.run(_waiting, request.app[WORK].review)
    return render(request, "tanya_jawab_draf.html", drafts=waiting, live=bank, **common(request))


@routes.get("/tanya-jawab/entri")
@requires(*READERS)
async def entries(request: web.Request) -> web.StreamResponse:
    """Show the entries that answer now, those with the words that are looked for."""
    bank = await request.app[DESK].ledger.run(request.app[WORK].review.bank)
    wanted = request.query.get("cari", "").strip()[:100]
    words = folded(wanted).split()
    found = [one for one in bank.entries if all(word in _text(one) for word in words)]
    return render(
        request,
        "tanya_jawab_daftar.html",
        wanted=wanted,
        found=found[:_SHOWN],
        total=len(found),
        **common(request),
    )


def common(request: web.Request) -> dict[str, Any]:
    """Return what every page of the FAQ needs."""
    catalogue = request.app[WORK].catalogue
    return {
        "can_write": request[AGENT].role in AUTHORS,
        "services": {one.number: one.name for one in catalogue.services},
    }


def _waiting(
    connection: Connection, vault: Vault, review: Review
) -> tuple[list[Revision], set[str]]:
    live = {entry.id for entry in review.bank(connection, vault).entries}
    return history.waiting(connection, vault), live


def _text(entry: Entry) -> str:
    return " ".join((entry.id, entry.answer, *entry.phrasings)).casefold()
