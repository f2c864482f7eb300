"""The control API: writing as a person, looking at what came, turning switches."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from sandbox.chats import Content
from sandbox.envelope import Event
from sandbox.faults import UnknownFaultError
from sandbox.files import SAMPLES
from sandbox.graph_content import button_kind
from sandbox.inbound import (
    MAX_TEXT,
    MEDIA,
    TYPES,
    choice_message,
    contact,
    file_message,
    other_message,
    text_message,
    with_sender,
)
from sandbox.people import Offer, Person, UnknownSlugError
from sandbox.world import World

MOST_HOURS = 24 * 7


class Control:
    """Answers under ``/sandbox``."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        return [
            web.get("/sandbox/people", self._people),
            web.put("/sandbox/people/{id}", self._change_person),
            web.get("/sandbox/people/{id}/messages", self._chat),
            web.post("/sandbox/people/{id}/messages", self._write),
            web.post("/sandbox/people/{id}/files", self._write_file),
            web.get("/sandbox/files/{file}", self._file),
            web.get("/sandbox/messages", self._outbound),
            web.get("/sandbox/sent", self._as_sent),
            web.get("/sandbox/upstream-calls", self._upstream_calls),
            web.get("/sandbox/faults", self._faults),
            web.put("/sandbox/faults", self._set_faults),
            web.get("/sandbox/clock", self._clock),
            web.put("/sandbox/clock", self._set_clock),
            web.get("/sandbox/templates", self._templates),
            web.put("/sandbox/templates/{name}", self._change_template),
            web.post("/sandbox/reset", self._reset),
            web.get("/sandbox/stats", self._stats),
            web.get("/sandbox/records", self._records),
            web.get("/sandbox/log", self._log),
        ]

    async def _people(self, _request: web.Request) -> web.Response:
        rows = [_about(person) for person in self._world.people.all()]
        return web.json_response({"people": rows})

    async def _change_person(self, request: web.Request) -> web.Response:
        body = await _read(request)
        name, hides_phone = body.get("name"), body.get("hides_phone", False)
        if not isinstance(name, (str, type(None))) or not isinstance(hides_phone, bool):
            raise _refuse("name is text, hides_phone is true or false")
        person = self._person(request, name)
        person.hides_phone = hides_phone
        return web.json_response(_about(person))

    async def _chat(self, request: web.Request) -> web.Response:
        entries = self._world.chats.of(request.match_info["id"], _after(request))
        return self._entries([entry.as_json() for entry in entries])

    async def _outbound(self, request: web.Request) -> web.Response:
        entries = self._world.chats.outbound(_after(request))
        return self._entries([entry.as_json() for entry in entries])

    def _entries(self, rows: list[dict[str, Any]]) -> web.Response:
        return web.json_response({"messages": rows, "last": self._world.chats.last})

    async def _write(self, request: web.Request) -> web.Response:
        body = await _read(request)
        content, item = self._message(request.match_info["id"], body)
        name = body.get("name")
        return self._sent(request, content, item, name if isinstance(name, str) else None)

    async def _write_file(self, request: web.Request) -> web.Response:
        """Send the body as a file: ``?type=image&name=…&text=…``."""
        kind, query = request.query.get("type", "document"), request.query
        content = await request.read()
        if kind not in MEDIA or not content:
            raise _refuse(f"type: one of {', '.join(MEDIA)}; the body must not be empty")
        file = self._world.files.add(query.get("name", ""), request.content_type, content)
        return self._sent(request, *file_message(kind, query.get("text", ""), file))

    def _sent(
        self,
        request: web.Request,
        content: Content,
        item: dict[str, Any],
        name: str | None = None,
    ) -> web.Response:
        person = self._person(request, name)
        now = self._world.now()
        entry = self._world.chats.add(person.id, "person", content, now)
        if content.type != "reaction":
            person.last_wrote = now
        self._world.events.publish("message", {"person": person.id, "index": entry.index})
        self._world.webhooks.send(
            Event(
                "messages",
                with_sender(item, person, entry.wamid, now),
                contact(person),
                person.id,
                lambda: self._world.statuses.accepted(entry),
            )
        )
        return web.json_response({"wamid": entry.wamid, "index": entry.index})

    async def _file(self, request: web.Request) -> web.Response:
        file = self._world.files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        headers = {"Content-Disposition": "attachment"}
        return web.Response(body=file.content, content_type=file.type, headers=headers)

    def _message(self, slug: str, body: dict[str, Any]) -> tuple[Content, dict[str, Any]]:
        if "choice_id" in body:
            return self._choice(slug, body)
        kind, text = body.get("type", "text"), body.get("text", "")
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise _refuse(f"text: at most {MAX_TEXT} characters")
        if kind == "text":
            if not text.strip():
                raise _refuse("text: must not be empty")
            return text_message(text)
        if kind not in TYPES:
            raise _refuse(f"type: one of text, {', '.join(TYPES)}")
        if kind in MEDIA:
            return file_message(kind, text, self._world.files.add(*SAMPLES[kind]))
        return other_message(kind, text, str(body.get("context", "")))

    def _choice(self, slug: str, body: dict[str, Any]) -> tuple[Content, dict[str, Any]]:
        choice_id, person = str(body["choice_id"]), self._world.people.get(slug)
        offer = person.offers.get(choice_id) if person else None
        if offer and "context" in body:
            offer = self._offered_in(slug, str(body["context"]), choice_id)
        if offer is None or body.get("kind", offer.kind) != offer.kind:
            raise _refuse("choice_id: was never offered to this person in this way")
        return choice_message(choice_id, offer, str(body.get("title") or offer.title))

    def _offered_in(self, slug: str, wamid: str, choice_id: str) -> Offer | None:
        entry = self._world.chats.find(wamid)
        if entry is None or entry.person != slug or entry.sender != "nindy":
            return None
        for button in entry.content.buttons:
            if button.id == choice_id:
                return Offer(wamid, button_kind(entry.content), button.title)
        for section in entry.content.sections:
            for row in section.rows:
                if row.id == choice_id:
                    return Offer(wamid, "list_reply", row.title, row.description)
        return None

    def _person(self, request: web.Request, name: str | None) -> Person:
        try:
            return self._world.people.get_or_add(request.match_info["id"], name)
        except UnknownSlugError as error:
            raise _refuse(str(error)) from None

    async def _upstream_calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": list(self._world.changes.log)})

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._world.faults.as_json())

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self._world.faults.set(await _read(request))
        except UnknownFaultError as error:
            raise _refuse(str(error)) from None
        return web.json_response(self._world.faults.as_json())

    async def _clock(self, _request: web.Request) -> web.Response:
        clock = self._world.now
        return web.json_response({"hours": clock.hours, "now": clock().isoformat()})

    async def _set_clock(self, request: web.Request) -> web.Response:
        hours: Any = (await _read(request)).get("hours")
        if type(hours) not in (int, float) or not -MOST_HOURS <= hours <= MOST_HOURS:
            raise _refuse(f"hours: a number from -{MOST_HOURS} to {MOST_HOURS}")
        self._world.now.hours = float(hours)
        self._world.events.publish("clock", {"hours": float(hours)})
        return await self._clock(request)

    async def _templates(self, _request: web.Request) -> web.Response:
        return web.json_response({"templates": self._world.templates.all()})

    async def _change_template(self, request: web.Request) -> web.Response:
        try:
            self._world.templates.change(request.match_info["name"], await _read(request))
        except KeyError:
            raise web.HTTPNotFound from None
        except ValueError as error:
            raise _refuse(str(error)) from None
        return await self._templates(request)

    async def _reset(self, _request: web.Request) -> web.Response:
        await self._world.reset()
        return web.json_response({"status": "ok"})

    async def _stats(self, _request: web.Request) -> web.Response:
        world = self._world
        return web.json_response(
            {
                "accepted": world.chats.accepted,
                "duplicates_by_callback": world.chats.duplicates,
                "graph_refused": world.graph.refused,
                "crm_tickets": len(world.crm.tickets),
                "webhooks": {
                    "pending": world.webhooks.pending,
                    "delivered": world.webhooks.delivered,
                    "retries": world.webhooks.retries,
                    "refused": world.webhooks.refused,
                },
            }
        )

    async def _as_sent(self, _request: web.Request) -> web.Response:
        return web.json_response({"sent": list(self._world.graph.sent)})

    async def _records(self, _request: web.Request) -> web.Response:
        return web.json_response(self._world.records.as_json())

    async def _log(self, _request: web.Request) -> web.Response:
        return web.json_response({"log": list(self._world.events.log)})


def _about(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "phone": person.phone,
        "user_id": person.user_id,
        "hides_phone": person.hides_phone,
        "unread": person.unread,
    }


def _after(request: web.Request) -> int:
    try:
        return int(request.query.get("after", "0"))
    except ValueError:
        raise _refuse("after: a whole number") from None


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise _refuse("the body is not JSON") from None
    if not isinstance(body, dict):
        raise _refuse("the body must be an object")
    return body


def _refuse(why: str) -> web.HTTPBadRequest:
    text = json.dumps({"error": why})
    return web.HTTPBadRequest(text=text, content_type="application/json")
