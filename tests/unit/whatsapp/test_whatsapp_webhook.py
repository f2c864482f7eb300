"""The door of WhatsApp over HTTP: "received" is said only of what is on disk."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.whatsapp.webhook import LARGEST_BODY, PATH, Webhook
from bot.ledger import alarms, tables
from bot.ledger.database import Ledger
from bot.live.wake import Wake
from bot.settings import Settings
from bot.turn.intake import Intake
from tests.kit import START, rows, sqlite_ledger

SECRET, NUMBER = "rahasia-uji", "100000000000001"
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
async def client(ledger: Ledger, tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(
        var_dir=tmp_path,
        whatsapp_app_secret=SECRET + ",older",
        whatsapp_verify_token="token-uji",
        whatsapp_phone_number_id=NUMBER,
    )
    app = web.Application(client_max_size=LARGEST_BODY)
    Webhook(settings, Intake(ledger, Wake(), lambda: START), lambda: START).add_to(app)
    async with TestClient(TestServer(app)) as made:
        yield made


def text(number: int, words: str = "halo", person: str = "6281100000001") -> dict[str, Any]:
    return {
        "id": f"wamid.{number}",
        "from": person,
        "timestamp": str(int(START.timestamp())),
        "type": "text",
        "text": {"body": words},
    }


def body(*messages: dict[str, Any], **more: Any) -> bytes:
    value = {"metadata": {"phone_number_id": NUMBER}, "messages": list(messages), **more}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def sign(raw: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


async def post(client: Client, raw: bytes, headers: dict[str, str] | None = None) -> ClientResponse:
    return await client.post(PATH, data=raw, headers=sign(raw) if headers is None else headers)


def stored(ledger: Ledger) -> list[str]:
    found = rows(ledger, tables.inbox, tables.inbox.c.id)
    return [ledger.vault.open(row.sealed_body)["text"] for row in found]


async def test_a_signed_message_is_on_disk_when_it_is_acknowledged(
    client: Client, ledger: Ledger
) -> None:
    answer = await post(client, body(text(1), text(2, "kedua")))
    assert (answer.status, await answer.text()) == (200, "ok")
    assert stored(ledger) == ["halo", "kedua"]


async def test_the_acknowledgement_comes_after_the_commit(client: Client, ledger: Ledger) -> None:
    order: list[str] = []
    sa.event.listen(ledger.engine, "commit", lambda _connection: order.append("commit"))
    assert (await post(client, body(text(1)))).status == 200
    order.append("answer")
    assert order == ["commit", "answer"]


async def test_the_same_delivery_twice_is_stored_once(client: Client, ledger: Ledger) -> None:
    for _ in range(3):
        assert (await post(client, body(text(1)))).status == 200
    assert stored(ledger) == ["halo"]


async def test_an_older_secret_still_signs(client: Client) -> None:
    assert (await post(client, body(text(1)), sign(body(text(1)), "older"))).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-Hub-Signature-256": ""}, 401),
        ({"X-Hub-Signature": "sha1=abc"}, 401),
        ({"X-Hub-Signature-256": "sha256=" + "0" * 64}, 403),
        ({"X-Hub-Signature-256": "nonsense"}, 403),
        (sign(body(text(1)), "wrong"), 403),
        (sign(body(text(1)) + b" "), 403),
    ],
)
async def test_what_is_not_signed_is_refused_and_not_stored(
    client: Client, ledger: Ledger, headers: dict[str, str], status: int
) -> None:
    assert (await post(client, body(text(1)), headers)).status == status
    assert stored(ledger) == []


async def test_a_ledger_that_fails_is_told_and_nothing_is_lost(
    client: Client, ledger: Ledger
) -> None:
    fails = [True]

    def fail(_connection: Any) -> None:
        if fails:
            raise sa.exc.OperationalError("COMMIT", None, Exception("disk I/O error"))

    sa.event.listen(ledger.engine, "commit", fail)
    answers = await asyncio.gather(*(post(client, body(text(n))) for n in range(8)))
    assert {answer.status for answer in answers} == {503}
    fails.clear()
    assert stored(ledger) == []
    again = await asyncio.gather(*(post(client, body(text(n))) for n in range(8)))
    assert {answer.status for answer in again} == {200}
    assert len(stored(ledger)) == 8


@pytest.mark.parametrize(
    "raw",
    [b"", b"not json", b"\xff\xfe\x00", b"[]", b"null", b"[" * 50_000, b'{"entry": 5}', body()],
)
async def test_a_signed_body_nobody_can_read_is_acknowledged(
    client: Client, ledger: Ledger, raw: bytes
) -> None:
    assert (await post(client, raw)).status == 200
    assert stored(ledger) == []


@pytest.mark.parametrize("megabytes", [1.1, 2, 3])
async def test_large_bodies_are_read_whole(
    client: Client, ledger: Ledger, megabytes: float
) -> None:
    each = 2000
    messages = [text(n, "x" * each) for n in range(int(megabytes * 1024**2) // (each + 150))]
    raw = body(*messages)
    assert megabytes * 0.9 < len(raw) / 1024**2 <= 3.1
    assert (await post(client, raw)).status == 200
    assert len(stored(ledger)) == len(messages)


async def test_a_body_beyond_all_limits_is_refused(client: Client, ledger: Ledger) -> None:
    raw = body(text(1)) + b" " * LARGEST_BODY
    assert (await post(client, raw)).status == 413
    assert stored(ledger) == []


async def test_messages_and_statuses_in_one_body_do_not_harm_each_other(
    client: Client, ledger: Ledger
) -> None:
    odd = [
        {"id": 5, "status": "sent"},
        {"status": "unheard-of"},
        "x",
        {"id": "a", "status": "read"},
    ]
    assert (await post(client, body(text(1), {"type": 7}, statuses=odd))).status == 200
    assert stored(ledger) == ["halo"]


ASK = {"hub.mode": "subscribe", "hub.verify_token": "token-uji", "hub.challenge": "1158201444"}


async def test_the_handshake_is_answered(client: Client) -> None:
    answer = await client.get(PATH, params=ASK)
    assert (answer.status, await answer.text()) == (200, "1158201444")
    assert answer.content_type == "text/plain"


@pytest.mark.parametrize(
    "change",
    [
        {"hub.verify_token": "wrong"},
        {"hub.verify_token": ""},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": "<script>alert(1)</script> x"},
    ],
)
async def test_a_wrong_handshake_is_refused(client: Client, change: dict[str, str]) -> None:
    assert (await client.get(PATH, params={**ASK, **change})).status == 403
    assert (await client.get(PATH)).status == 403


async def test_other_methods_are_refused(client: Client) -> None:
    assert (await client.put(PATH)).status == 405


@pytest.mark.parametrize(
    ("field", "event", "code", "stands"),
    [
        ("account_update", "ACCOUNT_RESTRICTION", 0, True),
        ("message_template_status_update", "PAUSED", 0, True),
        ("message_template_status_update", "APPROVED", 0, False),
        ("phone_number_quality_update", "UPGRADE", 0, False),
        ("history", "x", 0, False),
        ("messages", "", 130429, True),
    ],
)
async def test_trouble_with_our_account_is_kept_once(
    client: Client, ledger: Ledger, field: str, event: str, code: int, stands: bool
) -> None:
    value = {"errors": [{"code": code}]} if code else {"event": event}
    entry = {"id": "1", "changes": [{"field": field, "value": value}]}
    raw = json.dumps({"object": "whatsapp_business_account", "entry": [entry] * 2}).encode()
    for _ in range(2):
        assert (await post(client, raw)).status == 200
    found = [(one.word, one.code) for one in ledger.transact(alarms.standing)]
    word = "errors" if code else f"{field}:{event}"
    assert found == ([(word, code)] if stands else [])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (132015, ["refused_template"]),
        (131009, ["refused_content"]),
        (999999, ["refused_content"]),
        (131026, []),
        (131056, []),
    ],
)
async def test_a_status_that_refuses_what_we_sent_calls_somebody(
    client: Client, ledger: Ledger, code: int, words: list[str]
) -> None:
    told = {"timestamp": str(int(START.timestamp())), "recipient_id": "6281100000001"}
    told |= {"status": "failed", "errors": [{"code": code}]}
    statuses = [{"id": f"wamid.{number}", **told} for number in range(2)]
    assert (await post(client, body(statuses=statuses))).status == 200
    found = [(one.word, one.code) for one in ledger.transact(alarms.standing)]
    assert found == [(word, code) for word in words]
