"""SPAN: payment orders, suppliers and contracts; look-ups only."""

from __future__ import annotations

import re
from dataclasses import asdict

from aiohttp import web

from sandbox.events import Events
from sandbox.records import Records
from sandbox.upstream import InvalidError, found, members, same

SUPPLIER_TYPES = frozenset("12345678")


class Span:
    """Answers under ``/span``."""

    def __init__(self, records: Records, events: Events) -> None:
        self._records = records
        self._events = events

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        return [
            web.post("/span/sp2d/lookup", self._sp2d),
            web.post("/span/suppliers/lookup", self._supplier),
            web.post("/span/contracts/lookup", self._contract),
        ]

    async def _sp2d(self, request: web.Request) -> web.Response:
        number, account = await members(request, "nomor_sp2d", "nomor_rekening")
        hits = [
            row
            for row in self._records.sp2d
            if same(number, row.nomor_sp2d) & same(account, row.nomor_rekening)
        ]
        names = ("nama_kl", "kode_satker", "nama_satker", "nomor_rekening", "tipe_supplier")
        return self._answer(request, asdict(hits[0]) if hits else None, names)

    async def _supplier(self, request: web.Request) -> web.Response:
        kind, account = await members(request, "tipe_supplier", "nomor_rekening")
        if kind not in SUPPLIER_TYPES:
            raise InvalidError
        hits = [
            row
            for row in self._records.suppliers
            if same(kind, row.tipe_supplier) & same(account, row.nomor_rekening)
        ]
        names = ("status", "nrs", "alasan", "diperbarui")
        return self._answer(request, asdict(hits[0]) if hits else None, names)

    async def _contract(self, request: web.Request) -> web.Response:
        office, number = await members(request, "kode_satker", "nomor_kontrak")
        number = re.sub(r"\s+", "", number)
        hits = [
            row
            for row in self._records.contracts
            if same(office, row.kode_satker) & same(number, re.sub(r"\s+", "", row.nomor_kontrak))
        ]
        names = ("status", "nrk", "alasan", "diperbarui")
        return self._answer(request, asdict(hits[0]) if hits else None, names)

    def _answer(
        self, request: web.Request, row: dict[str, str | None] | None, names: tuple[str, ...]
    ) -> web.Response:
        answer = found(None if row is None else {name: row[name] for name in names})
        self._events.note("span", request.path, answer.status)
        return answer
