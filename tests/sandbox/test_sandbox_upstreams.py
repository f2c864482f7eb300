"""SPAN, SAKTI and Digit answer, change once, and fail as told."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

SP2D = {"nomor_sp2d": "260261301000123", "nomor_rekening": "0012345678901"}
RESET = {"nik": "3171014508900001", "kode_satker": "527010", "jenis": "password"}


async def ask(
    sandbox: Any, path: str, body: Any, key: str | None = None, **options: Any
) -> tuple[int, Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = await sandbox.client.post(path, json=body, headers=headers, **options)
    return answer.status, await answer.json()


async def test_every_sample_record_is_found(sandbox: Any) -> None:
    records = await sandbox.get("/sandbox/records")
    for row in records["sp2d"]:
        status, answer = await ask(sandbox, "/span/sp2d/lookup", row)
        del row["nomor_sp2d"]
        assert (status, answer) == (200, row)
    for row in records["suppliers"]:
        status, answer = await ask(sandbox, "/span/suppliers/lookup", row)
        assert (status, answer["status"], answer["nrs"]) == (200, row["status"], row["nrs"])
    for row in records["contracts"]:
        status, answer = await ask(sandbox, "/span/contracts/lookup", row)
        assert (status, answer["status"], answer["nrk"]) == (200, row["status"], row["nrk"])
    for row in records["digit_users"]:
        assert await ask(sandbox, "/digit/users/status", row) == (200, {"status": row["status"]})
    for row in records["sakti_users"]:
        status, _ = await ask(sandbox, "/sakti/resets", {**row, "jenis": "mfa"})
        assert status == (409 if row["terkunci"] else 202)


async def test_the_samples_cover_every_status(sandbox: Any) -> None:
    records = await sandbox.get("/sandbox/records")
    assert {row["status"] for row in records["suppliers"]} == {
        "terdaftar",
        "menunggu_persetujuan",
        "ditolak",
        "nonaktif",
    }
    assert {row["status"] for row in records["contracts"]} == {
        "terdaftar",
        "menunggu_persetujuan",
        "ditolak",
        "dibatalkan",
    }
    assert {row["status"] for row in records["digit_users"]} == {
        "aktif",
        "belum_aktif",
        "diblokir",
    }


async def test_every_miss_gets_the_same_answer(sandbox: Any) -> None:
    answers = [
        await ask(sandbox, "/span/sp2d/lookup", {**SP2D, "nomor_sp2d": "260261301000999"}),
        await ask(sandbox, "/span/sp2d/lookup", {**SP2D, "nomor_rekening": "7001112223"}),
        await ask(sandbox, "/span/sp2d/lookup", {"nomor_sp2d": "1", "nomor_rekening": "2"}),
    ]
    assert answers == [(404, {"error": "not_found"})] * 3


@pytest.mark.parametrize("body", [{}, [], {**SP2D, "nomor_sp2d": 260261301000123}, "teks", None])
async def test_a_wrong_question_is_invalid(sandbox: Any, body: Any) -> None:
    assert await ask(sandbox, "/span/sp2d/lookup", body) == (422, {"error": "invalid"})


async def test_unknown_paths_and_methods(sandbox: Any) -> None:
    assert (await sandbox.client.post("/span/lain", json={})).status == 404
    assert (await sandbox.client.get("/span/sp2d/lookup")).status == 405


async def test_an_unknown_identity_does_not_match(sandbox: Any) -> None:
    siti = {"identitas": "198508122010121001", "email": "Siti@contoh.go.id"}
    path = "/digit/users/email-check"
    assert await ask(sandbox, path, siti) == (200, {"cocok": True})
    assert await ask(sandbox, path, {**siti, "email": "x@y.id"}) == (200, {"cocok": False})
    assert await ask(sandbox, path, {**siti, "identitas": "1"}) == (200, {"cocok": False})


async def test_a_digit_account_changes_its_state(sandbox: Any) -> None:
    budi = {"identitas": "3404051207850002", "email": "budi@contoh.go.id"}
    assert (await ask(sandbox, "/digit/users/unblock", budi)) == (409, {"error": "wrong_state"})
    assert (await ask(sandbox, "/digit/users/activate", budi)) == (202, {"status": "diproses"})
    assert (await ask(sandbox, "/digit/users/status", budi)) == (200, {"status": "aktif"})
    assert (await ask(sandbox, "/digit/users/activate", budi))[0] == 409
    await sandbox.client.post("/sandbox/reset")
    assert (await ask(sandbox, "/digit/users/status", budi)) == (200, {"status": "belum_aktif"})


async def test_the_same_key_is_executed_once(sandbox: Any) -> None:
    first = await ask(sandbox, "/sakti/resets", RESET, "k1")
    again = await ask(sandbox, "/sakti/resets", RESET, "k1")
    other = await ask(sandbox, "/sakti/resets", RESET, "k2")
    assert first == again == other == (202, {"status": "diproses"})
    calls = (await sandbox.get("/sandbox/upstream-calls"))["calls"]
    assert [(call["idempotency_key"], call["path"]) for call in calls] == [
        ("k1", "/sakti/resets"),
        ("k2", "/sakti/resets"),
    ]
    assert calls[0]["body"] == RESET
    status, _ = await ask(sandbox, "/sakti/resets", {**RESET, "jenis": "mfa"}, "k1")
    assert status == 422, "a key stands for one change only"


async def test_a_change_may_be_done_and_its_answer_lost(sandbox: Any) -> None:
    await sandbox.fault(sakti={"kind": "accept_then_drop", "times": 1})
    with pytest.raises(aiohttp.ClientError):
        await ask(sandbox, "/sakti/resets", RESET, "k1")
    assert await ask(sandbox, "/sakti/resets", RESET, "k1") == (202, {"status": "diproses"})
    assert len((await sandbox.get("/sandbox/upstream-calls"))["calls"]) == 1


async def test_down_drops_the_connection_and_heals(sandbox: Any) -> None:
    await sandbox.fault(span={"kind": "down", "times": 2})
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await ask(sandbox, "/span/sp2d/lookup", SP2D)
    assert (await ask(sandbox, "/span/sp2d/lookup", SP2D))[0] == 200
    fault = (await sandbox.get("/sandbox/faults"))["span"]
    assert (fault["kind"], fault["hits"]) == ("off", 2)


async def test_an_error_is_a_500(sandbox: Any) -> None:
    await sandbox.fault(span="error")
    assert (await ask(sandbox, "/span/sp2d/lookup", SP2D))[0] == 500
    assert (await ask(sandbox, "/digit/users/status", {}))[0] == 422, "only SPAN"


async def test_slow_answers_late_and_hang_never(sandbox: Any) -> None:
    await sandbox.fault(span={"kind": "slow", "seconds": 0.3})
    patience = aiohttp.ClientTimeout(total=0.1)
    with pytest.raises(asyncio.TimeoutError):
        await ask(sandbox, "/span/sp2d/lookup", SP2D, timeout=patience)
    assert (await ask(sandbox, "/span/sp2d/lookup", SP2D))[0] == 200
    await sandbox.fault(span="hang")
    with pytest.raises(asyncio.TimeoutError):
        await ask(sandbox, "/span/sp2d/lookup", SP2D, timeout=patience)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("garbage", aiohttp.ContentTypeError),
        ("truncated", ValueError),
        ("wrong_charset", UnicodeDecodeError),
        ("redirect_loop", aiohttp.TooManyRedirects),
    ],
)
async def test_a_spoilt_answer(sandbox: Any, kind: str, wrong: type[Exception]) -> None:
    await sandbox.fault(span=kind)
    with pytest.raises(wrong):
        await ask(sandbox, "/span/sp2d/lookup", SP2D)


async def test_wrong_types_are_json_all_the_same(sandbox: Any) -> None:
    await sandbox.fault(digit="wrong_types")
    status, answer = await ask(sandbox, "/digit/users/status", {})
    assert status == 200
    assert not isinstance(answer["status"], str)


async def test_huge_streams_without_end_in_sight(sandbox: Any) -> None:
    await sandbox.fault(span="huge")
    size = 0
    async with sandbox.client.post("/span/sp2d/lookup", json=SP2D) as answer:
        async for chunk in answer.content.iter_any():
            size += len(chunk)
    assert size > 50_000_000


async def test_drip_gives_a_byte_a_second(sandbox: Any) -> None:
    await sandbox.fault(span="drip")
    with pytest.raises(asyncio.TimeoutError):
        await ask(sandbox, "/span/sp2d/lookup", SP2D, timeout=aiohttp.ClientTimeout(total=0.5))


@pytest.mark.parametrize(
    "wanted",
    [{"fax": "down"}, {"span": "weg"}, {"span": {"kind": "down", "times": 0}}, {"graph": 7}],
)
async def test_a_switch_that_does_not_exist_is_refused(sandbox: Any, wanted: Any) -> None:
    answer = await sandbox.client.put("/sandbox/faults", json={"digit": "down", **wanted})
    assert answer.status == 400
    assert (await sandbox.get("/sandbox/faults"))["digit"]["kind"] == "off", "all or none"


async def test_a_client_that_gave_up_does_not_stop_the_change(sandbox: Any) -> None:
    await sandbox.fault(sakti={"kind": "slow", "seconds": 0.3, "times": 1})
    with pytest.raises(asyncio.TimeoutError):
        patience = aiohttp.ClientTimeout(total=0.1)
        await ask(sandbox, "/sakti/resets", RESET, "k1", timeout=patience)
    await asyncio.sleep(0.4)
    assert len((await sandbox.get("/sandbox/upstream-calls"))["calls"]) == 1
    assert await ask(sandbox, "/sakti/resets", RESET, "k1") == (202, {"status": "diproses"})
    assert len((await sandbox.get("/sandbox/upstream-calls"))["calls"]) == 1
