"""The typed clients: what they send, what they give, and what they refuse to believe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from actions.clients import connect
from actions.clients.digit import Digit
from actions.clients.http import Upstream
from actions.clients.sakti import Sakti
from actions.clients.span import ContractStatus, Sp2d, Span, SupplierStatus
from bot.errors import BadAnswer, NotFound, Refused, StartupError
from bot.settings import Settings

SP2D = {
    "nama_kl": "Kementerian Keuangan",
    "kode_satker": "029018",
    "nama_satker": "KPPN Jakarta II",
    "nomor_rekening": "0123-456-789",
    "tipe_supplier": "2",
}
SUPPLIER = {"status": "terdaftar", "nrs": "77", "alasan": None, "diperbarui": "2026-01-05"}
CONTRACT = {"status": "dibatalkan", "nrk": None, "alasan": "Salah", "diperbarui": "2026-01-05"}


class Stand:
    """A server with one answer, and what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.answer: Any = {}
        self.asked: list[tuple[str, Any, str | None]] = []

    async def handle(self, request: web.BaseRequest) -> web.Response:
        key = request.headers.get("Idempotency-Key")
        self.asked.append((request.path, await request.json(), key))
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
async def upstream(stand: Stand, upstream_to: Callable[..., Awaitable[Upstream]]) -> Upstream:
    return await upstream_to(stand.handle, budget=3.0)


async def test_sp2d(stand: Stand, upstream: Upstream) -> None:
    stand.answer = {**SP2D, "later": "members are ignored"}
    found = await Span(upstream).sp2d("230190000000001", "0123456789", request_id="r")
    assert found == Sp2d(**SP2D)
    assert "456" not in repr(found)
    body = {"nomor_sp2d": "230190000000001", "nomor_rekening": "0123456789"}
    assert stand.asked == [("/span/sp2d/lookup", body, None)]


async def test_supplier(stand: Stand, upstream: Upstream) -> None:
    stand.answer = SUPPLIER
    found = await Span(upstream).supplier("2", "0123456789", request_id="r")
    assert found == SupplierStatus("terdaftar", "77", None, dt.date(2026, 1, 5))
    body = {"tipe_supplier": "2", "nomor_rekening": "0123456789"}
    assert stand.asked == [("/span/suppliers/lookup", body, None)]


async def test_contract(stand: Stand, upstream: Upstream) -> None:
    stand.answer = CONTRACT
    found = await Span(upstream).contract("029018", "KTR-01/2026", request_id="r")
    assert found == ContractStatus("dibatalkan", None, "Salah", dt.date(2026, 1, 5))
    body = {"kode_satker": "029018", "nomor_kontrak": "KTR-01/2026"}
    assert stand.asked == [("/span/contracts/lookup", body, None)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nama_kl", None),
        ("nama_kl", ""),
        ("nama_kl", "  "),
        ("nama_kl", 7),
        ("nama_kl", ["Kementerian"]),
        ("nama_kl", "a\nb"),
        ("nama_kl", "\x1b[31m"),
        ("nama_kl", "\u202egnorw"),
        ("nama_kl", "\ud800"),
        ("nama_kl", "x" * 501),
        ("kode_satker", 29018),
        ("kode_satker", "29018"),
        ("kode_satker", "٠٢٩٠١٨"),
        ("tipe_supplier", 2),
        ("tipe_supplier", "9"),
        ("nomor_rekening", 123456789),
        ("nomor_rekening", "9999999999"),
    ],
)
async def test_an_sp2d_that_is_not_believed(
    stand: Stand, upstream: Upstream, name: str, value: object
) -> None:
    stand.answer = {**SP2D, name: value}
    with pytest.raises(BadAnswer, match=f"member {name}$"):
        await Span(upstream).sp2d("1", "0123456789", request_id="r")


@pytest.mark.parametrize("name", list(SP2D))
async def test_an_sp2d_without_a_member(stand: Stand, upstream: Upstream, name: str) -> None:
    stand.answer = {key: value for key, value in SP2D.items() if key != name}
    with pytest.raises(BadAnswer, match=f"member {name}$"):
        await Span(upstream).sp2d("1", "0123456789", request_id="r")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "dibatalkan"),
        ("status", "TERDAFTAR"),
        ("status", None),
        ("status", ["terdaftar"]),
        ("nrs", 77),
        ("nrs", ""),
        ("alasan", False),
        ("diperbarui", None),
        ("diperbarui", "05-01-2026"),
        ("diperbarui", "2026-02-30"),
        ("diperbarui", "2026-01-05T00:00:00"),
        ("diperbarui", 20260105),
    ],
)
async def test_a_supplier_that_is_not_believed(
    stand: Stand, upstream: Upstream, name: str, value: object
) -> None:
    stand.answer = {**SUPPLIER, name: value}
    with pytest.raises(BadAnswer, match=f"member {name}$"):
        await Span(upstream).supplier("2", "0123456789", request_id="r")


