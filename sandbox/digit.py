"""Digit: the state of an account, and changing it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.events import Events
from sandbox.records import DigitUser, Records
from sandbox.upstream import Changes, found, members, same

CHANGES = {
    "activate": ("belum_aktif", "aktif"),
    "reset": ("aktif", "aktif"),
    "unblock": ("diblokir", "aktif"),
}
"""What each change needs, and what it makes of the account."""


class Digit:
    """Answers under ``/digit``; a change takes effect at once."""

    def __init__(self, records: Records, changes: Changes, events: Events) -> None:
        self._records = records
        self._changes = changes
        self._events = events
        self.reset()

    def reset(self) -> None:
        """Go back to the states of the records."""
        self._states = {user.identitas: user.status for user in self._records.digit_users}

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        changes = [web.post(f"/digit/users/{name}", self._change(name)) for name in CHANGES]
        return [
            web.post("/digit/users/status", self._status),
            web.post("/digit/users/email-check", self._email_check),
            *changes,
        ]

    def _find(self, identity: str, email: str) -> DigitUser | None:
        for user in self._records.digit_users:
            if same(identity, user.identitas) & same(email, user.email):
                return user
        return None

    async def _status(self, request: web.Request) -> web.Response:
        user = self._find(*await members(request, "identitas", "email"))
        answer = found(None if user is None else {"status": self._states[user.identitas]})
        self._events.note("digit", request.path, answer.status)
        return answer

    async def _email_check(self, request: web.Request) -> web.Response:
        user = self._find(*await members(request, "identitas", "email"))
        self._events.note("digit", request.path, 200)
        return web.json_response({"cocok": user is not None})

    def _change(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        needed, becomes = CHANGES[name]

        async def handle(request: web.Request) -> web.Response:
            identity, email = await members(request, "identitas", "email")

            def execute() -> tuple[int, dict[str, Any]]:
                user = self._find(identity, email)
                if user is None:
                    return 404, {"error": "not_found"}
                if self._states[user.identitas] != needed:
                    return 409, {"error": "wrong_state"}
                self._states[user.identitas] = becomes
                return 202, {"status": "diproses"}

            given = {"identitas": identity, "email": email}
            return self._changes.once(request, given, execute)

        return handle
