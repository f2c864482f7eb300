"""SAKTI: resetting a password or the second factor."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.records import Records
from sandbox.upstream import Changes, InvalidError, members, same


class Sakti:
    """Answers under ``/sakti``."""

    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        return [web.post("/sakti/resets", self._reset)]

    async def _reset(self, request: web.Request) -> web.Response:
        nik, office, kind = await members(request, "nik", "kode_satker", "jenis")
        if kind not in ("password", "mfa"):
            raise InvalidError

        def execute() -> tuple[int, dict[str, Any]]:
            hits = [
                user
                for user in self._records.sakti_users
                if same(nik, user.nik) & same(office, user.kode_satker)
            ]
            if not hits:
                return 404, {"error": "not_found"}
            if hits[0].terkunci:
                return 409, {"error": "locked"}
            return 202, {"status": "diproses"}

        given = {"nik": nik, "kode_satker": office, "jenis": kind}
        return self._changes.once(request, given, execute)
