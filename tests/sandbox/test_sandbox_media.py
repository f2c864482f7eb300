"""The stand-in of WhatsApp's files: two steps, addresses that grow old, Meta's limits."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from aiohttp import FormData

BASE = "/graph/v26.0"
NUMBER = "100000000000001"
OURS = {"Authorization": "Bearer token-uji"}


async def photo(sandbox: Any, content: bytes = b"a photo", **query: str) -> dict[str, Any]:
    """Siti sends a file; returns the part of the webhook that is about it."""
    answer = await sandbox.client.post(
        "/sandbox/people/siti/files",
        params={"type": "image", **query},
        data=content,
        headers={"Content-Type": "image/jpeg"},
    )
    assert answer.status == 200, await answer.text()
    await sandbox.settled(lambda: bool(sandbox.receiver.items("messages")))
    item = sandbox.receiver.items("messages")[-1]
    return dict(item[item["type"]])


async def describe(sandbox: Any, id: str, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = await sandbox.client.get(f"{BASE}/{id}", headers={**OURS, **headers})
    return answer.status, await answer.json()


async def upload(sandbox: Any, kind: str = "image/png", content: bytes = b"x") -> Any:
    form = FormData({"messaging_product": "whatsapp", "type": kind})
    form.add_field("file", content, filename="a.png", content_type=kind)
    answer = await sandbox.client.post(f"{BASE}/{NUMBER}/media", data=form, headers=OURS)
    return answer.status, await answer.json()


async def test_a_file_is_fetched_in_two_steps(sandbox: Any) -> None:
    part = await photo(sandbox, text="layar")
    digest = hashlib.sha256(b"a photo").digest()
    assert part["caption"] == "layar" and part["mime_type"] == "image/jpeg"
    assert base64.b64decode(part["sha256"]) == digest
    status, described = await describe(sandbox, part["id"])
    assert (status, described["file_size"], described["sha256"]) == (200, "7", digest.hex())
    path = "/graph" + described["url"].partition("/graph")[2]
    assert (await sandbox.client.get(path)).status == 404, "no token, no file"
    answer = await sandbox.client.get(path, headers=OURS)
    assert await answer.read() == b"a photo"
    sandbox.clock.forward(minutes=5)
    assert (await sandbox.client.get(path, headers=OURS)).status == 404


async def test_a_document_keeps_its_name_and_a_sample_is_true(sandbox: Any) -> None:
    part = await photo(sandbox, type="document", name="surat tugas.pdf")
    assert part["filename"] == "surat tugas.pdf"
    for kind in ("image", "audio", "video", "document", "sticker"):
        await sandbox.write(type=kind)
    chat = (await sandbox.get("/sandbox/people/siti/messages"))["messages"]
    assert [one["file"]["type"] for one in chat[1:]] == [
        "image/png",
        "audio/ogg",
        "video/mp4",
        "application/pdf",
        "image/webp",
    ]
    answer = await sandbox.client.get(f"/sandbox/files/{chat[4]['file']['id']}")
    assert (await answer.read()).startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == "attachment"


async def test_strangers_get_nothing(sandbox: Any) -> None:
    part = await photo(sandbox)
    status, refused = await describe(sandbox, part["id"], Authorization="Bearer wrong")
    assert (status, refused["error"]["code"]) == (401, 190)
    status, refused = await describe(sandbox, "1234567890123456")
    assert refused["error"]["code"] == 100
    answer = await sandbox.client.delete(f"{BASE}/{part['id']}", headers=OURS)
    assert await answer.json() == {"success": True}
    assert (await describe(sandbox, part["id"]))[1]["error"]["code"] == 100


async def test_what_was_uploaded_can_be_sent_with_its_caption(sandbox: Any) -> None:
    await sandbox.write()
    status, answer = await upload(sandbox, "application/pdf", b"%PDF-")
    assert status == 200
    message = {"id": answer["id"], "filename": "panduan.pdf", "caption": "Ini, Kak."}
    assert (await sandbox.send(type="document", document=message))[0] == 200
    shown = (await sandbox.get("/sandbox/people/siti/messages"))["messages"][-1]
    assert shown["text"] == "Ini, Kak." and shown["file"]["name"] == "panduan.pdf"
    status, refused = await sandbox.send(type="image", image={"id": answer["id"]})
    assert refused["error"]["code"] == 131053
    status, refused = await sandbox.send(type="document", document={"id": "1"})
    assert refused["error"]["code"] == 131009


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("image/png", bytes(5 * 1024**2 + 1), 131053),
        ("image/png", b"", 131053),
        ("text/html", b"<html>", 100),
        ("application/vnd.oasis.opendocument.text", b"PK", 100),
    ],
)
async def test_metas_limits_of_uploads(sandbox: Any, kind: str, content: bytes, code: int) -> None:
    status, answer = await upload(sandbox, kind, content)
    assert (status, answer["error"]["code"]) == (400, code)


async def test_a_file_needs_a_type_and_bytes(sandbox: Any) -> None:
    for query, content in (({"type": "poll"}, b"x"), ({"type": "image"}, b"")):
        answer = await sandbox.client.post("/sandbox/people/siti/files", params=query, data=content)
        assert answer.status == 400
