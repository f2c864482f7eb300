"""A file of ours is uploaded once, sent with its caption, and uploaded again when forgotten."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bot.attachments.files import Files
from bot.channels.message import Choice, Reply, Sender
from bot.channels.whatsapp.client import GraphClient
from bot.channels.whatsapp.media import GraphMedia
from bot.channels.whatsapp.outgoing import Labels, WhatsAppOut
from bot.channels.whatsapp.pace import Pace
from bot.channels.whatsapp.uploads import LARGEST_IMAGE, Uploads
from bot.clock import now as wall_clock
from bot.errors import ChannelError, Permanent
from bot.ledger import attachments, handover, outbox, tables, uploads
from bot.ledger.database import Ledger
from bot.live.rates import Rates
from sandbox.app import WORLD, create_app
from sandbox.graph_limits import Refusal, check_upload
from sandbox.world import World
from tests.filing import PDF, PNG, keep, open_document, store
from tests.kit import Clock, message, receive, rows, sqlite_ledger

NUMBER, TOKEN = "100000000000001", "t"
LABELS = Labels("Pilih", "Lainnya", "Masih ada {jumlah} pilihan lagi")
SIX_MEGABYTES = 6 * 1024**2


@dataclass
class Line:
    """Nindy's way out to a phone of the sandbox."""

    ledger: Ledger
    files: Files
    out: WhatsAppOut
    world: World
    clock: Clock

    async def file(self, content: bytes, name: str = "panduan.pdf") -> str:
        kept = await keep(self.files, content, name)
        conversation = rows(self.ledger, tables.conversation)[0].id
        self.ledger.transact(attachments.add, kept, conversation, "agent:budi", self.clock())
        return kept.id

    async def send(self, reply: Reply) -> dict[str, Any]:
        """Hand a bubble over; returns what the phone shows."""
        conversation = rows(self.ledger, tables.conversation)[0].id
        self.ledger.transact(outbox.enqueue, conversation, None, reply, self.clock())
        (outgoing,) = self.ledger.transact(handover.take, "s1", self.clock(), 1)
        try:
            await self.out(outgoing)
        finally:
            self.ledger.transact(handover.failed, outgoing, 0, self.clock())
        return self.world.chats.outbound()[-1].as_json()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
async def line(ledger: Ledger, tmp_path: Path) -> AsyncIterator[Line]:
    app = create_app(
        webhook_url="http://127.0.0.1:9/",
        app_secret="s",
        access_token=TOKEN,
        phone_number_id=NUMBER,
    )
    clock, files = Clock(wall_clock()), store(tmp_path, ledger.vault, SIX_MEGABYTES + 100)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        await session.post(server.make_url("/sandbox/people/siti/messages"), json={"text": "halo"})
        person = app[WORLD].people.get("siti")
        assert person is not None
        receive(ledger, message(sender=Sender(person.user_id, person.phone)), now=clock())
        api = str(server.make_url("/graph/v26.0"))
        media = GraphMedia(session, api, NUMBER, TOKEN, SIX_MEGABYTES)
        client = GraphClient(session, api, NUMBER, TOKEN)
        made = Uploads(ledger, files, media, clock)
        pace = Pace(Rates(), NUMBER, 80)
        out = WhatsAppOut(client, made, b"key", LABELS, pace)
        yield Line(ledger, files, out, app[WORLD], clock)


def known(line: Line, id: str) -> str | None:
    return line.ledger.transact(uploads.known, id, line.clock())


async def test_a_document_goes_out_with_its_name_and_caption(line: Line) -> None:
    id = await line.file(PDF)
    shown = await line.send(Reply("Ini panduannya, Kak.", attachments=(id,)))
    assert (shown["type"], shown["text"]) == ("document", "Ini panduannya, Kak.")
    assert shown["file"]["name"] == "panduan.pdf" and shown["file"]["size"] == len(PDF)
    kept = line.world.files.get(shown["file"]["id"])
    assert kept is not None and kept.content == PDF


async def test_a_picture_goes_out_up_to_the_size_that_whatsapp_takes(line: Line) -> None:
    room = LARGEST_IMAGE - len(PNG)
    largest, larger = await line.file(PNG + b"x" * room), await line.file(PNG + b"x" * (room + 1))
    assert (await line.send(Reply("Begini, Kak.", attachments=(largest,))))["type"] == "image"
    with pytest.raises(Permanent, match="too large"):
        await line.send(Reply("Begini, Kak.", attachments=(larger,)))
    check_upload("whatsapp", "image/png", LARGEST_IMAGE)
    with pytest.raises(Refusal):
        check_upload("whatsapp", "image/png", LARGEST_IMAGE + 1)


async def test_a_table_goes_out_as_text_under_its_own_name(line: Line) -> None:
    id = await line.file(b"satker;nilai\n527010;1", "data.csv")
    shown = await line.send(Reply("Datanya, Kak.", attachments=(id,)))
    assert (shown["file"]["name"], shown["file"]["type"]) == ("data.csv", "text/plain")


async def test_sending_again_does_not_upload_again(line: Line) -> None:
    id = await line.file(PDF)
    first = await line.send(Reply("Satu.", attachments=(id,)))
    again = await line.send(Reply("Dua.", attachments=(id,)))
    assert first["file"]["id"] == again["file"]["id"] == known(line, id)
    line.clock.moment += uploads.LIVES + timedelta(seconds=1)
    assert known(line, id) is None


async def test_what_whatsapp_has_forgotten_is_uploaded_once_more(line: Line) -> None:
    id = await line.file(PDF)
    first = await line.send(Reply("Satu.", attachments=(id,)))
    line.world.files.reset()
    again = await line.send(Reply("Dua.", attachments=(id,)))
    assert again["text"] == "Dua." and again["file"]["id"] != first["file"]["id"]


async def test_a_file_that_cannot_be_sent_fails_for_good(line: Line, ledger: Ledger) -> None:
    odt = await line.file(open_document("application/vnd.oasis.opendocument.text"), "a.odt")
    gone = await line.file(PDF)
    await line.files.drop(gone)
    waiting = await line.file(PDF)
    with ledger.engine.begin() as connection:
        mine = tables.attachment.c.id == waiting
        connection.execute(tables.attachment.update().where(mine).values(state="waiting"))
    for id in (odt, gone, waiting, str(uuid.uuid4())):
        with pytest.raises(Permanent):
            await line.send(Reply("Ini.", attachments=(id,)))
    fine = await line.file(PDF)
    too_long = Reply("x" * 1025, attachments=(fine,))
    pressed = Reply("Ini.", (Choice("Ya", "/affirm"),), attachments=(fine,))
    for reply in (too_long, pressed):
        with pytest.raises(Permanent):
            await line.send(reply)
    assert len(line.world.chats.outbound()) == 0


async def test_an_upload_that_fails_is_no_message(line: Line) -> None:
    id = await line.file(PDF)
    line.world.faults.set({"media": {"kind": "error", "times": 1}})
    with pytest.raises(ChannelError):
        await line.send(Reply("Ini.", attachments=(id,)))
    assert known(line, id) is None and len(line.world.chats.outbound()) == 0
