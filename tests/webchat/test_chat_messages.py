"""Messages: once only, in order, unchanged, and nobody else's."""

from __future__ import annotations

import asyncio
import uuid

import pytest
import sqlalchemy as sa

from bot.channels.choice_ids import issue
from bot.channels.message import Choice
from bot.ledger import tables
from bot.ledger.database import Ledger
from tests.kit import Clock, claimed, rows
from tests.webchat.stage import Door, Visitor

MENU = (Choice("Cek SP2D", "/info_sp2d", "Dengan nomor SP2D"), Choice("Menu", "/menu"))


async def test_a_message_is_acknowledged_after_the_commit(visitor: Visitor, ledger: Ledger) -> None:
    order: list[str] = []
    sa.event.listen(ledger.engine, "commit", lambda _connection: order.append("commit"))
    answer = await visitor.say("halo")
    order.append("answer")
    assert answer.status == 202
    assert answer.json["seq"] == 1
    assert order[-1] == "answer" and "commit" in order


async def test_what_was_said_comes_back_in_order(door: Door, visitor: Visitor) -> None:
    id = str(uuid.uuid4())
    assert (await visitor.say("cek sp2d", id)).json == {"id": id, "seq": 1}
    door.answer("Nomor SP2D-nya berapa, Kak?", choices=MENU)
    await visitor.say("123456789012345")
    found = await visitor.poll()
    assert [(m["seq"], m["from"], m["text"]) for m in found["messages"]] == [
        (1, "user", "cek sp2d"),
        (2, "nindy", "Nomor SP2D-nya berapa, Kak?"),
        (3, "user", "123456789012345"),
    ]
    assert found["messages"][0]["id"] == id
    assert found["messages"][0]["at"] == "2026-11-23T02:00:00.000+00:00"
    assert found["next"] == 3
    offered = found["messages"][1]["choices"]
    assert [(c["title"], c["description"]) for c in offered] == [
        ("Cek SP2D", "Dengan nomor SP2D"),
        ("Menu", ""),
    ]


async def test_polling_goes_on_where_it_was(visitor: Visitor) -> None:
    for number in range(7):
        await visitor.say(f"pesan {number}")
    got, after = [], 0
    while True:
        page = await visitor.poll(after, limit=3)
        if not page["messages"]:
            break
        got += [one["text"] for one in page["messages"]]
        after = page["next"]
    assert got == [f"pesan {number}" for number in range(7)]
    assert (await visitor.poll(after))["next"] == after
    assert (await visitor.poll(10_000))["next"] == 7


async def test_the_same_id_is_one_message(visitor: Visitor, ledger: Ledger) -> None:
    id = str(uuid.uuid4())
    first = await visitor.say("halo", id)
    again = await visitor.say("halo lagi", id.upper())
    assert (first.status, again.status) == (202, 202)
    assert first.json == again.json
    assert len(rows(ledger, tables.inbox)) == 1
    assert await visitor.texts() == ["halo"]


async def test_the_same_id_twenty_times_at_once_is_one_message(
    visitor: Visitor, ledger: Ledger
) -> None:
    id = str(uuid.uuid4())
    answers = await asyncio.gather(*(visitor.say("halo", id) for _ in range(20)))
    assert {(one.status, one.json["seq"]) for one in answers} == {(202, 1)}
    assert len(rows(ledger, tables.inbox)) == 1


async def test_the_same_id_of_two_visitors_is_two_messages(door: Door, visitor: Visitor) -> None:
    other, id = await door.visitor(), str(uuid.uuid4())
    await visitor.say("dari saya", id)
    await other.say("dari orang lain", id)
    assert await visitor.texts() == ["dari saya"]
    assert await other.texts() == ["dari orang lain"]


