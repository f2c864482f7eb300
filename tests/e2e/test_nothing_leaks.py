"""Planted personal data runs through every path; afterwards it stands nowhere in the clear.

One product for all of it: on SQLite in one process, and on PostgreSQL and Redis with each role
apart. Searched are logs, metrics, refusals, the database's bytes, files, what Redis was told, what
commands print, and every address in a page or of a call.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import html
import json
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot import passwords
from bot.clock import now
from bot.ledger import agents, tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from tests.cluster import Cluster, database, redis_url
from tests.e2e.test_window import ledger_of
from tests.filing import PDF
from tests.markers import leaks, tree
from tests.product import PROJECT, SECRET, Product
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(600)]

PERSON, OTHER = "penanda", "penanda-lain"
PASSWORD = "kata-sandi-penanda-77"
MARKERS = {
    "nik": "3174015512870077",
    "account": "7730991188442",
    "email": "penanda.rahasia@contoh.go.id",
    "name": "Markisawati Penandasari",
    "web name": "Dahliawati Penandasari",
    "host user": "PENGGUNASITUS-PENANDA",
    "text": "kalimatpenanda",
    "web text": "tulisanpenanda",
    "complaint": "aduanpenanda",
    "contract": "77/PENANDA/2026",
    "file name": "berkaspenanda",
    "file content": "isiberkaspenanda",
    "agent's words": "balasanpenanda",
    "agent's note": "catatanpenanda",
    "draft": "konseppenanda",
    "rating": "ulasanpenanda",
    "reference": "RUJUKAN-PENANDA-77",
    "api person": "orangluarpenanda",
    "listed phone": "6285277766655",
    "password": PASSWORD,
}


class Heard(threading.Thread):
    """Everything that Redis is told, and all that is in it at the end."""

    def __init__(self, server: Redis) -> None:
        super().__init__(daemon=True)
        self._server, self._lines, self._going = server, [b""], threading.Event()

    def run(self) -> None:
        with contextlib.suppress(Exception), self._server.client.monitor() as monitor:
            for one in monitor.listen():
                self._lines.append(one["command"].encode())
                self._going.set()

    def begun(self) -> None:
        until = time.monotonic() + 20
        while not self._going.is_set() and time.monotonic() < until:
            self._server.client.ping()
        assert self._going.is_set()

    def places(self) -> Iterator[tuple[str, bytes]]:
        yield "Redis, as it was told", b"\n".join([*self._lines])
        kept = [(key, self._server.client.dump(key)) for key in self._server.client.scan_iter()]
        yield "Redis, as it is", repr(kept).encode()
        assert len(self._lines) > 10


class World:
    """A running product, its ledger, and everything it may have leaked into."""

    def __init__(self, product: Product, folder: Path, ledger: Ledger) -> None:
        self.product, self.folder, self.ledger = product, folder, ledger
        self.markers = dict(MARKERS)
        self.pages: list[tuple[str, bytes]] = []
        self.more: list[Callable[[], Iterator[tuple[str, bytes]]]] = []
        self.desk = f"http://127.0.0.1:{product.desk_port}"

    def places(self) -> Iterator[tuple[str, bytes]]:
        yield from self.pages
        yield from tree("var", self.folder / "var")
        yield from tree("tmp", self.folder / "tmp")
        for path in self.folder.glob("*.log"):
            yield path.name, path.read_bytes()
        for more in self.more:
            yield from more()

    async def refuse(self, method: str, url: str, **more: Any) -> int:
        """Ask for what is refused, and keep what it says and where it leads."""
        async with self.product.session.request(
            method, url, allow_redirects=False, **more
        ) as answer:
            # Who is sent to sign in comes back to the address that they asked for themselves.
            headers = {name: value for name, value in answer.headers.items() if name != "Location"}
            said = await answer.read() + repr(headers).encode()
            self.pages.append((f"{answer.status} of {method} {len(self.pages)}", said))
            return int(answer.status)

    def command(self, *words: str, said: str = "", code: int | None = 0) -> None:
        """Run a command and keep all that it prints."""
        nindy = [sys.executable, "-c", "from bot.cli import main; main()", *words]
        done = subprocess.run(
            nindy,
            cwd=PROJECT,
            env=self.product.environment,
            input=said.encode(),
            capture_output=True,
            timeout=120,
        )
        assert code is None or done.returncode == code, done.stderr.decode()[-2000:]
        self.pages.append((f"nindy {' '.join(words[:2])}", done.stdout + done.stderr))

    async def until(self, holds: Callable[[], Any], what: str, seconds: float = 60) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := holds():
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"not within {seconds} s: {what}; {self.product.log[-3000:]}")


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[
        "one process on SQLite",
        pytest.param("apart", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ],
)
async def world(
    request: pytest.FixtureRequest, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "tmp").mkdir()
    common = {"TMPDIR": str(folder / "tmp"), "NINDY_WEBCHAT_IDENTITY_KEY": SECRET * 4}
    if request.param != "apart":
        async with Product(folder, **common) as product:
            await product.start()
            with ledger_of(product) as ledger:
                yield await walked(World(product, folder, ledger))
        return
    server: Postgres = request.getfixturevalue("postgres")
    redis: Redis = request.getfixturevalue("redis_server")
    with database(server, "leaks") as url:
        heard = Heard(redis)
        async with Cluster(folder, url, redis_url(redis), **common) as cluster:
            heard.start()
            heard.begun()
            await cluster.up("web", "worker", "sender", "desk")
            with cluster.ledger() as ledger:
                found = World(cluster, folder, ledger)
                # Its tables, its log of writing ahead, and what it says itself.
                found.more = [lambda: tree("PostgreSQL", server.folder), heard.places]
                yield await walked(found)


async def walked(world: World) -> World:
    """Go every way once."""
    product = world.product
    await product.ask(PERSON, "halo", 120)
    known = (await product.get("/sandbox/people"))["people"]
    me = next(one for one in known if one["id"] == PERSON)
    world.markers |= {"phone": me["phone"], "user id": me["user_id"]}
    await forms(world)
    number = await whatsapp_ticket(world)
    await files(world)
    await upstream_faults(world)
    await web_chat(world)
    await api(world)
    await complaint(world)
    await at_the_desk(world, number)
    await refusals(world)
    await poison(world)
    for line in ("doctor", "privacy report", "api deliveries", "desk user list"):
        world.command(*line.split(), code=None)
    world.command("privacy", "erase", "--phone", "--yes", said=me["phone"], code=2)
    world.command("privacy", "export", "--ticket", "--to", os.devnull, said=number, code=2)
    async with product.session.get(f"{world.desk}/metrics") as answer:
        world.pages.append(("metrics", await answer.read()))
    if product.process is None:
        with world.ledger.engine.begin() as connection:
            connection.exec_driver_sql("SELECT pg_switch_wal()")
    return world


async def forms(world: World) -> None:
    """Each category of look-ups, with data that are right in form."""
    product, m = world.product, world.markers
    await product.ask(PERSON, f"nama saya {m['name']}, NIK {m['nik']}, {m['email']}")
    await product.ask(PERSON, "menu")
    for line in ("cek sp2d 260261301000123", m["account"], "batal"):
        await product.ask(PERSON, line)
    await product.ask(PERSON, "cek status supplier")
    await product.press(PERSON, "2 Penyedia barang/jasa")
    await product.ask(PERSON, m["account"])
    await product.ask(PERSON, "batal")
    await product.ask(PERSON, f"cek nrk satker 527010 nomor kontrak {m['contract']}")
    await product.ask(PERSON, "batal")
    await product.ask(PERSON, "menu")
    await product.press(PERSON, "Akun Digit Kemenkeu")
    await product.press(PERSON, "Reset kata sandi")
    for line in (m["nik"], m["email"], "batal"):
        await product.ask(PERSON, line)
    for line in ("reset mfa sakti dong", m["nik"], "527010", "batal"):
        await product.ask(PERSON, line)
    await product.ask(PERSON, f"lacak tiket 20260101-ABCDEF {m['email']}")
    await product.ask(PERSON, "batal")
    await product.ask(PERSON, f"bagaimana {m['text']} beternak lele untuk {m['name']}")
    await product.ask(PERSON, "batal")


async def whatsapp_ticket(world: World) -> str:
    product, m = world.product, world.markers
    story = f"SPM {m['text']} gagal, NIK {m['nik']}, rekening {m['account']}"
    for line in ("petugas", story, m["name"], m["email"]):
        await product.ask(PERSON, line)
    await product.press(PERSON, "Lewati")
    made = await product.press(PERSON, "Kirim tiket")
    number = re.search(r"\d{8}-[2-9A-HJ-NP-Z]{6}", made["text"])
    assert number is not None, made["text"]
    return number.group()


async def files(world: World) -> None:
    """One that is taken, and one that is refused."""
    product, m = world.product, world.markers
    for name, content in (
        (f"{m['file name']}.pdf", PDF + m["file content"].encode()),
        (f"{m['file name']}.exe", b"MZ" + m["file content"].encode()),
    ):
        url = f"{product.sandbox}/sandbox/people/{PERSON}/files"
        query = {"type": "document", "name": name, "text": m["text"]}
        async with product.session.post(url, params=query, data=content) as response:
            assert response.status == 200, await response.text()
            index = int((await response.json())["index"])
        await product.answer(PERSON, index, 60)

    def settled() -> bool:
        with world.ledger.engine.begin() as connection:
            states = list(connection.execute(sa.select(tables.attachment.c.state)).scalars())
        return len(states) == 2 and set(states) <= {"kept", "rejected"}

    await world.until(settled, "both files are fetched")


async def upstream_faults(world: World) -> None:
    product, m = world.product, world.markers
    for kind in ("garbage", "wrong_types", "error", "redirect_loop", "truncated", "down"):
        await product.faults({"span": kind, "sakti": kind, "digit": kind})
        await product.ask(OTHER, "batal", 60)
        await product.ask(OTHER, "cek sp2d 260261301000123", 60)
        await product.ask(OTHER, m["account"], 60)
    await product.faults({"span": "off", "sakti": "off", "digit": "off"})
    await product.faults({"graph": {"kind": "error", "times": 2}})
    await product.ask(OTHER, f"halo {m['name']} {m['email']}", 60)
    await product.faults({"graph": "off"})


async def web_chat(world: World) -> None:
    product, m = world.product, world.markers
    proof = hmac.new((SECRET * 4).encode(), m["host user"].encode(), hashlib.sha256).hexdigest()
    user = {"id": m["host user"], "name": m["web name"], "hmac": proof}
    origin = {"Origin": product.edge}
    base = f"{product.edge}/webchat"
    body: dict[str, Any] = {"notice": "v1"}
    async with product.session.post(f"{base}/sessions", json=body, headers=origin) as answer:
        assert answer.status == 201, await answer.text()
        token = (await answer.json())["token"]
    await world.refuse("POST", f"{base}/sessions", json={**body, "user": user}, headers=origin)
    world.markers["chat token"] = token
    headers = {**origin, "Authorization": f"Bearer {token}"}
    for text in ("halo", f"{m['web text']} {m['nik']} {m['email']} {m['account']}"):
        said = {"id": str(uuid.uuid4()), "text": text}
        async with product.session.post(f"{base}/messages", json=said, headers=headers) as answer:
            assert answer.status == 202, await answer.text()
    rated = {"value": 5, "word": m["rating"]}
    async with product.session.post(f"{base}/ratings", json=rated, headers=headers) as answer:
        assert answer.status < 300, await answer.text()
    await world.refuse("POST", f"{base}/messages", data=m["email"], headers=headers)
    bad = {**origin, "Authorization": f"Bearer {m['nik']}"}
    await world.refuse("GET", f"{base}/messages?after={m['nik']}", headers=bad)
    await world.refuse("GET", f"{base}/messages?after={m['nik']}", headers=headers)


async def api(world: World) -> None:
    product, m = world.product, world.markers
    key = await asyncio.to_thread(product.let_in, "portal", "tickets:write")
    world.markers["api key"] = key
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "kunci-1"}
    told = {
        "subject": f"Subjek {m['text']}",
        "chronology": f"Kronologi {m['text']} {m['nik']} {m['account']}",
        "name": m["name"], "email": m["email"], "satker": "527010", "group": 1,
        "reference": m["reference"], "person": m["api person"], "service": None,
    }  # fmt: skip
    url = f"{product.edge}/api/tickets"
    async with product.session.post(url, json=told, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
    await world.refuse("POST", url, json={**told, "email": m["name"]}, headers=headers)
    await world.refuse("POST", url, json={**told, m["email"]: m["nik"]}, headers=headers)
    await world.refuse("POST", url, data=m["nik"], headers=headers)
    await world.refuse("GET", f"{url}/{m['nik']}", headers=headers)
    await world.refuse("GET", url, headers={"Authorization": f"Bearer nk_portal_{m['nik']}"})


async def complaint(world: World) -> None:
    product, m = world.product, world.markers
    await product.ask(OTHER, "batal")
    await product.ask(OTHER, "saya mau mengadukan pegawai yang minta uang")
    for line in (f"Pegawai {m['complaint']} meminta uang kepada {m['name']}", m["complaint"]):
        await product.ask(OTHER, line)
    await product.ask(OTHER, "batal")


async def at_the_desk(world: World, number: str) -> None:
    """An agent reads, reveals, takes over, notes, drafts, answers, uploads; others may not."""
    m = world.markers
    kept = passwords.hashed(PASSWORD)
    args = ("rina", "Rina", Role.SUPERVISOR, "", kept, now())
    assert world.ledger.transact(agents.add, *args) is not None
    page = ""
    session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def read(method: str, path: str, **form: str) -> None:
        nonlocal page
        more: dict[str, Any] = {}
        if method == "POST":
            found = re.search(r'name="csrf" value="(\w+)"', page)
            more["data"] = {"csrf": found.group(1) if found else "", **form}
        headers = {"Accept": "text/html", "Origin": world.desk}
        async with session.request(method, world.desk + path, headers=headers, **more) as a:
            page = await a.text()
            assert a.status in (200, 204), (path, a.status, page[-800:])
            addresses = [str(a.url), *(str(one.url) for one in a.history)]
            addresses += re.findall(r'(?:href|src|action|hx-\w+)="([^"]*)"', page)
            world.pages.append(
                (f"addresses of {path}", html.unescape("\n".join(addresses)).encode())
            )

    await read("GET", "/masuk")
    await world.refuse(
        "POST", f"{world.desk}/masuk", data={"login": m["email"], "password": m["nik"]}
    )
    await read("POST", "/masuk", login="rina", password=PASSWORD)
    world.markers |= {f"cookie {one.key}": one.value for one in session.cookie_jar}
    for path in ("/antrean", "/supervisor", "/broadcast", "/tanya-jawab"):
        await read("GET", path)
    await read("GET", f"/tiket/{number}")
    assert [one for one in ("email", "nik", "account", "phone") if m[one] in page] == []
    await read("POST", f"/tiket/{number}/tampilkan")
    assert m["email"] in page
    await read("GET", f"/tiket/{number}")

    async def change(what: str, **form: str) -> None:
        await read("GET", f"/tiket/{number}")
        values = {
            name: found.group(1)
            for name in ("versi", "terdengar")
            if (found := re.search(rf'name="{name}" value="([^"]*)"', page))
        }
        values = {name: html.unescape(value) for name, value in values.items()}
        await read("POST", f"/tiket/{number}/{what}", **values, **form)

    await change("ambil")
    await change("catat", teks=m["agent's note"])
    await read("POST", f"/tiket/{number}/draf", teks=m["draft"])
    await read("GET", f"/tiket/{number}")
    await change("balas", teks=m["agent's words"])
    await read("GET", "/supervisor/tiket.csv")
    await session.close()
    for path in (f"/tiket/{m['nik']}", f"/{m['email']}", f"/antrean?saring={m['nik']}"):
        await world.refuse("GET", world.desk + path, headers={"Accept": "text/html"})


async def refusals(world: World) -> None:
    """What is no message, no token, no path."""
    product, m = world.product, world.markers
    hook = f"{product.edge}/webhooks/whatsapp"
    body = json.dumps({"entry": [{"changes": [{"value": {"messages": m["nik"]}}]}]}).encode()
    await world.refuse("POST", hook, data=body)
    await world.refuse("POST", hook, data=body, headers={"X-Hub-Signature-256": m["nik"]})
    signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    await world.refuse("POST", hook, data=body, headers={"X-Hub-Signature-256": signed})
    await world.refuse("GET", f"{hook}?hub.mode=subscribe&hub.verify_token={m['nik']}")
    for door in (product.edge, world.desk):
        await world.refuse("GET", f"{door}/{m['nik']}/{m['email']}?nama={m['name']}")
        await world.refuse("PUT", f"{door}/healthz", data=m["nik"])
        await world.refuse("GET", f"{door}/", headers={"Cookie": f"nindy={m['email']}"})
    # What is no HTTP at all.
    host, port = "127.0.0.1", product.edge_port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"{m['email']} {m['nik']} HTTP/9.9\r\n\r\n".encode())
    await writer.drain()
    # aiohttp quotes the line to whoever sent it; what matters is that the log does not.
    assert b"400" in await asyncio.wait_for(reader.read(), 20)
    writer.close()


async def poison(world: World) -> None:
    """States that no dialogue can go on with, and a message that cannot be read."""
    product, m = world.product, world.markers
    await product.ask(OTHER, "cek sp2d 260261301000123")
    odd = {"slots": {"requested_slot": {m["name"]: m["nik"]}}, "loop": "info_sp2d_form"}
    sealed = world.ledger.vault.seal(odd)
    with world.ledger.engine.begin() as connection:
        connection.execute(tables.conversation.update().values(sealed_state=sealed))
    await product.ask(OTHER, f"lanjut {m['account']}", 90)
    with world.ledger.engine.begin() as connection:
        talk = connection.execute(sa.select(tables.conversation.c.id)).scalars().first()
        row = {
            "message_key": uuid.uuid4().hex, "conversation_id": talk, "state": "pending",
            "sent_at": now(), "received_at": now(), "claims": 0, "failures": 0,
            # What is said of it quotes what is no moment.
            "sealed_body": world.ledger.vault.seal({"sender": {}, "sent_at": m["name"]}),
        }  # fmt: skip
        connection.execute(tables.inbox.insert().values(**row))
    unread = b"message cannot be read"
    await world.until(
        lambda: any(unread in one.read_bytes() for one in world.folder.glob("*.log")), "its line"
    )


@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_planted_stands_anywhere_in_the_clear(world: World) -> None:
    places = list(world.places())
    assert any(b"turn failed and was undone" in content for _, content in places)
    assert len(places) > 60 and set(world.markers) > {"phone", "chat token", "api key"}
    found = leaks(places, world.markers)
    assert not found, "\n".join(f"{what} in {place}" for place, what in sorted(found))


@pytest.mark.asyncio(loop_scope="module")
async def test_the_search_looks_where_it_is(world: World) -> None:
    """What is not sealed is found in the same bytes, and what is sealed does hold the markers."""
    with world.ledger.engine.begin() as connection:
        found = connection.execute(sa.select(tables.ticket)).all()
    numbers = {row.id: row.number for row in found}
    places = {place for place, _ in leaks(world.places(), numbers)}
    assert any(place.startswith(("var/nindy.db", "PostgreSQL/")) for place in places)
    assert any(place.startswith("addresses of /tiket") for place in places)
    held = str([world.ledger.vault.open(row.sealed_content) for row in found])
    assert all(world.markers[name] in held for name in ("nik", "account", "email", "name", "text"))
