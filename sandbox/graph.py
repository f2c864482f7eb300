"""Meta's Graph API: accepts, refuses and reports, as far as a sender can tell."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.chats import Chats, Content, Entry
from sandbox.events import Events
from sandbox.fault_answers import drop
from sandbox.faults import Faults
from sandbox.files import Files
from sandbox.graph_content import read_content, remember_offers
from sandbox.graph_limits import Refusal, check_message, check_token, refused
from sandbox.pace import Pace
from sandbox.people import People, Person
from sandbox.statuses import Statuses
from sandbox.templates import Templates

TYPING_SECONDS = 25
REMEMBERED = 1_000


class Graph:
    """Answers under ``/graph``.

    Attributes:
        refused: How often each code was given.
        sent: The last bodies that were sent, as they came.
    """

    def __init__(
        self,
        *,
        access_token: str,
        phone_number_id: str,
        people: People,
        chats: Chats,
        statuses: Statuses,
        templates: Templates,
        files: Files,
        faults: Faults,
        pace: Pace,
        events: Events,
        closing: asyncio.Event,
        now: Callable[[], datetime],
    ) -> None:
        self._token = access_token
        self._number = phone_number_id
        self._people = people
        self._chats = chats
        self._statuses = statuses
        self._templates = templates
        self._files = files
        self._faults = faults
        self._pace = pace
        self._events = events
        self._closing = closing
        self._now = now
        self.refused: Counter[str] = Counter()
        self.sent: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        return [web.post(r"/graph/{version:v\d+\.\d+}/{number}/messages", self._messages)]

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await self._read(request)
            self.sent.append(body)
            if "status" in body:
                return self._mark_read(body)
            return await self._send(request, body)
        except Refusal as refusal:
            self.refused[str(refusal.code)] += 1
            self._events.note("graph", "refused", refusal.code)
            return refused(refusal)

    async def _read(self, request: web.Request) -> dict[str, Any]:
        check_token(request, self._token)
        if request.match_info["number"] != self._number:
            raise Refusal(100, f"Object with ID {request.match_info['number']!r} does not exist")
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise Refusal(100, "The body is not JSON") from None
        if not isinstance(body, dict):
            raise Refusal(100, "The body must be an object")
        return body

    def _mark_read(self, body: dict[str, Any]) -> web.Response:
        if body.get("messaging_product") != "whatsapp" or body["status"] != "read":
            raise Refusal(100, "status: must be read, with messaging_product whatsapp")
        typing = body.get("typing_indicator")
        if typing is not None and (not isinstance(typing, dict) or typing.get("type") != "text"):
            raise Refusal(100, "typing_indicator.type: must be text")
        self._stumble(self._faults.kind("graph"), only=("token", "error"))
        entry = self._chats.find(str(body.get("message_id")))
        if entry is None or entry.sender != "person":
            raise Refusal(100, "message_id: not a message that was sent to this number")
        for earlier in self._chats.unread_up_to(entry):
            self._statuses.tick(earlier, "read")
        if typing is not None:
            news = {"person": entry.person, "seconds": TYPING_SECONDS}
            self._events.publish("typing", news)
        self._events.note("graph", "read" if typing is None else "read+typing", 200)
        return web.json_response({"success": True})

    async def _send(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        check_message(body, self._files)
        person = self._people.by_address(body.get("to"), body.get("recipient"))
        fault = self._faults.strike("graph")
        self._stumble(fault.kind)
        template = body.get("type") == "template"
        content = (
            self._templates.fill(body["template"]) if template else read_content(body, self._files)
        )
        if not template and (person is None or not person.window_open(self._now())):
            raise Refusal(131047, "More than 24 hours have passed since the person last wrote")
        if person is None:
            raise Refusal(131009, "to: nobody in the sandbox has this number")
        self._count(person)
        entry = self._accept(person, content, body.get("biz_opaque_callback_data"))
        if self._faults.kind("webhooks") == "status_first":
            self._faults.strike("webhooks")
            await self._statuses.report_sent(entry)
        self._statuses.report(entry)
        if fault.kind == "timeout_after_accept":
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._closing.wait(), fault.seconds)
            return drop(request)
        if body.get("to") is not None:
            contact = {"input": body["to"], "wa_id": person.phone}
        else:
            contact = {"input": body["recipient"], "user_id": person.user_id}
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": entry.wamid}],
        }
        return web.json_response(answer)

    def _count(self, person: Person) -> None:
        if self._faults.kind("rates") != "counted":
            return
        try:
            self._pace.take(person.id)
        except Refusal:
            self._faults.strike("rates")
            raise

    def _accept(self, person: Person, content: Content, callback: str | None) -> Entry:
        entry = self._chats.add(person.id, "nindy", content, self._now(), callback)
        remember_offers(person, content, entry.wamid)
        if not self._events.is_open(person.id):
            person.unread += 1
        self._events.note("graph", f"accepted {content.type}", 200)
        self._events.publish("message", {"person": person.id, "index": entry.index})
        return entry

    def _stumble(self, kind: str, only: tuple[str, ...] | None = None) -> None:
        if only is not None and kind not in only:
            return
        match kind:
            case "rate_limit":
                raise Refusal(130429, "Cloud API message throughput has been reached")
            case "pair_rate":
                raise Refusal(131056, "Too many messages to this person in a short time")
            case "opted_out":
                raise Refusal(131050, "The person has stopped marketing messages from this number")
            case "error":
                raise Refusal(131000, "Something went wrong", 500)
            case "token":
                raise Refusal(190, "The session has been invalidated", 401)
