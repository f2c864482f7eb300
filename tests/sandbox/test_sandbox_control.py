"""Writing as a person, and what the page needs."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from sandbox_outgoing import buttons, listing, rows, section

from sandbox.chats import Chats, Content
from sandbox.people import People


async def press(sandbox: Any, person: str, **body: Any) -> int:
    return int((await sandbox.client.post(f"/sandbox/people/{person}/messages", json=body)).status)


async def test_a_choice_must_have_been_offered_to_this_person(sandbox: Any) -> None:
    await sandbox.write("siti")
    await sandbox.write("budi")
    await sandbox.send("siti", **buttons("Ya", "Tidak"))
    assert await press(sandbox, "siti", choice_id="b9", title="Ya", kind="button_reply") == 400
    assert await press(sandbox, "budi", choice_id="b0", title="Ya", kind="button_reply") == 400
    assert await press(sandbox, "siti", choice_id="b0", title="Ya", kind="list_reply") == 400
    assert await press(sandbox, "nobody", choice_id="b0", title="Ya") == 400
    assert await press(sandbox, "siti", choice_id="b0", title="Ya", kind="button_reply") == 200


async def test_a_chosen_row_arrives_with_its_context(sandbox: Any) -> None:
    await sandbox.write()
    offer = (await sandbox.send(**listing(section(rows(2)))))[1]["messages"][0]["id"]
    await sandbox.write(choice_id="r1", title="Baris 1", kind="list_reply", context=offer)
    await sandbox.settled(lambda: len(sandbox.receiver.items("messages")) == 2)
    item = sandbox.receiver.items("messages")[1]
    assert item["type"] == "interactive"
    assert item["context"]["id"] == offer
    assert item["interactive"] == {
        "type": "list_reply",
        "list_reply": {"id": "r1", "title": "Baris 1"},
    }
    status = await press(sandbox, "siti", choice_id="r1", title="Baris 1", context="wamid.LAIN")
    assert status == 400


@pytest.mark.parametrize(
    "kind",
    [
        "image",
        "video",
        "audio",
        "document",
        "sticker",
        "location",
        "contacts",
        "reaction",
        "unsupported",
    ],
)
async def test_other_types_arrive(sandbox: Any, kind: str) -> None:
    await sandbox.write(type=kind)
    await sandbox.settled(lambda: bool(sandbox.receiver.bodies))
    item = sandbox.receiver.items("messages")[0]
    assert item["type"] == kind
    assert kind in item


@pytest.mark.parametrize(
    "body", [{"text": ""}, {"text": 7}, {"type": "fax"}, [], {"text": "x" * 65_537}]
)
async def test_nonsense_creates_nobody(sandbox: Any, body: Any) -> None:
    answer = await sandbox.client.post("/sandbox/people/tuti/messages", json=body)
    assert answer.status == 400
    assert "tuti" not in {p["id"] for p in (await sandbox.get("/sandbox/people"))["people"]}


async def test_an_id_must_be_a_slug(sandbox: Any) -> None:
    answer = await sandbox.client.post("/sandbox/people/Tuti%20A/messages", json={"text": "x"})
    assert answer.status == 400


async def test_reset_forgets_but_numbers_on(sandbox: Any) -> None:
    await sandbox.write("tuti")
    await sandbox.fault(span="down", webhooks="batched")
    await sandbox.client.post("/sandbox/reset")
    assert [p["id"] for p in (await sandbox.get("/sandbox/people"))["people"]] == [
        "siti",
        "budi",
        "maria",
    ]
    assert (await sandbox.get("/sandbox/faults"))["span"]["kind"] == "off"
    stats = await sandbox.get("/sandbox/stats")
    assert stats["webhooks"] == {"pending": 0, "delivered": 0, "retries": 0, "refused": {}}
    await sandbox.write()
    chat = await sandbox.get("/sandbox/people/siti/messages")
    assert (chat["messages"][0]["index"], chat["last"]) == (2, 2)


async def test_the_log_holds_no_words(sandbox: Any) -> None:
    await sandbox.write(text="rahasia sekali")
    await sandbox.send(text={"body": "rahasia juga"})
    await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 2)
    log = (await sandbox.get("/sandbox/log"))["log"]
    assert {line["source"] for line in log} == {"webhook", "graph"}
    assert "rahasia" not in json.dumps(log)


async def test_the_page_runs_nothing_foreign(sandbox: Any) -> None:
    answer = await sandbox.client.get("/")
    page = await answer.text()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for forbidden in ("style=", "<style", "onclick", "http://", "https://"):
        assert forbidden not in page
    for name in ("phone.css", "phone.js"):
        assert (await sandbox.client.get(f"/static/{name}")).status == 200
    script = await (await sandbox.client.get("/static/phone.js")).text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in script


async def test_health(sandbox: Any) -> None:
    assert await sandbox.get("/healthz") == {"status": "ok"}
    assert await sandbox.get("/readyz") == {"status": "ready"}


def test_numbers_and_ids_stay_the_same_and_differ() -> None:
    one, two = People(), People()
    people = [one.get_or_add(f"orang-{number}") for number in range(2_000)]
    assert len({p.phone for p in people}) == len({p.user_id for p in people}) == 2_000
    assert two.get_or_add("orang-7") == people[7]


def test_only_the_newest_messages_are_kept() -> None:
    chats = Chats(keep=10)
    moment = datetime(2026, 11, 23, tzinfo=timezone.utc)
    for number in range(25):
        sender = "nindy" if number % 2 else "person"
        chats.add(f"p{number % 3}", sender, Content("text", str(number)), moment)
    kept = sorted(entry.index for p in ("p0", "p1", "p2") for entry in chats.of(p))
    assert kept == list(range(16, 26))
    assert [entry.index for entry in chats.outbound()] == [16, 18, 20, 22, 24]
    assert chats.accepted == 12
