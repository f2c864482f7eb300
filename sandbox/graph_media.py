"""The media part of Meta's Graph API: describe, hand out, take, delete."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web
from aiohttp.web_request import FileField

from sandbox.events import Events
from sandbox.fault_answers import drop
from sandbox.faults import Faults
from sandbox.files import File, Files
from sandbox.graph_limits import Refusal, check_upload, refused

FOREIGN = "https://media.example.com/whatsapp/1"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class GraphMedia:
    """Answers under ``/graph`` what concerns files."""

    def __init__(
        self,
        *,
        access_token: str,
        phone_number_id: str,
        files: Files,
        faults: Faults,
        events: Events,
        now: Callable[[], datetime],
    ) -> None:
        self._authorization = f"Bearer {access_token}".encode()
        self._number = phone_number_id
        self._files = files
        self._faults = faults
        self._events = events
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        return [
            web.post(r"/graph/{version:v\d+\.\d+}/{number}/media", self._guarded(self._take)),
            web.get(r"/graph/{version:v\d+\.\d+}/{id:\d+}", self._guarded(self._describe)),
            web.delete(r"/graph/{version:v\d+\.\d+}/{id:\d+}", self._guarded(self._delete)),
            web.get("/graph/attachments/{address}", self._hand_out),
        ]

    def _guarded(self, answer: Answer) -> Answer:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                if not self._is_ours(request):
                    raise Refusal(190, "The access token could not be decrypted", 401)
                return await answer(request)
            except Refusal as refusal:
                self._events.note("graph", "media refused", refusal.code)
                return refused(refusal)

        return guarded

    def _is_ours(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self._authorization)

    async def _describe(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["id"])
        if file is None or request.query.get("phone_number_id", self._number) != self._number:
            raise Refusal(100, "Object does not exist, or belongs to another number")
        fault = self._faults.kind("media")
        if fault in ("error", "token", "gone"):
            self._faults.strike("media")
            raise {
                "error": Refusal(131000, "Something went wrong", 500),
                "token": Refusal(190, "The session has been invalidated", 401),
                "gone": Refusal(100, "Object does not exist, or has expired"),
            }[fault]
        url = str(request.url.origin() / "graph/attachments" / self._address(file))
        if fault == "foreign_host":
            self._faults.strike("media")
            url = FOREIGN
        self._events.note("graph", "media described", 200)
        return web.json_response(
            {
                "messaging_product": "whatsapp",
                "url": url,
                "mime_type": file.type,
                "sha256": file.digest.hex(),
                "file_size": str(len(file.content)),
                "id": file.id,
            }
        )

    def _address(self, file: File) -> str:
        if self._faults.kind("media") == "old_address":
            self._faults.strike("media")
            return "old"
        return self._files.address(file, self._now())

    async def _hand_out(self, request: web.Request) -> web.StreamResponse:
        file = self._files.at(request.match_info["address"], self._now())
        if file is None or not self._is_ours(request):
            raise web.HTTPNotFound
        content = file.content
        if self._faults.kind("media") in ("cut", "changed", "redirect", "slow"):
            fault = self._faults.strike("media")
            match fault.kind:
                case "redirect":
                    raise web.HTTPFound(FOREIGN)
                case "slow":
                    await asyncio.sleep(fault.seconds)
                case "changed":
                    content = content[:-1] + bytes([content[-1] ^ 1])
                case _:
                    return await self._cut(request, content)
        self._events.note("graph", "media handed out", 200)
        return web.Response(body=content, content_type=file.type)

    async def _cut(self, request: web.Request, content: bytes) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await answer.prepare(request)
        await answer.write(content[: len(content) // 2])
        return drop(request)

    async def _take(self, request: web.Request) -> web.Response:
        if request.match_info["number"] != self._number:
            raise Refusal(100, "Object does not exist")
        if self._faults.kind("media") == "error":
            self._faults.strike("media")
            raise Refusal(131000, "Something went wrong", 500)
        form = await request.post()
        field = form.get("file")
        if not isinstance(field, FileField):
            raise Refusal(100, "file: the parameter is required")
        content = field.file.read()
        check_upload(form.get("messaging_product"), form.get("type"), len(content))
        file = self._files.add(field.filename, str(form["type"]), content)
        self._events.note("graph", "media uploaded", 200)
        return web.json_response({"id": file.id})

    async def _delete(self, request: web.Request) -> web.Response:
        if not self._files.drop(request.match_info["id"]):
            raise Refusal(100, "Object does not exist")
        return web.json_response({"success": True})
