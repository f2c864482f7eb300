"""The CRM: takes tickets that are pushed to it, each number once."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from sandbox.events import Events
from sandbox.upstream import InvalidError


class Crm:
    """Answers under ``/crm``.

    Attributes:
        tickets: By number, as last pushed.
        pushes: How many pushes came, repetitions and older versions included.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self.reset()

    def reset(self) -> None:
        """Forget every ticket."""
        self.tickets: dict[str, dict[str, Any]] = {}
        self.pushes = 0

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        return [
            web.post("/crm/tickets", self._push),
            web.get("/sandbox/crm", self._list),
        ]

    async def _push(self, request: web.Request) -> web.Response:
        try:
            pushed = json.loads(await request.read())
        except ValueError:
            raise InvalidError from None
        number = pushed.get("number") if isinstance(pushed, dict) else None
        if not isinstance(number, str) or type(pushed.get("version")) is not int:
            raise InvalidError
        self.pushes += 1
        known = self.tickets.get(number)
        if known is None or known["version"] < pushed["version"]:
            self.tickets[number] = pushed
        status = 201 if known is None else 200
        self._events.note("crm", request.path, status)
        return web.json_response({"number": number}, status=status)

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response({"tickets": list(self.tickets.values()), "pushes": self.pushes})
