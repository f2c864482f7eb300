"""Files that agents send with a reply reach the program that opened the ticket, and nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bot.attachments.files import Files
from bot.ledger import attachments, tables
from tests.api import contract
from tests.api.conftest import Enter, Program
from tests.api.test_courier import send
from tests.filing import keep
from tests.kit import START, Clock, rows
from tests.ticketing import BUDI, COMPLAINT, Desk

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


async def reply_with_file(desk: Desk, files: Files, number: str) -> str:
    """Let an agent upload a file and send it with a reply; return its id."""
    kept = await keep(files, PDF, "../panduan <1>.pdf")
    conversation = desk.row(number).conversation_id
    desk.ledger.transact(attachments.add, kept, conversation, BUDI, START)
    desk.do("reply", number, "Ini panduannya.", files=(kept.id,))
    return kept.id


async def test_a_file_is_told_listed_and_handed_out(
    enter: Enter, http: TestClient[Any, Any], desk: Desk, files: Files, clock: Clock, tmp_path: Path
) -> None:
    portal = enter(url="https://pintu.contoh.go.id/kait")
    number = await portal.open()
    id = await reply_with_file(desk, files, number)
    await send(desk.ledger, clock, tmp_path)
    [line] = (await portal.get(f"/tickets/{number}/messages")).body["messages"]
    [file] = line["files"]
    assert (file["id"], file["type"], file["size"]) == (id, "application/pdf", len(PDF))
    events = [desk.ledger.vault.open(row.sealed_body) for row in rows(desk.ledger, tables.delivery)]
    [told] = [one for one in events if one["type"] == "ticket.message"]
    assert told["files"] == [file]
    contract.fits(contract.spec()["components"]["schemas"]["Event"], told)
    path = f"/tickets/{number}/files/{id}"
    async with http.get(f"/api{path}", headers=portal.headers) as response:
        contract.check("GET", path, response.status, response.content_type, "")
        assert await response.read() == PDF
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
    audited = rows(desk.ledger, tables.audit, tables.audit.c.id)[-1]
    assert (audited.kind, audited.client_id, audited.attachment_id) == ("download", "portal", id)


async def test_nobody_else_gets_it(portal: Program, enter: Enter, desk: Desk, files: Files) -> None:
    number, second = await portal.open(), await portal.open()
    id = await reply_with_file(desk, files, number)
    other = enter("lain")
    theirs = await other.open()
    for program, which in ((other, number), (other, theirs), (portal, second), (portal, "x")):
        assert (await program.get(f"/tickets/{which}/files/{id}")).status == 404
    assert (await portal.get(f"/tickets/{number}/files/..%2f..%2fkeys.json")).status == 404
    desk.do("route", number, COMPLAINT)
    assert (await portal.get(f"/tickets/{number}/files/{id}")).status == 404
    assert [row.kind for row in rows(desk.ledger, tables.audit)].count("download") == 0


@pytest.mark.parametrize("state", [attachments.WAITING, attachments.REJECTED])
async def test_what_the_scanner_has_not_passed_is_not_handed_out(
    portal: Program, desk: Desk, files: Files, state: str
) -> None:
    number = await portal.open()
    id = await reply_with_file(desk, files, number)
    with desk.ledger.engine.begin() as connection:
        connection.execute(tables.attachment.update().values(state=state))
    assert (await portal.get(f"/tickets/{number}/files/{id}")).status == 404
    assert (await portal.get(f"/tickets/{number}/messages")).body["messages"][0]["files"] == []


async def test_a_file_that_is_gone_is_not_found(portal: Program, desk: Desk, files: Files) -> None:
    number = await portal.open()
    id = await reply_with_file(desk, files, number)
    await files.drop(id)
    assert (await portal.get(f"/tickets/{number}/files/{id}")).status == 404