async def test_a_message_takes_the_turn_of_whatsapp(visitor: Visitor, ledger: Ledger) -> None:
    await visitor.say("/restart")
    claim = claimed(ledger)
    assert (claim.message.channel, claim.message.text) == ("webchat", "/restart")
    assert claim.message.sender.user_id == visitor.session_id


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> & <b>tebal</b>",
        "baris satu\nbaris dua\r\ndata: x\n\nevent: state",
        "id: 99\n\n",
        "emoji 👩🏽‍💻 \u2028 \u202e",
        "  spasi  ",
        "x" * 4000,
        "/restart",
    ],
)
async def test_text_stays_as_it_was_typed(door: Door, visitor: Visitor, text: str) -> None:
    assert (await visitor.say(text)).status == 202
    door.answer(text)
    assert await visitor.texts() == [text, text]
    async with visitor.stream() as events:
        assert (await events.message())["text"] == text
        assert (await events.message())["text"] == text
        assert events.last == 2


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"text": "halo"}, 422, "invalid"),
        ({"id": "1", "text": "halo"}, 422, "invalid"),
        ({"id": 5, "text": "halo"}, 422, "invalid"),
        ({"id": "{id}"}, 422, "invalid"),
        ({"id": "{id}", "text": " \n "}, 422, "invalid"),
        ({"id": "{id}", "text": ["halo"]}, 422, "invalid"),
        ({"id": "{id}", "text": "halo", "payload": "n1:/menu:x"}, 422, "invalid"),
        ({"id": "{id}", "payload": "/restart"}, 422, "invalid"),
        ({"id": "{id}", "payload": "n1:/restart:0123456789abcdef"}, 422, "invalid"),
        ({"id": "{id}", "text": "\ud800"}, 422, "invalid"),
        ({"id": "{id}", "text": "a\0b"}, 422, "invalid"),
        ({"id": "{id}", "text": "x" * 4001}, 413, "large"),
        ({"id": "{id}", "text": "x" * 100_000}, 413, "large"),
    ],
)
async def test_what_is_no_message_is_refused(
    visitor: Visitor, ledger: Ledger, body: dict[str, object], status: int, error: str
) -> None:
    if body.get("id") == "{id}":
        body = {**body, "id": str(uuid.uuid4())}
    answer = await visitor.call("POST", "/messages", json=body)
    assert (answer.status, answer.error) == (status, error)
    assert rows(ledger, tables.inbox) == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null", b"\xff", b"[" * 50_000, b'"x"', b"1"])
async def test_a_body_nobody_can_read_is_refused(visitor: Visitor, raw: bytes) -> None:
    for path in ("/messages", "/seen", "/ratings", "/sessions"):
        answer = await visitor.call("POST", path, data=raw)
        assert (answer.status, answer.error) == (422, "invalid"), path


async def test_a_body_without_end_is_cut_off(visitor: Visitor) -> None:
    async def endless():  # type: ignore[no-untyped-def]
        for _ in range(1000):
            yield b"x" * 1024

    answer = await visitor.call("POST", "/messages", data=endless())
    assert (answer.status, answer.error) == (413, "large")


async def test_a_pressed_choice_reaches_the_dialogue_with_its_title(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    await visitor.say("menu")
    door.answer("Silakan pilih", choices=MENU)
    offered = (await visitor.poll(1))["messages"][0]["choices"]
    assert (await visitor.say("", payload=offered[0]["id"])).status == 202
    assert (await visitor.texts(2)) == ["Cek SP2D"]
    claim = claimed(ledger)
    assert (claim.message.kind.value, claim.message.text) == ("choice", "Cek SP2D")
    assert claim.message.choice_id == offered[0]["id"]


async def test_a_choice_of_another_conversation_is_refused(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    other = await door.visitor()
    key = ledger.vault.derived("choice")
    for conversation in (other.conversation(), "x"):
        stolen = issue(key, conversation, "/menu")
        answer = await visitor.say("", payload=stolen)
        assert (answer.status, answer.error) == (422, "invalid")


async def test_what_was_shown_is_read_on_the_desk_and_in_other_tabs(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    await visitor.say("halo")
    door.answer("Halo, Kak", "Ada lagi?")
    assert [row.state for row in rows(ledger, tables.outbox)] == ["sent", "sent"]
    async with visitor.stream(3) as events:
        await events.until(seq_read=0)
        assert (await visitor.call("POST", "/seen", json={"seq": 2})).status == 204
        await events.until(seq_read=2)
    order = tables.outbox.c.position
    assert [row.state for row in rows(ledger, tables.outbox, order)] == ["read", "sent"]
    await visitor.call("POST", "/seen", json={"seq": 10**12})
    assert (await visitor.poll())["state"]["seq_read"] == 3
    await visitor.call("POST", "/seen", json={"seq": 1})
    assert (await visitor.poll())["state"]["seq_read"] == 3
    for wrong in (-1, 1.5, "2", True, None, 10**20):
        assert (await visitor.call("POST", "/seen", json={"seq": wrong})).status == 422


async def test_a_rating_is_kept_once_for_the_same_talk(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    await visitor.say("halo")
    for value in (2, 5):
        rated = await visitor.call("POST", "/ratings", json={"value": value, "word": " cepat "})
        assert rated.status == 204
    await visitor.say("satu lagi")
    assert (await visitor.call("POST", "/ratings", json={"value": 4})).status == 204
    found = rows(ledger, tables.chat_rating, tables.chat_rating.c.position)
    assert [(row.position, row.value) for row in found] == [(1, 5), (2, 4)]
    assert ledger.vault.open(found[0].sealed_word) == {"text": "cepat"}
    for wrong in (0, 6, 4.5, "5", True, None):
        assert (await visitor.call("POST", "/ratings", json={"value": wrong})).status == 422


async def test_a_transcript_holds_both_sides_whole(door: Door, visitor: Visitor) -> None:
    for number in range(130):
        door.clock.forward(seconds=1)
        door.push(visitor.conversation(), f"kabar {number}")
    await visitor.say("<b>cek</b>")
    door.answer("Silakan pilih", choices=MENU)
    answer = await visitor.call("GET", "/transcript")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    text = answer.body.decode()
    assert all(f"\nkabar {number}\n" in text for number in range(130))
    assert "Kakak (Senin, 23 November 2026 pukul 09.02 WIB)\n<b>cek</b>\n" in text
    assert "[Pilihan: Cek SP2D | Menu]" in text


async def test_a_ledger_that_is_away_is_told_and_the_message_can_be_sent_again(
    visitor: Visitor, ledger: Ledger, clock: Clock
) -> None:
    fails = [True]

    def fail(_connection: object) -> None:
        if fails:
            raise sa.exc.OperationalError("COMMIT", None, Exception("disk I/O error"))

    id = str(uuid.uuid4())
    sa.event.listen(ledger.engine, "commit", fail)
    answer = await visitor.say("halo", id)
    assert (answer.status, answer.error) == (503, "away")
    fails.clear()
    assert (await visitor.say("halo", id)).status == 202
    assert await visitor.texts() == ["halo"]
