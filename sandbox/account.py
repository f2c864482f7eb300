"""What Meta tells of the account: its number, who is subscribed, and its templates."""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from sandbox.envelope import ACCOUNT, DISPLAY_PHONE_NUMBER
from sandbox.events import Events
from sandbox.graph_limits import Refusal, check_token, refused
from sandbox.templates import Templates

PAGE = 25
"""Templates per page when nothing else is asked for."""
APP = "400000000000001"


class Account:
    """Answers the GETs under ``/graph``.

    Attributes:
        about_token: What is told of the account's token.
    """

    def __init__(
        self,
        *,
        access_token: str,
        phone_number_id: str,
        webhook_url: str,
        templates: Templates,
        events: Events,
    ) -> None:
        self._token = access_token
        self._number = phone_number_id
        self._webhook = webhook_url
        self._templates = templates
        self._events = events
        self.about_token: dict[str, Any] = {
            "app_id": APP,
            "type": "SYSTEM_USER",
            "application": "Nindy",
            "data_access_expires_at": 0,
            "expires_at": 0,
            "is_valid": True,
            "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
        }

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        path = r"/graph/{version:v\d+\.\d+}"
        return [
            web.get(path + "/{id:debug_token}", self._show_token),
            # Every other id may be that of a file (`sandbox.graph_media`).
            web.get(f"{path}/{{id:{self._number}}}", self._show_number),
            web.get(path + "/{id}/message_templates", self._list_templates),
            web.get(path + "/{id}/subscribed_apps", self._list_apps),
        ]

    async def _show_number(self, request: web.Request) -> web.Response:
        about: dict[str, Any] = {
            "display_phone_number": DISPLAY_PHONE_NUMBER,
            "verified_name": "HAI-DJPb",
            "quality_rating": "GREEN",
            "status": "CONNECTED",
            "webhook_configuration": {"application": self._webhook},
        }
        wanted = request.query.get("fields", "display_phone_number,verified_name").split(",")
        shown = {name: about[name] for name in wanted if name in about}
        return self._answer(request, self._number, {**shown, "id": self._number})

    async def _show_token(self, request: web.Request) -> web.Response:
        given = request.query.get("input_token", "")
        if not given:
            return refused(Refusal(100, "input_token: the parameter is required"))
        known = hmac.compare_digest(given.encode(), self._token.encode())
        unknown = {"error": {"code": 190}, "is_valid": False, "scopes": []}
        answer = {"data": self.about_token if known else unknown}
        return self._answer(request, "debug_token", answer)

    async def _list_templates(self, request: web.Request) -> web.Response:
        every = self._templates.all()
        limit, after = request.query.get("limit", str(PAGE)), request.query.get("after", "0")
        if not (limit.isdecimal() and after.isdecimal()) or not 0 < int(limit) <= 250:
            return refused(Refusal(100, "limit: 1 to 250; after: a cursor of an earlier page"))
        start, end = int(after), int(after) + int(limit)
        answer: dict[str, Any] = {"data": every[start:end]}
        if start < len(every):
            answer["paging"] = {"cursors": {"before": str(start), "after": str(end)}}
            if end < len(every):
                answer["paging"]["next"] = str(request.url.update_query(after=str(end)))
        return self._answer(request, ACCOUNT, answer)

    async def _list_apps(self, request: web.Request) -> web.Response:
        app = {"whatsapp_business_api_data": {"id": APP, "name": "Nindy"}}
        return self._answer(request, ACCOUNT, {"data": [app]})

    def _answer(self, request: web.Request, wanted: str, answer: dict[str, Any]) -> web.Response:
        what = f"read {request.path.rpartition('/')[2]}"
        try:
            check_token(request, self._token)
            if request.match_info["id"] != wanted:
                raise Refusal(100, f"Object with ID {request.match_info['id']!r} does not exist")
        except Refusal as refusal:
            self._events.note("graph", "refused", refusal.code)
            return refused(refusal)
        self._events.note("graph", "account" if what.endswith(wanted) else what, 200)
        return web.json_response(answer)
