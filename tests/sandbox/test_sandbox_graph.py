"""The stand-in of the Graph API refuses what Meta refuses."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientError
from sandbox_outgoing import buttons, listing, rows, section

from sandbox.envelope import ACCOUNT

NUMBER, TOKEN = "100000000000001", "token-uji"


async def test_a_reply_is_accepted_in_metas_words(sandbox: Any) -> None:
    await sandbox.write()
    status, answer = await sandbox.send(type="text", text={"body": "Halo juga"})
    phone = (await sandbox.person("siti"))["phone"]
    assert status == 200
    assert answer["contacts"] == [{"input": f"+{phone}", "wa_id": phone}]
    assert answer["messages"][0]["id"].startswith("wamid.")


async def test_a_person_is_reached_by_user_id(sandbox: Any) -> None:
    await sandbox.write()
    user_id = (await sandbox.person("siti"))["user_id"]
    status, answer = await sandbox.post(
        {"messaging_product": "whatsapp", "recipient": user_id, "text": {"body": "x"}}
    )
    assert status == 200
    assert answer["contacts"] == [{"input": user_id, "user_id": user_id}]


@pytest.mark.parametrize(
    ("message", "code", "named"),
    [
        ({"type": "text", "text": {"body": ""}}, 131009, "text.body"),
        ({"type": "text", "text": {"body": "x" * 4097}}, 131009, "text.body"),
        ({"type": "text"}, 100, "text"),
        ({"type": "text", "text": {"body": 7}}, 100, "text.body"),
        ({"type": "poll"}, 100, "type"),
        (listing(body="x" * 4097), 131009, "body.text"),
        (listing(header="x" * 61), 131009, "header.text"),
        (listing(footer="x" * 61), 131009, "footer.text"),
        (listing(button="x" * 21), 131009, "action.button"),
        (listing(section(rows(11))), 131009, "rows"),
        (listing(section(rows(6, "a")), section(rows(5, "b"))), 131009, "in all sections together"),
        (listing(section(rows(1)), section(rows(1, "b"), title=None)), 100, "title"),
        (listing(section(rows(1), title="x" * 25)), 131009, "title"),
        (listing(section(rows(1), title=None)), 100, "title"),
        (listing(*[section(rows(1, str(n))) for n in range(11)]), 131009, "sections"),
        (listing(section([{"id": "a", "title": "x" * 25}])), 131009, "rows[0].title"),
        (listing(section([{"id": "a" * 201, "title": "x"}])), 131009, "rows[0].id"),
        (
            listing(section([{"id": "a", "title": "x", "description": "x" * 73}])),
            131009,
            "rows[0].description",
        ),
        (listing(section([*rows(1), *rows(1)])), 131009, "unique"),
        (buttons("a", "b", "c", "d"), 131009, "buttons"),
        (buttons(), 131009, "buttons"),
        (buttons("x" * 21), 131009, "title"),
        (buttons("a", "a"), 131009, "title: must be unique"),
        (buttons("a", ids=["x" * 257]), 131009, "reply.id"),
        (buttons("a", body="x" * 1025), 131009, "body.text"),
        (buttons("a", footer="x" * 61), 131009, "footer.text"),
        (
            {"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513},
            131009,
            "biz_opaque_callback_data",
        ),
        ({"to": None, "text": {"body": "x"}}, 100, "to"),
        ({"messaging_product": "sms", "text": {"body": "x"}}, 100, "messaging_product"),
    ],
)
async def test_what_is_too_much_is_refused_by_name(
    sandbox: Any, message: dict[str, Any], code: int, named: str
) -> None:
    await sandbox.write()
    status, answer = await sandbox.send(**message)
    assert (status, answer["error"]["code"]) == (400, code)
    assert named in answer["error"]["error_data"]["details"]
    assert (await sandbox.get("/sandbox/stats"))["graph_refused"] == {str(code): 1}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "text", "text": {"body": "x" * 4096}},
        listing(section([{"id": "a" * 200, "title": "x" * 24, "description": "x" * 72}])),
        listing(section(rows(5, "a")), section(rows(5, "b")), body="x" * 4096, button="x" * 20),
        listing(section(rows(10), title="x" * 24)),
        buttons("x" * 20, "b", "c", body="x" * 1024, footer="x" * 60),
    ],
)
async def test_what_just_fits_is_accepted(sandbox: Any, message: dict[str, Any]) -> None:
    await sandbox.write()
    status, _ = await sandbox.send(**message)
    assert status == 200


async def test_a_wrong_token_and_a_wrong_number_are_refused(sandbox: Any) -> None:
    status, answer = await sandbox.post({}, token="lain")
    assert (status, answer["error"]["code"]) == (401, 190)
    status, answer = await sandbox.post({}, path="/graph/v26.0/1/messages")
    assert (status, answer["error"]["code"]) == (400, 100)


async def test_the_window_closes_a_day_after_the_last_message(sandbox: Any) -> None:
    status, answer = await sandbox.send()
    assert (status, answer["error"]["code"]) == (400, 131047), "never wrote"
    await sandbox.write()
    sandbox.clock.forward(hours=23, minutes=59)
    assert (await sandbox.send())[0] == 200
    sandbox.clock.forward(minutes=2)
    assert (await sandbox.send())[1]["error"]["code"] == 131047
    assert (await sandbox.send(type="template", template=template()))[0] == 200


NAME = "hai_djpb_tiket_dijawab"


def template(
    name: str = NAME,
    language: str = "id",
    texts: dict[str, str] | None = None,
    payload: str = "n1:/lihat",
) -> dict[str, Any]:
    """A template as the API takes it."""
    filled = {"nomor": "20261123-ABC234"} if texts is None else texts
    body = [{"type": "text", "parameter_name": k, "text": v} for k, v in filled.items()]
    button = {"type": "button", "sub_type": "quick_reply", "index": 0}
    return {
        "name": name,
        "language": {"code": language},
        "components": [
            {"type": "body", "parameters": body},
            {**button, "parameters": [{"type": "payload", "payload": payload}]},
        ],
    }


async def test_a_template_is_shown_filled_in_and_its_button_answers(sandbox: Any) -> None:
    status, answer = await sandbox.send(type="template", template=template())
    assert status == 200, answer
    (shown,) = (await sandbox.get("/sandbox/people/siti/messages"))["messages"]
    assert "tiket 20261123-ABC234." in shown["text"] and shown["type"] == "template"
    assert shown["buttons"] == [{"id": "n1:/lihat", "title": "Lihat balasan"}]
    await sandbox.write(choice_id="n1:/lihat", kind="button", title="Lihat balasan")
    await sandbox.settled(lambda: sandbox.receiver.items("messages"))
    (pressed,) = sandbox.receiver.items("messages")
    assert pressed["type"] == "button"
    assert pressed["button"] == {"payload": "n1:/lihat", "text": "Lihat balasan"}
    assert pressed["context"]["id"] == shown["wamid"]

    def prices() -> list[dict[str, str]]:
        return [one["pricing"] for one in sandbox.receiver.items("statuses") if "pricing" in one]

    await sandbox.settled(prices)
    assert [(one["type"], one["category"]) for one in prices()] == [("regular", "utility")]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (template("tidak_ada"), 132001),
        (template(language="en"), 132001),
        (template(texts={}), 132000),
        (template(texts={"nomor": "1", "unit": "2"}), 132000),
        (template(texts={"number": "1"}), 100),
        (template(texts={"nomor": "satu\ndua"}), 132007),
        (template(texts={"nomor": "1     2"}), 132007),
        (template(texts={"nomor": " "}), 131008),
        (template(texts={"nomor": "9" * 1024}), 132005),
        ({**template(), "components": "x"}, 100),
        ({**template(), "components": [{"type": "button", "index": 7}]}, 132000),
        ({"name": 7}, 100),
    ],
)
async def test_a_template_that_meta_would_refuse(
    sandbox: Any, sent: dict[str, Any], code: int
) -> None:
    status, answer = await sandbox.send(type="template", template=sent)
    assert status in (400, 404)
    assert answer["error"]["code"] == code, answer


@pytest.mark.parametrize(
    ("state", "code"),
    [("PENDING", 132001), ("REJECTED", 132001), ("PAUSED", 132015), ("DISABLED", 132016)],
)
async def test_a_template_that_is_not_approved_is_refused(
    sandbox: Any, state: str, code: int
) -> None:
    url = f"/sandbox/templates/{NAME}"
    assert (await sandbox.client.put(url, json={"status": state})).status == 200
    _, answer = await sandbox.send(type="template", template=template())
    assert answer["error"]["code"] == code
    await sandbox.client.post("/sandbox/reset")
    assert (await sandbox.send(type="template", template=template()))[0] == 200
    assert (await sandbox.client.put(url, json={"status": "HAPPY"})).status == 400
    assert (await sandbox.client.put("/sandbox/templates/x", json={})).status == 404


async def test_the_account_tells_its_number_its_apps_and_its_templates_by_pages(
    sandbox: Any,
) -> None:
    async def get(path: str, token: str = TOKEN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await sandbox.client.get(f"/graph/v26.0/{path}", headers=headers)
        return answer.status, await answer.json()

    status, number = await get(f"{NUMBER}?fields=status,webhook_configuration")
    assert (status, number["status"], number["id"]) == (200, "CONNECTED", NUMBER)
    assert number["webhook_configuration"]["application"].endswith("/webhooks/whatsapp")
    assert len((await get(f"{ACCOUNT}/subscribed_apps"))[1]["data"]) == 1
    names, after = [], "0"
    while after:
        page = (await get(f"{ACCOUNT}/message_templates?limit=2&after={after}"))[1]
        names += [one["name"] for one in page["data"]]
        after = page["paging"]["cursors"]["after"] if "next" in page["paging"] else ""
    whole = (await get(f"{ACCOUNT}/message_templates?limit=100"))[1]["data"]
    assert names == [one["name"] for one in whole]
    assert len(names) == len(set(names)) > 2 and NAME in names
    assert (await get(f"{ACCOUNT}/message_templates", token="lain"))[0] == 401
    assert (await get("1/message_templates"))[0] == 400
    assert (await get(f"{ACCOUNT}/message_templates?limit=0"))[0] == 400


async def test_the_clock_may_be_put_back_and_the_window_is_shut_by_what_was_written_then(
    sandbox: Any,
) -> None:
    async def put(hours: object) -> int:
        return int((await sandbox.client.put("/sandbox/clock", json={"hours": hours})).status)

    assert await put(-25) == 200
    await sandbox.write()
    await sandbox.settled(lambda: sandbox.receiver.items("messages"))
    written = int(sandbox.receiver.items("messages")[0]["timestamp"])
    assert sandbox.clock().timestamp() - written == 25 * 3600
    assert (await sandbox.send())[0] == 200
    assert await put(0) == 200
    assert (await sandbox.send())[1]["error"]["code"] == 131047
    assert [await put(wrong) for wrong in (None, True, "1", 1e9)] == [400] * 4


async def test_reading_marks_the_earlier_ones_too(sandbox: Any) -> None:
    await sandbox.write()
    last = await sandbox.write(text="Masih di sana?")
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": last}
    status, answer = await sandbox.post({**body, "typing_indicator": {"type": "text"}})
    assert (status, answer) == (200, {"success": True})
    chat = (await sandbox.get("/sandbox/people/siti/messages"))["messages"]
    assert [entry["status"] for entry in chat] == ["read", "read"]
    status, answer = await sandbox.post({**body, "message_id": "wamid.TIDAKADA"})
    assert answer["error"]["code"] == 100


async def test_the_chat_shows_what_can_be_pressed(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.send(**listing(section(rows(2))), biz_opaque_callback_data="out:1")
    entry = (await sandbox.get("/sandbox/messages?after=1"))["messages"][0]
    assert (entry["person"], entry["from"], entry["callback"]) == ("siti", "nindy", "out:1")
    assert entry["list"]["sections"][0]["rows"][1]["id"] == "r1"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limit", 400, 130429),
        ("pair_rate", 400, 131056),
        ("opted_out", 400, 131050),
        ("error", 500, 131000),
        ("token", 401, 190),
    ],
)
async def test_a_fault_strikes_as_often_as_told(
    sandbox: Any, kind: str, status: int, code: int
) -> None:
    await sandbox.write()
    await sandbox.fault(graph={"kind": kind, "times": 2})
    for _ in range(2):
        given, answer = await sandbox.send()
        assert (given, answer["error"]["code"]) == (status, code)
    assert (await sandbox.send())[0] == 200
    assert (await sandbox.get("/sandbox/stats"))["accepted"] == 1


async def test_an_accepted_message_may_lose_its_answer(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.fault(graph={"kind": "timeout_after_accept", "seconds": 0, "times": 1})
    with pytest.raises(ClientError):
        await sandbox.send(text={"body": "x"}, biz_opaque_callback_data="out:7")
    await sandbox.send(text={"body": "x"}, biz_opaque_callback_data="out:7")
    stats = await sandbox.get("/sandbox/stats")
    assert (stats["accepted"], stats["duplicates_by_callback"]) == (2, 1)
    await sandbox.settled(lambda: len(sandbox.receiver.items("statuses")) == 4)


@pytest.mark.parametrize(
    "message",
    [
        {"to": 628, "text": {"body": "x"}},
        {"to": "", "text": {"body": "x"}},
        {"type": ["text"]},
        {"type": "interactive", "interactive": {"type": "list", "action": []}},
        {"type": "interactive", "interactive": {"type": "button", "body": {"text": "x"}}},
        {"context": "wamid", "text": {"body": "x"}},
        {"type": "image", "image": {}},
        {"type": "contacts", "contacts": {}},
        {"type": "reaction"},
    ],
)
async def test_nonsense_is_refused_not_a_crash(sandbox: Any, message: dict[str, Any]) -> None:
    await sandbox.write()
    status, answer = await sandbox.send(**message)
    assert (status, answer["error"]["type"]) == (400, "OAuthException")


async def refused_at(sandbox: Any, person: str = "siti", most: int = 100) -> tuple[int, int]:
    """Send until something is refused; returns after how many, and the code."""
    for number in range(most):
        status, answer = await sandbox.send(person)
        if status != 200:
            return number, answer["error"]["code"]
    return most, 0


async def test_one_person_gets_45_at_once_and_then_one_every_six_seconds(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.fault(rates="counted")
    assert await refused_at(sandbox) == (45, 131056)
    sandbox.clock.forward(seconds=5.9)
    assert await refused_at(sandbox) == (0, 131056)
    sandbox.clock.forward(seconds=0.2)
    assert await refused_at(sandbox) == (1, 131056)
    sandbox.clock.forward(hours=1)
    assert await refused_at(sandbox) == (45, 131056)
    assert (await sandbox.get("/sandbox/faults"))["rates"]["hits"] == 4


async def test_the_number_sends_80_a_second(sandbox: Any) -> None:
    for person in ("siti", "budi"):
        await sandbox.write(person)
    await sandbox.fault(rates="counted")
    assert await refused_at(sandbox, most=45) == (45, 0)
    assert await refused_at(sandbox, "budi") == (35, 130429)
    sandbox.clock.forward(seconds=1)
    assert await refused_at(sandbox, "budi") == (10, 131056)


async def test_nothing_is_counted_unless_it_is_switched_on(sandbox: Any) -> None:
    await sandbox.write()
    assert await refused_at(sandbox) == (100, 0)


async def test_a_clock_put_back_holds_nobody_up(sandbox: Any) -> None:
    await sandbox.write()
    await sandbox.fault(rates="counted")
    assert await refused_at(sandbox) == (45, 131056)
    sandbox.clock.forward(hours=-1)
    assert await refused_at(sandbox) == (45, 131056)
