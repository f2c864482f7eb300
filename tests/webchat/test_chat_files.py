"""Files: uploaded, sent with a message, and handed out to their own conversation alone."""

from __future__ import annotations

import uuid
from typing import Any

import aiohttp
import pytest

from bot.ledger import attachments, tables
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket, open_ticket
from tests.kit import START, answer, rows
from tests.webchat.stage import FILE_BYTES, Answer, Door, Visitor

PDF = b"%PDF-1.7\n" + b"isi surat\n" * 50


async def upload(visitor: Visitor, content: bytes = PDF, name: str = "surat.pdf") -> Answer:
    form = aiohttp.FormData()
    form.add_field("file", content, filename=name, content_type="application/x-anything")
    return await visitor.call("POST", "/uploads", data=form)


async def test_a_file_goes_with_a_message_and_comes_back_whole(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    sent = await upload(visitor, name="../../Surat <b>satker</b>.exe")
    assert sent.status == 201
    file = sent.json
    assert file["type"] == "application/pdf"
    assert file["size"] == len(PDF)
    assert file["name"].endswith(".pdf") and "/" not in file["name"] and "<" not in file["name"]
    said = await visitor.say("ini suratnya", attachments=[file["id"]])
    assert said.status == 202
    async with visitor.stream() as events:
        told = await events.message()
    assert told["attachments"] == [file]
    assert (await visitor.poll())["messages"] == [told]
    got = await visitor.call("GET", f"/attachments/{file['id']}")
    assert (got.status, got.body) == (200, PDF)
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Cache-Control"] == "no-store"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    row = rows(ledger, tables.attachment)[0]
    assert row.inbox_id == rows(ledger, tables.inbox)[0].id
    assert f"[Lampiran: {file['name']}]" in (
        (await visitor.call("GET", "/transcript")).body.decode()
    )


async def test_a_file_alone_is_a_message(door: Door, visitor: Visitor) -> None:
    file = (await upload(visitor)).json
    id = str(uuid.uuid4())
    first = await visitor.say("", id, attachments=[file["id"]])
    again = await visitor.say("", id, attachments=[file["id"]])
    assert (first.status, first.json) == (again.status, again.json) == (202, first.json)
    assert [len(m["attachments"]) for m in (await visitor.poll())["messages"]] == [1]
    await visitor.say("sekali lagi", attachments=[file["id"]])
    assert [len(m["attachments"]) for m in (await visitor.poll())["messages"]] == [1, 0]


async def test_nobody_gets_or_sends_anothers_file(door: Door, visitor: Visitor) -> None:
    file, other = (await upload(visitor)).json, await door.visitor()
    path = f"/attachments/{file['id']}"
    assert (await other.call("GET", path)).status == 404
    await other.say("punya siapa?", attachments=[file["id"]])
    assert (await other.poll())["messages"][0]["attachments"] == []
    assert (await other.call("GET", path)).status == 404
    other.token = ""
    assert (await other.call("GET", path)).status == 401
    assert (await visitor.call("GET", f"/attachments/{uuid.uuid4()}")).status == 404
    for wrong in ("x", "..%2F..%2Fetc%2Fpasswd"):
        assert (await visitor.call("GET", f"/attachments/{wrong}")).status == 422


@pytest.mark.parametrize(
    ("content", "name", "status", "error"),
    [
        (b"x" * (FILE_BYTES + 1), "besar.txt", 413, "large"),
        (b"MZ\x90\x00" + b"\x00" * 200, "surat.pdf", 422, "type"),
        (b"<html><script>alert(1)</script></html>", "surat.txt", 422, "type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", "gambar.png", 422, "type"),
        (b"", "kosong.txt", 422, "type"),
    ],
)
async def test_what_is_not_taken_is_told_and_not_kept(
    door: Door, visitor: Visitor, content: bytes, name: str, status: int, error: str
) -> None:
    answer = await upload(visitor, content, name)
    assert (answer.status, answer.error) == (status, error)
    assert rows(door.ledger, tables.attachment) == []


@pytest.mark.parametrize(
    "sent",
    [
        {"data": b"%PDF-1.7"},
        {"json": {"file": "x"}},
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
        {"data": b"", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
    ],
)
async def test_what_is_no_upload_is_refused(visitor: Visitor, sent: dict[str, Any]) -> None:
    answer = await visitor.call("POST", "/uploads", **sent)
    assert (answer.status, answer.error) == (422, "invalid")


@pytest.mark.parametrize("wrong", ["x", ["x"], [5], [str(uuid.uuid4())] * 6, {"a": 1}, None])
async def test_what_names_no_files_is_refused(visitor: Visitor, wrong: object) -> None:
    answer = await visitor.say("halo", attachments=wrong)
    assert (answer.status, answer.error) == (422, "invalid")


async def test_an_infected_file_is_told_and_one_not_yet_scanned_waits(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    file = (await upload(visitor)).json
    with ledger.engine.begin() as connection:
        connection.execute(tables.attachment.update().values(state=attachments.WAITING))
    assert (await visitor.call("GET", f"/attachments/{file['id']}")).status == 404


async def test_what_is_forgotten_takes_its_files_along_but_not_those_of_tickets(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    files = [(await upload(visitor)).json["id"] for _ in range(2)]
    await visitor.say("untuk tiket", attachments=[files[0]])
    work = answer(ledger, "Baik")
    content = Content("SP2D tertahan", "Sudah dua hari", "Siti", "siti@contoh.go.id", "")
    new = NewTicket("20261123-ABC234", "tanya_nindy", 2, content, START, START)
    ledger.transact(open_ticket, new, visitor.conversation(), work.claim.inbox_id, "webchat")
    await visitor.say("bukan untuk tiket", attachments=[files[1]])
    assert (await visitor.call("DELETE", "/sessions")).status == 204
    assert [row.id for row in rows(ledger, tables.attachment)] == [files[0]]
    stored = [path.name for path in (door.settings.files_dir).rglob("*") if path.is_file()]
    assert stored == [files[0]]
