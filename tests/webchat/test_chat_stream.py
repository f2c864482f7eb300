"""The stream: everything after the last event, whatever happens to server and line."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import pytest

from bot.channels.webchat import hub, stream, tokens
from bot.ledger import drafts, tables
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket, open_ticket
from bot.tickets.record import Seen
from tests.desk.conftest import add
from tests.kit import START, Clock, rows
from tests.ticketing import CHANGES, TAKEOVER
from tests.webchat.stage import ORIGIN, Door, Visitor

NUMBER = "20261123-ABC234"


def open_a_ticket(ledger: Ledger, conversation: str) -> None:
    content = Content("SP2D tertahan", "Sudah dua hari", "Siti", "siti@contoh.go.id", "")
    new = NewTicket(NUMBER, "tanya_nindy", 2, content, START, START + timedelta(days=2))
    ledger.transact(open_ticket, new, conversation, None, "webchat")


def seen(agent_id: str) -> Seen:
    return Seen(NUMBER, None, f"agent:{agent_id}", START)


async def test_a_stream_begins_with_all_there_is_and_goes_on(door: Door, visitor: Visitor) -> None:
    await visitor.say("satu")
    async with visitor.stream() as events:
        assert events.answer.headers["Content-Type"] == "text/event-stream"
        assert events.answer.headers["Cache-Control"] == "no-store"
        assert events.answer.headers["X-Accel-Buffering"] == "no"
        assert events.answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert (await events.message())["text"] == "satu"
        door.answer("dua")
        assert (await events.message())["text"] == "dua"
        door.push(visitor.conversation(), "tiga")
        told = await events.message()
        assert (told["seq"], told["from"], events.last) == (3, "nindy", 3)


async def test_a_stream_resumes_after_the_last_event(door: Door, visitor: Visitor) -> None:
    for number in range(1, 6):
        await visitor.say(str(number))
    async with visitor.stream(3) as events:
        assert [(await events.message())["text"] for _ in range(2)] == ["4", "5"]
    for wrong in ("-1", "x", "1.5", "9" * 20):
        answer = await visitor.call("GET", "/events", headers={"Last-Event-ID": wrong})
        assert (answer.status, answer.error) == (422, "invalid")


async def test_a_long_conversation_comes_whole(door: Door, visitor: Visitor) -> None:
    count = hub.BATCH * 2 + 7
    for number in range(1, count + 1):
        door.push(visitor.conversation(), f"kabar {number}")
    async with visitor.stream() as events:
        got = [(await events.message())["text"] for _ in range(count)]
    assert got == [f"kabar {number}" for number in range(1, count + 1)]


async def test_stream_and_poll_agree(door: Door, visitor: Visitor) -> None:
    await visitor.say("halo")
    door.answer("Halo, Kak")
    polled = await visitor.poll()
    async with visitor.stream() as events:
        assert [await events.message() for _ in range(2)] == polled["messages"]
        await events.next("state")
        assert events.state == polled["state"]


async def test_tabs_agree(door: Door, visitor: Visitor) -> None:
    tab = Visitor(door, ORIGIN, visitor.token, visitor.session_id)
    async with visitor.stream() as first, tab.stream() as second:
        await visitor.say("dari tab satu")
        await tab.say("dari tab dua")
        door.answer("jawaban satu")
        expected = ["dari tab satu", "dari tab dua", "jawaban satu"]
        for events in (first, second):
            assert [(await events.message())["text"] for _ in range(3)] == expected


async def test_nobody_hears_another_conversation(door: Door, visitor: Visitor) -> None:
    other = await door.visitor()
    async with visitor.stream() as mine, other.stream() as theirs:
        await other.say("rahasia")
        assert (await theirs.message())["text"] == "rahasia"
        await visitor.say("punya saya")
        assert (await mine.message())["text"] == "punya saya"


async def test_nindy_is_seen_to_write_until_the_answer_is_there(
    door: Door, visitor: Visitor
) -> None:
    async with visitor.stream() as events:
        assert (await events.next("state")) == {
            "seq_read": 0, "held": False, "agent": "", "typing": "", "open": True,
        }  # fmt: skip
        await visitor.say("halo")
        await events.until(typing="nindy")
        door.answer("Halo, Kak")
        await events.until(typing="")
        door.clock.forward(hours=10)
        await events.until(open=False)


async def test_an_agents_answer_arrives_by_itself(
    door: Door, visitor: Visitor, ledger: Ledger
) -> None:
    agent = add(ledger)
    await visitor.say("tolong")
    door.answer("Sebentar, Kak")
    open_a_ticket(ledger, visitor.conversation())
    async with visitor.stream(2) as events:
        ledger.transact(CHANGES.reply, seen(agent.id), "Sudah kami <b>periksa</b>")
        told = await events.message()
        assert (told["from"], told["name"]) == ("agent", "Nama budi")
        assert "Sudah kami <b>periksa</b>" in told["text"]
        ledger.transact(TAKEOVER.take_over, seen(agent.id))
        await events.until(held=True, agent="Nama budi")
        assert (await visitor.poll())["state"]["held"]
        ledger.transact(drafts.keep, NUMBER, agent.id, "Jadi begini", door.clock())
        await events.until(typing="agent")
        door.clock.forward(seconds=10)
        await events.until(typing="")
        await visitor.say("terima kasih")
        await events.until(held=True, typing="")
        ledger.transact(TAKEOVER.hand_back, seen(agent.id))
        await events.until(held=False, agent="")
    assert (await visitor.call("GET", "/transcript")).body.decode().count("Petugas Nama budi") == 1
    assert {row.state for row in rows(ledger, tables.outbox)} == {"sent"}


async def test_a_server_that_stops_ends_its_streams_and_loses_nothing(
    door: Door, visitor: Visitor
) -> None:
    got: list[str] = []
    async with visitor.stream() as events:
        await visitor.say("sebelum")
        got.append((await events.message())["text"])
        began = asyncio.get_running_loop().time()
        await door.stop()
        assert asyncio.get_running_loop().time() - began < 5
        with pytest.raises(EOFError):
            while True:
                await events.next()
    door.push(visitor.conversation(), "selama mati")
    await door.start()
    async with visitor.stream(events.last) as again:
        got.append((await again.message())["text"])
        await visitor.say("sesudah")
        got.append((await again.message())["text"])
    assert got == ["sebelum", "selama mati", "sesudah"]


async def test_streams_of_a_session_that_ends_end(door: Door, visitor: Visitor) -> None:
    async with visitor.stream() as events:
        await events.next("state")
        await visitor.call("DELETE", "/sessions")
        with pytest.raises(EOFError):
            while True:
                await events.next()


async def test_a_fresh_token_comes_while_a_stream_is_open(
    door: Door, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING", 0.05)
    async with visitor.stream() as events:
        await events.next("state")
        door.clock.forward(hours=13)
        told = await events.next("token")
        visitor.token = told["token"]
        door.clock.forward(hours=13)
        assert (await visitor.say()).status == 202
        assert (await events.message())["text"] == "halo"


async def test_a_stream_ends_with_its_time_and_its_token(
    door: Door, visitor: Visitor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for longest, life in ((0.2, 3600.0), (600.0, 1.0)):
        monkeypatch.setattr(stream, "LONGEST", longest)
        left = clock() + timedelta(seconds=life) - tokens.LIFE
        visitor.token = tokens.issue(door.chat.token_key, visitor.session_id, ORIGIN, left)
        async with visitor.stream() as events:
            with pytest.raises(EOFError):
                while True:
                    await events.next()


async def test_an_open_stream_is_kept_alive(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING", 0.05)
    async with visitor.stream() as events:
        assert await events.answer.content.readline() == b"retry: 1000\n"
        lines = [await events.answer.content.readline() for _ in range(12)]
    assert lines.count(b": ping\n") >= 3


async def test_a_client_that_hangs_up_is_noticed(door: Door, visitor: Visitor) -> None:
    async with visitor.stream() as events:
        await events.next("state")
        assert len(door.chat.hub) == 1
        events.answer.close()
    for _ in range(400):
        if not door.chat.hub and not door.chat.streams_at:
            break
        await asyncio.sleep(0.02)
    assert len(door.chat.hub) == 0
    assert not door.chat.streams_at


async def test_a_client_that_takes_nothing_is_dropped_and_resumes(
    door: Door, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "WRITE_SECONDS", 0.5)
    other = await door.visitor()
    count = 1200
    for number in range(1, count + 1):
        door.push(visitor.conversation(), f"{number:>4000}")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    with raw:
        await loop.sock_connect(raw, ("127.0.0.1", door.server.port))
        lines = [f"{key}: {value}" for key, value in visitor.headers(Host="x").items()]
        head = "\r\n".join(["GET /webchat/events HTTP/1.1", *lines, "", ""])
        await loop.sock_sendall(raw, head.encode())
        async with other.stream() as theirs:
            await other.say("saya tidak menunggu")
            assert (await theirs.message())["text"] == "saya tidak menunggu"
            got = b""
            with pytest.raises(ConnectionError):
                # It reads again, but too late: what was not taken in time has been cut off.
                while door.chat.hub.of(visitor_key(door, visitor)):
                    await asyncio.sleep(0.05)
                while True:
                    more = await asyncio.wait_for(loop.sock_recv(raw, 65536), 10)
                    if not more:
                        raise ConnectionError
                    got += more
    whole = got.split(b"\r\n\r\n", 1)[1]
    last = int(whole.rsplit(b"id: ", 1)[1].split(b"\n")[0]) - 1
    assert 0 < last < count
    async with visitor.stream(last) as events:
        for number in range(last + 1, count + 1):
            assert (await events.message())["text"] == f"{number:>4000}"


def visitor_key(door: Door, visitor: Visitor) -> str:
    from bot.ledger import chat_sessions

    return chat_sessions.session_key(door.ledger.vault, visitor.session_id)


async def test_a_look_that_fails_is_made_again(
    door: Door, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.ledger import chat

    real, failures = chat.standings, [1, 2, 3]

    def fail(*given: object) -> object:
        if failures:
            failures.pop()
            raise RuntimeError("the ledger is away")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(chat, "standings", fail)
    await visitor.say("halo")
    async with visitor.stream() as events:
        assert (await events.message())["text"] == "halo"
    assert not failures


async def test_a_position_that_does_not_exist_yet_hides_nothing(
    door: Door, visitor: Visitor
) -> None:
    """After a backup was put back, clients have seen more than there is."""
    async with visitor.stream(500) as events:
        await events.next("state")
        await visitor.say("baru")
        assert (await events.message())["seq"] == 1
