"""SPAN: payment orders, suppliers and contracts, looked up and never changed.

The contract is `docs/upstream/span.openapi.yaml`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Literal, get_args

from actions.clients.answer import Answer
from actions.clients.http import Upstream

SupplierState = Literal["terdaftar", "menunggu_persetujuan", "ditolak", "nonaktif"]
ContractState = Literal["terdaftar", "menunggu_persetujuan", "ditolak", "dibatalkan"]


@dataclass(frozen=True)
class Sp2d:
    """The payment order that belongs to a number and an account."""

    nama_kl: str
    kode_satker: str
    nama_satker: str
    nomor_rekening: str = field(repr=False)
    tipe_supplier: str


@dataclass(frozen=True)
class SupplierStatus:
    """How far a supplier's registration is; ``nrs`` is its register number."""

    status: SupplierState
    nrs: str | None
    alasan: str | None
    diperbarui: dt.date


@dataclass(frozen=True)
class ContractStatus:
    """How far a contract's registration is; ``nrk`` is its register number."""

    status: ContractState
    nrk: str | None
    alasan: str | None
    diperbarui: dt.date


class Span:
    """The look-ups in SPAN.

    Every method raises `bot.errors.NotFound` for each kind of miss alike: an unknown number
    and a known one with another account cannot be told apart.
    """

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    async def sp2d(self, nomor_sp2d: str, nomor_rekening: str, *, request_id: str) -> Sp2d:
        """Look up a payment order by its number and the account it paid into."""

        def read(answer: Answer) -> Sp2d:
            found = answer.text("nomor_rekening")
            if _bare(found) != _bare(nomor_rekening):
                raise answer.bad("nomor_rekening")  # somebody else's: never to be shown
            return Sp2d(
                nama_kl=answer.text("nama_kl"),
                kode_satker=answer.text("kode_satker", r"[0-9]{6}"),
                nama_satker=answer.text("nama_satker"),
                nomor_rekening=found,
                tipe_supplier=answer.text("tipe_supplier", r"[1-8]"),
            )

        body = {"nomor_sp2d": nomor_sp2d, "nomor_rekening": nomor_rekening}
        return await self.upstream.ask("/sp2d/lookup", body, read, request_id=request_id)

    async def supplier(
        self, tipe_supplier: str, nomor_rekening: str, *, request_id: str
    ) -> SupplierStatus:
        """Look up a supplier's registration by its type and account."""

        def read(answer: Answer) -> SupplierStatus:
            return SupplierStatus(
                status=answer.one_of("status", get_args(SupplierState)),
                nrs=answer.text_or_none("nrs"),
                alasan=answer.text_or_none("alasan"),
                diperbarui=answer.date("diperbarui"),
            )

        body = {"tipe_supplier": tipe_supplier, "nomor_rekening": nomor_rekening}
        return await self.upstream.ask("/suppliers/lookup", body, read, request_id=request_id)

    async def contract(
        self, kode_satker: str, nomor_kontrak: str, *, request_id: str
    ) -> ContractStatus:
        """Look up a contract's registration by its satker and number."""

        def read(answer: Answer) -> ContractStatus:
            return ContractStatus(
                status=answer.one_of("status", get_args(ContractState)),
                nrk=answer.text_or_none("nrk"),
                alasan=answer.text_or_none("alasan"),
                diperbarui=answer.date("diperbarui"),
            )

        body = {"kode_satker": kode_satker, "nomor_kontrak": nomor_kontrak}
        return await self.upstream.ask("/contracts/lookup", body, read, request_id=request_id)


def _bare(account: str) -> str:
    return re.sub(r"[\s.\-]", "", account).upper()
