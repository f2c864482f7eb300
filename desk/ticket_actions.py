"""Changes of a ticket by agents: each a form sent to `/tiket/{number}/<what>`.

A form brings the version that its page showed. When the ticket has moved on, or a message has
come meanwhile, nothing is changed: the page comes back with what was typed and says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy
from sqlalchemy.engine import Connection

from bot.channels.whatsapp.parse import CHANNEL as WHATSAPP
from bot.channels.whatsapp.uploads import SENDABLE, fits
from bot.ledger import drafts
from bot.ledger.agents import Agent
from bot.privacy import Vault
from bot.templates import REPLIES
from bot.tickets.life import ChangeRefused, Priority, Resolution
from bot.tickets.record import Seen
from desk.files_page import MOST
from desk.keys import AGENT, DESK
from desk.pages import go
from desk.resend import resend
from desk.scope import WRITERS, sees
from desk.security import requires
from desk.ticket_page import Found, page, read
from desk.work import WORK, Work

routes = web.RouteTableDef()

LONGEST = 3500
"""Characters of a reply: WhatsApp takes 4096, and our heading comes before it."""

CAPTION = 900
"""Characters of a reply with a file: WhatsApp takes 1024, and our heading comes before it."""

Form = MultiDictProxy[Any]
Change = Callable[[Connection, Vault, Seen], None]


@routes.post("/tiket/{number}/draf")
@requires(*WRITERS)
async def draft(request: web.Request) -> web.Response:
    """Keep what the agent has begun to write."""
    desk, number, agent = request.app[DESK], request.match_info["number"], request[AGENT]
    if not await desk.ledger.run(sees, agent, number):
        raise web.HTTPNotFound
    text = str((await request.post()).get("teks", ""))[: 2 * LONGEST]
    await desk.ledger.run(drafts.keep, number, agent.id, text, desk.now())
    return web.Response(status=204)


@routes.post("/tiket/{number}/{what}")
@requires(*WRITERS)
async def change(request: web.Request) -> web.StreamResponse:
    """Change a ticket as its form says."""
    desk, work, agent = request.app[DESK], request.app[WORK], request[AGENT]
    number, what = request.match_info["number"], request.match_info["what"]
    found = await desk.ledger.run(read, agent, number)
    if found is None or what not in _CHANGES:
        raise web.HTTPNotFound
    form = await request.post()
    version = str(form.get("versi", ""))
    try:
        if not (version.isascii() and version.isdecimal() and len(version) < 10):
            raise ChangeRefused("form")
        if what == "balas" and _is_behind(form, found):
            raise ChangeRefused("heard")
        seen = Seen(number, int(version), agent.actor, desk.now())
        made = _CHANGES[what](work, form, found)
        await desk.ledger.run(_apply, agent, seen, made, what == "balas")
    except ChangeRefused as refused:
        if refused.reason == "unknown" and not await desk.ledger.run(sees, agent, number):
            raise web.HTTPNotFound from None
        typed = {key: str(value) for key, value in form.items() if key != "csrf"}
        return await page(request, 409, refused=refused.reason, typed={**typed, "what": what})
    work.wake.ring("outbox")
    still = await desk.ledger.run(sees, agent, number)
    # A page offers templates only while the window is shut.
    how = "_templat" if what == "balas" and form.get("templat") else ""
    return go(request, f"/tiket/{number}" if still else "/antrean", f"tiket_{what}{how}")


def _apply(
    connection: Connection, vault: Vault, agent: Agent, seen: Seen, made: Change, sent: bool
) -> None:
    # Asked again inside the transaction: it may have become a complaint a moment ago.
    if not sees(connection, vault, agent, seen.number):
        raise ChangeRefused("unknown")
    made(connection, vault, seen)
    if sent:
        drafts.drop(connection, vault, seen.number, agent.id)


def _is_behind(form: Form, found: Found) -> bool:
    heard = found.sheet.last_heard
    return str(form.get("terdengar", "")) != (heard.isoformat() if heard else "")


def _text(form: Form, required: bool = True) -> str:
    text = str(form.get("teks", "")).replace("\r\n", "\n").strip()
    if required and not text:
        raise ChangeRefused("empty")
    if len(text) > LONGEST:
        raise ChangeRefused("long")
    return text


def _service(work: Work, form: Form) -> int | None:
    text = str(form.get("layanan", ""))
    if text == "":
        return None
    numbers = {str(one.number): one.number for one in work.catalogue.services}
    if text not in numbers:
        raise ChangeRefused("form")
    return numbers[text]


def _with(change: Callable[..., None], *args: Any) -> Change:
    return lambda connection, vault, seen: change(connection, vault, seen, *args)


def _reply(work: Work, form: Form, found: Found) -> Change:
    text, wait = _text(form), str(form.get("tunggu", "")) == "ya"
    ids = tuple(dict.fromkeys(str(id) for id in form.getall("lampiran", ())))
    if len(ids) > MOST:
        raise ChangeRefused("form")
    if ids and found.sheet.line.channel == WHATSAPP:
        if len(text) > CAPTION:
            raise ChangeRefused("caption")
        chosen_files = [file for file in found.unsent if file.id in ids]
        if any(file.type not in SENDABLE for file in chosen_files):
            raise ChangeRefused("kind")
        if not all(fits(file.type, file.size) for file in chosen_files):
            raise ChangeRefused("picture")
    # The page offers a template only while the window is shut; it is used only then.
    name = str(form.get("templat", ""))
    chosen = next((one for one in REPLIES if one.value == name), None)
    if name and chosen is None:
        raise ChangeRefused("form")
    return _with(work.changes.reply, text, wait, ids, chosen)


def _give(work: Work, form: Form, found: Found) -> Change:
    to = str(form.get("kepada", ""))
    if to not in {one.id for one in found.takers}:
        raise ChangeRefused("form")
    return _with(work.changes.hand_over, to)


def _forward(work: Work, form: Form, _found: Found) -> Change:
    to = str(form.get("tujuan", ""))
    if to not in {one.name for one in work.catalogue.units} | set(work.outside):
        raise ChangeRefused("form")
    return _with(work.changes.forward, to, to in work.outside, _text(form, required=False))


def _resolve(work: Work, form: Form, _found: Found) -> Change:
    try:
        resolution = Resolution(str(form.get("hasil", "")))
    except ValueError:
        raise ChangeRefused("form") from None
    return _with(work.changes.resolve, resolution, _text(form, required=False))


def _prioritise(work: Work, form: Form, _found: Found) -> Change:
    urgent = str(form.get("prioritas", "")) == str(Priority.URGENT.value)
    return _with(work.changes.prioritise, Priority.URGENT if urgent else Priority.NORMAL)


_CHANGES: dict[str, Callable[[Work, Form, Found], Change]] = {
    "ambil": lambda work, form, found: work.changes.claim,
    "lepas": lambda work, form, found: _with(work.changes.hand_over, None),
    "alihkan": _give,
    "balas": _reply,
    "catat": lambda work, form, found: _with(work.changes.note, _text(form)),
    "lanjutkan": lambda work, form, found: work.changes.resume,
    "teruskan": _forward,
    "terima": lambda work, form, found: _with(work.changes.accept, _text(form)),
    "selesaikan": _resolve,
    "tutup": lambda work, form, found: work.changes.close,
    "layanan": lambda work, form, found: _with(work.changes.route, _service(work, form)),
    "prioritas": _prioritise,
    "ambil-alih": lambda work, form, found: work.takeover.take_over,
    "kembalikan": lambda work, form, found: _with(work.takeover.hand_back, found.overrides),
    "ulang": lambda work, form, found: _with(resend, work.templates, str(form.get("pesan", ""))),
}
