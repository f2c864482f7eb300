"""Webhooks are signed, repeated until they are heard, and as disorderly as told."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from aiohttp import ClientSession

from sandbox.webhooks import sign

LETTER_A = (
    '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages",'
    '"value":{"messages":[{"id":"wamid.1","type":"text","text":{"body":"Terima kasih %s"}}]}}]}]}'
)


@pytest.mark.parametrize(
    ("secret", "raw", "wanted"),
    [
        (
            "test_app_secret",
            '{"object":"whatsapp_business_account","entry":[]}',
            "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
        ),
        (
            "test_app_secret",
            '{"object": "whatsapp_business_account", "entry": []}',
            "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
        ),
        (
            "otro_secreto",
            '{"object":"whatsapp_business_account","entry":[]}',
            "769b03d8c2ae6498f2d1e1f7299c0ba55448c69d741e7b0bb243d852d8a8d8c7",
        ),
        (
            "rahasia-uji",
            LETTER_A % "🙏",
            "680579b3cc6953e0838f22c23ecf540ebca8e4ebcdd2c876b963c5768bfb0b57",
        ),
        (
            "rahasia-uji",
            LETTER_A % "\\ud83d\\ude4f",
            "df3976f38da9598e4495ada3b9bec47bec53e6fddcf45450802573a750862502",
        ),
        (
            "rahasia-uji",
            "",
            "f2b136d97cb9493aae59909123c35f2d1709ed9b52902b8eb0f87fb04bc8fbd6",
        ),
    ],
)
def test_the_signature_is_metas(secret: str, raw: str, wanted: str) -> None:
    assert sign(secret, raw.encode()) == f"sha256={wanted}"


async def test_a_message_carries_number_and_user_id(sandbox: Any) -> None:
    wamid = await sandbox.write(text="Halo 🙏")
    siti = await sandbox.person("siti")
    await sandbox.settled(lambda: bool(sandbox.receiver.bodies))
    change = sandbox.receiver.bodies[0]["entry"][0]["changes"][0]
    assert change["field"] == "messages"
    assert change["value"]["contacts"] == [
        {"profile": {"name": "Siti"}, "user_id": siti["user_id"], "wa_id": siti["phone"]}
    ]
    assert change["value"]["messages"] == [
        {
            "from": siti["phone"],
            "from_user_id": siti["user_id"],
            "id": wamid,
            "timestamp": str(int(sandbox.clock().timestamp())),
            "type": "text",
            "text": {"body": "Halo 🙏"},
        }
    ]
    assert siti["phone"].startswith("62800")
    assert siti["user_id"].startswith("ID.")


async def test_a_hidden_number_is_absent(sandbox: Any) -> None:
    await sandbox.client.put("/sandbox/people/tuti", json={"hides_phone": True})
    await sandbox.write("tuti")
    await sandbox.settled(lambda: bool(sandbox.receiver.bodies))
    value = sandbox.receiver.bodies[0]["entry"][0]["changes"][0]["value"]
    assert "from" not in value["messages"][0]
    assert "wa_id" not in value["contacts"][0]


async def test_everything_but_200_is_repeated_byte_for_byte(sandbox: Any) -> None:
    sandbox.receiver.answers = [503, 204, 403]
    await sandbox.write()
    sandbox.clock.forward(seconds=30)
    await sandbox.settled(lambda: bool(sandbox.receiver.bodies))
    assert len(sandbox.receiver.raw) == 4
    assert len(set(sandbox.receiver.raw)) == 1
    stats = (await sandbox.get("/sandbox/stats"))["webhooks"]
    assert stats == {
        "pending": 0,
        "delivered": 1,
        "retries": 3,
        "refused": {"503": 1, "204": 1, "403": 1},
    }


async def test_the_ticks_show_that_the_bot_has_it(sandbox: Any) -> None:
    sandbox.receiver.answers = [503, 503]
    await sandbox.write()
    chat = (await sandbox.get("/sandbox/people/siti/messages"))["messages"]
    assert chat[0]["status"] == "sent"
    await sandbox.settled(lambda: bool(sandbox.receiver.bodies))
    await asyncio.sleep(0.05)
    chat = (await sandbox.get("/sandbox/people/siti/messages"))["messages"]
    assert chat[0]["status"] == "delivered"


async def test_one_persons_messages_arrive_in_order(sandbox: Any) -> None:
    texts = [f"pesan {number}" for number in range(20)]
    for text in texts:
        await sandbox.write(text=text)
    await sandbox.settled(lambda: len(sandbox.receiver.items("messages")) == 20)
    assert [item["text"]["body"] for item in sandbox.receiver.items("messages")] == texts


async def test_statuses_rise_and_carry_the_callback(sandbox: Any) -> None:
    await sandbox.write()
    answer = (await sandbox.send(text={"body": "x"}, biz_opaque_callback_data="out:8f2c"))[1]
    await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 2)
    await asyncio.sleep(0.15)
    statuses = sandbox.receiver.items("statuses")
    siti = await sandbox.person("siti")
    assert [item["status"] for item in statuses] == ["sent", "delivered"]
    assert [item.get("pricing", {}).get("type") for item in statuses] == [
        None,
        "free_customer_service",
    ]
    for item in statuses:
        assert item["id"] == answer["messages"][0]["id"]
        assert item["recipient_id"] == siti["phone"]
        assert item["recipient_user_id"] == siti["user_id"]
        assert item["biz_opaque_callback_data"] == "out:8f2c"


async def test_what_was_accepted_may_fail(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.fault(statuses={"kind": "failed:131026", "times": 1})
    status, answer = await sandbox.send(text={"body": "x"}, biz_opaque_callback_data="out:8f2c")
    assert status == 200
    await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 1)
    (failed,) = sandbox.receiver.items("statuses")
    assert failed["status"] == "failed" and failed["id"] == answer["messages"][0]["id"]
    assert failed["biz_opaque_callback_data"] == "out:8f2c" and "recipient_user_id" not in failed
    (error,) = failed["errors"]
    assert (error["code"], error["title"]) == (131026, "Message undeliverable")
    values = [
        change["value"]
        for entry in sandbox.receiver.bodies[-1]["entry"]
        for change in entry["changes"]
    ]
    assert all("contacts" not in value for value in values)
    await sandbox.send()
    await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 3)
    found = [item["status"] for item in sandbox.receiver.items("statuses")]
    assert found == ["failed", "sent", "delivered"]


async def test_a_failed_message_to_a_hidden_number_names_the_person(sandbox: Any) -> None:
    await sandbox.client.put("/sandbox/people/tuti", json={"hides_phone": True})
    await sandbox.write("tuti")
    await sandbox.fault(statuses="failed:131047")
    await sandbox.send("tuti")
    await sandbox.settled(lambda: bool(sandbox.receiver.items("statuses")))
    (failed,) = sandbox.receiver.items("statuses")
    assert failed["recipient_user_id"] == (await sandbox.person("tuti"))["user_id"]
    assert "recipient_id" not in failed


@pytest.mark.parametrize("kind", ["failed", "failed:", "failed:x", "failed:1234567", "sent"])
async def test_a_failure_needs_a_code(sandbox: Any, kind: str) -> None:
    answer = await sandbox.client.put("/sandbox/faults", json={"statuses": kind})
    assert answer.status == 400


async def test_an_open_chat_reads(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.send()
    await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 2)
    async with ClientSession() as page:
        url = sandbox.client.make_url("/sandbox/events?open=siti")
        async with page.get(url) as news:
            assert news.headers["Content-Type"].startswith("text/event-stream")
            await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 3)
            await sandbox.send()
            await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 6)
    statuses = [item["status"] for item in sandbox.receiver.items("statuses")]
    assert statuses == ["sent", "delivered", "read"] * 2


async def test_duplicated_sends_twice_and_doubles_in_one_body(sandbox: Any) -> None:
    await sandbox.fault(webhooks={"kind": "duplicated", "times": 1})
    wamid = await sandbox.write()
    await sandbox.settled(lambda: len(sandbox.receiver.bodies) == 2)
    sizes = sorted(
        len(body["entry"][0]["changes"][0]["value"]["messages"]) for body in sandbox.receiver.bodies
    )
    assert sizes == [1, 2]
    assert {item["id"] for item in sandbox.receiver.items("messages")} == {wamid}


async def test_reordered_loses_nothing(sandbox: Any) -> None:
    await sandbox.fault(webhooks="reordered")
    sent = [await sandbox.write(text=str(number)) for number in range(30)]
    assert (await sandbox.get("/sandbox/stats"))["webhooks"]["pending"] == 30
    await sandbox.settled(lambda: len(sandbox.receiver.items("messages")) == 30)
    came = [item["id"] for item in sandbox.receiver.items("messages")]
    assert came != sent
    assert Counter(came) == Counter(sent)


async def test_batched_puts_many_into_one_body(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.settled(lambda: len(sandbox.receiver.bodies) == 1)
    await sandbox.fault(webhooks="batched")
    for number in range(12):
        await sandbox.write("budi" if number % 2 else "maria", text=str(number))
    await sandbox.send()
    await sandbox.settled(lambda: len(sandbox.receiver.bodies) == 2)
    body = sandbox.receiver.bodies[1]
    assert len(body["entry"]) > 1
    assert len(body["entry"][0]["changes"]) > 1
    assert len(sandbox.receiver.items("messages")) == 13
    assert len(sandbox.receiver.items("statuses")) == 2


async def test_a_status_may_come_before_the_answer(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.fault(webhooks="status_first")
    await sandbox.send()
    assert [item["status"] for item in sandbox.receiver.items("statuses")] == ["sent"]
