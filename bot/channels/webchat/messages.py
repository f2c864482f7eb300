"""Messages: sent, polled, shown, rated, and written down for the visitor to keep."""

from __future__ import annotations

from aiohttp import web

from bot.channels.choice_ids import resolve
from bot.channels.message import Inbound, Kind
from bot.channels.webchat import events, wire
from bot.channels.webchat.guard import visit
from bot.channels.webchat.keys import CHAT, Chat, issue_for
from bot.channels.webchat.limits import take
from bot.errors import ChatRefused
from bot.ledger import chat as talk
from bot.ledger import chat_sessions
from bot.ledger.chat import Entry
from bot.ledger.chat_sessions import CHANNEL, Session
from bot.turn.intake import Delivery

routes = web.RouteTableDef()


@routes.post("/messages")
async def send(request: web.Request) -> web.Response:
    """Store a message; it is acknowledged when it is on disk, and once only."""
    chat, by = request.app[CHAT], await visit(request)
    await take(chat.limits.messages, by.session.key)
    sent = wire.message(await wire.body(request))
    inbound = await _inbound(chat, by.session, sent)
    await chat.intake.store(Delivery((inbound,), (), ()))
    position = await chat.ledger.run(
        chat_sessions.position, by.token.session_id, inbound, chat.clock()
    )
    if position is None:
        raise ChatRefused("token")
    return web.json_response({"id": sent.id, "seq": position}, status=202)


@routes.get("/messages")
async def poll(request: web.Request) -> web.Response:
    """Give the messages after a position, for clients that cannot keep a stream open."""
    chat, session = request.app[CHAT], (await visit(request)).session
    after = wire.number(request.query.get("after"), 0, 0)
    limit = min(wire.number(request.query.get("limit"), 1, wire.PAGE), wire.PAGE)
    entries = await chat.ledger.run(talk.log, session.conversation_id, after, limit)
    now = chat.clock()
    standing = (await chat.ledger.run(talk.standings, [session.key], now)).get(session.key)
    if standing is None:
        raise ChatRefused("token")
    issue = issue_for(chat.choice_key, session.conversation_id)
    return web.json_response(
        {
            "messages": [events.message(entry, issue) for entry in entries],
            "next": entries[-1].position if entries else min(after, standing.position),
            "state": events.state(standing, chat.office.is_open(now)),
        }
    )


@routes.post("/seen")
async def seen(request: web.Request) -> web.Response:
    """Note that everything up to a position has been shown."""
    chat, session = request.app[CHAT], (await visit(request)).session
    upto = wire.position(await wire.body(request))
    await chat.ledger.run(talk.show, session.conversation_id, upto, chat.clock())
    chat.wake.ring("outbox")
    return web.Response(status=204)


@routes.post("/ratings")
async def rate(request: web.Request) -> web.Response:
    """Keep what the visitor thinks of the talk."""
    chat, session = request.app[CHAT], (await visit(request)).session
    given = wire.rating(await wire.body(request))
    await chat.ledger.run(talk.rate, session.conversation_id, given.value, given.word, chat.clock())
    return web.Response(status=204)


@routes.get("/transcript")
async def transcript(request: web.Request) -> web.StreamResponse:
    """Write the conversation down as plain text."""
    chat, session = request.app[CHAT], (await visit(request)).session
    lines = chat.words.transcript
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{lines["file"]}"',
        }
    )
    await response.prepare(request)
    made = lines["made"].format(saat=chat.calendar.say_moment(chat.clock()))
    await response.write(f"{lines['title']}\n{made}\n".encode())
    after = 0
    while entries := await chat.ledger.run(talk.log, session.conversation_id, after, wire.PAGE):
        await response.write("".join(_written(chat, entry) for entry in entries).encode())
        after = entries[-1].position
    return response


async def _inbound(chat: Chat, session: Session, sent: wire.Message) -> Inbound:
    kind, text = Kind.MEDIA if sent.files else Kind.TEXT, sent.text
    if sent.choice_id:
        payload = resolve(chat.choice_key, session.conversation_id, sent.choice_id)
        if payload is None:
            raise ChatRefused("invalid")
        kind = Kind.CHOICE
        text = await chat.ledger.run(talk.title, session.conversation_id, payload)
    return Inbound(
        channel=CHANNEL,
        account="",
        # One's own: nobody can take an id away from another conversation.
        external_id=f"{session.conversation_id}:{sent.id}",
        sender=session.sender,
        sent_at=chat.clock(),
        kind=kind,
        text=text,
        choice_id=sent.choice_id or None,
        attachments=sent.files,
    )


def _written(chat: Chat, entry: Entry) -> str:
    words, lines = chat.words.widget, chat.words.transcript
    who = {
        "user": lines["user"],
        "nindy": words["nindy"],
        "agent": words["agent_name"].format(nama=entry.name),
    }[entry.who]
    text = f"\n{who} ({chat.calendar.say_moment(entry.at)})\n{entry.text}\n"
    for file in entry.files:
        text += lines["attachment"].format(nama=file.name) + "\n"
    if entry.choices:
        offered = " | ".join(choice.title for choice in entry.choices)
        text += lines["choices"].format(pilihan=offered) + "\n"
    return text
