"""Writing a broadcast (`/broadcast/tulis`): from a ticket of service 13, or over a draft."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from bot.broadcast import report
from bot.broadcast.changes import Draft
from bot.broadcast.life import AUTHORS, WRITABLE, BroadcastRefused, Seen
from bot.broadcast.recipients import read_list
from desk.faq_form import line
from desk.keys import AGENT, DESK
from desk.pages import go, render
from desk.security import requires
from desk.steps import version
from desk.work import WORK

routes = web.RouteTableDef()

_FIELD = "isi_"
LONGEST = 500
"""Characters of one field."""


@routes.get("/broadcast/tulis")
@requires(*AUTHORS)
async def write(request: web.Request) -> web.StreamResponse:
    """Show the form: for a ticket and a template, or with a draft."""
    wanted = request.query.get("broadcast", "")
    if not wanted:
        known = {name: request.query.get(name, "")[:512] for name in ("tiket", "templat")}
        return _page(request, known)
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
        raise web.HTTPNotFound
    found = await request.app[DESK].ledger.run(report.read, int(wanted))
    template = found.line.reply.template if found else None
    if found is None or template is None or found.line.state not in WRITABLE:
        raise web.HTTPNotFound
    values = {
        "broadcast": wanted,
        "versi": str(found.line.version),
        "tiket": found.line.number,
        "templat": template.name,
        **{_FIELD + gap: value for gap, value in template.parameters.items()},
    }
    return _page(request, values)


@routes.post("/broadcast/simpan")
@requires(*AUTHORS)
async def save(request: web.Request) -> web.StreamResponse:
    """Keep the form as a draft."""
    desk, work = request.app[DESK], request.app[WORK]
    sent = await request.post()
    form = {key: str(value) for key, value in sent.items() if isinstance(value, str)}
    old = form.get("broadcast", "")
    id = int(old) if old.isascii() and old.isdecimal() and len(old) < 19 else None
    seen = Seen(id, version(form), request[AGENT].id, desk.now())
    try:
        phones = _phones(form, sent.get("berkas"))
        values = {
            key.removeprefix(_FIELD): line(value)[:LONGEST]
            for key, value in form.items()
            if key.startswith(_FIELD)
        }
        draft = Draft(form.get("tiket", ""), form.get("templat", ""), values, phones)
        id = await desk.ledger.run(work.broadcasts.draft, seen, draft)
    except BroadcastRefused as refused:
        return _page(request, form, 409, refused)
    return go(request, f"/broadcast/{id}", "broadcast_simpan")


def _phones(form: dict[str, str], file: Any) -> list[str] | None:
    if form.get("penerima") != "daftar":
        return None
    if not isinstance(file, FileField):
        raise BroadcastRefused("file")
    # Whatever program wrote it: what is no number is refused with its line.
    return read_list(file.file.read().decode("utf-8", "replace"))


def _page(
    request: web.Request,
    values: dict[str, str],
    status: int = 200,
    refused: BroadcastRefused | None = None,
) -> web.StreamResponse:
    texts = request.app[WORK].broadcasts.texts
    return render(
        request,
        "broadcast_tulis.html",
        status,
        notices=texts.every,
        chosen=texts.find(values.get("templat", "")),
        values=values,
        field=_FIELD,
        longest=LONGEST,
        refused=refused,
    )