@pytest.mark.parametrize("name", list(CONTRACT))
async def test_a_contract_without_a_member(stand: Stand, upstream: Upstream, name: str) -> None:
    stand.answer = {key: value for key, value in CONTRACT.items() if key != name}
    with pytest.raises(BadAnswer, match=f"member {name}$"):
        await Span(upstream).contract("029018", "K", request_id="r")


async def test_a_sakti_reset(stand: Stand, upstream: Upstream) -> None:
    stand.status, stand.answer = 202, {"status": "diproses"}
    sakti = Sakti(upstream)
    await sakti.reset(
        "3171010101900001", "029018", "mfa", request_id="r", idempotency_key="wamid-1"
    )
    body = {"nik": "3171010101900001", "kode_satker": "029018", "jenis": "mfa"}
    assert stand.asked == [("/span/resets", body, "wamid-1")]


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, {"status": "diproses"}, BadAnswer),
        (202, {"status": "selesai"}, BadAnswer),
        (202, {}, BadAnswer),
        (404, {"error": "not_found"}, NotFound),
        (409, {"error": "locked"}, Refused),
    ],
)
async def test_a_sakti_reset_that_does_not_happen(
    stand: Stand, upstream: Upstream, status: int, answer: object, expected: type[Exception]
) -> None:
    stand.status, stand.answer = status, answer
    with pytest.raises(expected):
        await Sakti(upstream).reset("1", "2", "password", request_id="r", idempotency_key="k")


@pytest.mark.parametrize("state", ["aktif", "belum_aktif", "diblokir"])
async def test_a_digit_status(stand: Stand, upstream: Upstream, state: str) -> None:
    stand.answer = {"status": state}
    assert await Digit(upstream).status("19900101", "a@b.go.id", request_id="r") == state
    body = {"identitas": "19900101", "email": "a@b.go.id"}
    assert stand.asked == [("/span/users/status", body, None)]


async def test_an_unknown_digit_status(stand: Stand, upstream: Upstream) -> None:
    stand.answer = {"status": "hilang"}
    with pytest.raises(BadAnswer):
        await Digit(upstream).status("19900101", "a@b.go.id", request_id="r")


@pytest.mark.parametrize("matches", [True, False])
async def test_a_digit_email(stand: Stand, upstream: Upstream, matches: bool) -> None:
    stand.answer = {"cocok": matches}
    told = await Digit(upstream).email_matches("19900101", "a@b.go.id", request_id="r")
    assert told is matches


@pytest.mark.parametrize("value", [1, 0, "true", None])
async def test_a_digit_email_answer_that_is_not_believed(
    stand: Stand, upstream: Upstream, value: object
) -> None:
    stand.answer = {"cocok": value}
    with pytest.raises(BadAnswer):
        await Digit(upstream).email_matches("19900101", "a@b.go.id", request_id="r")


@pytest.mark.parametrize("verb", ["activate", "reset", "unblock"])
async def test_a_digit_change(stand: Stand, upstream: Upstream, verb: str) -> None:
    change = getattr(Digit(upstream), verb)
    stand.status, stand.answer = 202, {"status": "diproses"}
    await change("19900101", "a@b.go.id", request_id="r", idempotency_key="wamid-2")
    body = {"identitas": "19900101", "email": "a@b.go.id"}
    assert stand.asked == [(f"/span/users/{verb}", body, "wamid-2")]
    stand.status, stand.answer = 409, {"error": "wrong_state"}
    with pytest.raises(Refused, match="wrong_state"):
        await change("19900101", "a@b.go.id", request_id="r", idempotency_key="wamid-2")


async def test_connect_gives_each_system_its_own_breaker(session: aiohttp.ClientSession) -> None:
    clients = connect(Settings.parse_obj({}), session)
    upstreams = [clients.span.upstream, clients.sakti.upstream, clients.digit.upstream]
    assert [upstream.system for upstream in upstreams] == ["span", "sakti", "digit"]
    assert len({id(upstream.breaker) for upstream in upstreams}) == 3


@pytest.mark.parametrize(
    "url",
    ["span.example", "ftp://span.example", "http://", "http://u:geheim@span.example",
     "http://span.example:x", "https://span.example/?a=1", "https://span.example/#a"],
)  # fmt: skip
async def test_connect_names_an_address_that_cannot_be_used(
    session: aiohttp.ClientSession, url: str
) -> None:
    with pytest.raises(StartupError, match="NINDY_SAKTI_URL") as caught:
        connect(Settings.parse_obj({"sakti_url": url}), session)
    assert "geheim" not in str(caught.value)
