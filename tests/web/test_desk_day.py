"""An agent's day in a real browser, and whether everybody can use these pages."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser as Chromium
from playwright.async_api import ConsoleMessage, Page, Route, expect

from bot.ledger import tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.live.rates import Rates
from bot.places import Proxies
from bot.tickets.life import Resolution
from bot.tickets.record import Seen
from desk.app import create_app
from desk.cookies import Cookies
from desk.keys import Desk
from desk.login import Login
from tests.desk.conftest import PASSWORD, add
from tests.desk.stage import CHANGES, LATER, NUMBER, OTHER, Stage, make_work
from tests.kit import START, Clock, sqlite_ledger
from tests.web.conftest import shot as take_shot

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

AXE = Path(__file__).parent / "assets/axe.min.js"
SPM = "SPM ditolak dengan galat pagu tidak mencukupi"
HOUR = timedelta(hours=1)
MORNING: list[tuple[str, int | None, str, dict[str, Any]]] = [
    (OTHER, 7, "Kontrak tahun jamak tidak muncul", {"hours": -1, "warned": 100, "priority": 1}),
    (
        "20261123-KM4P7Q",
        8,
        "SAKTI lambat saat cetak laporan",
        {"hours": 3, "owner": "ani", "state": "in_progress", "warned": 80},
    ),
    (
        "20261123-R8T2WX",
        9,
        "Pendaftaran user PPSPM baru",
        {"hours": 6, "owner": "budi", "state": "waiting", "paused_at": START},
    ),
    ("20261120-H5J9NC", 6, "Selisih neraca triwulan III", {"hours": 26, "state": "forwarded"}),
    ("20261120-D3F6GB", 3, "Penolakan retur SP2D", {"hours": 30, "category": "info_sp2d"}),
    ("20261123-V7Y2ZA", None, "Jadwal langkah akhir tahun", {"hours": 31, "unit": ""}),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
def stage(ledger: Ledger) -> Stage:
    return Stage(ledger)


@pytest.fixture
async def address(ledger: Ledger) -> AsyncIterator[str]:
    async def counts() -> dict[str, int]:
        return {}

    clock = Clock(LATER + timedelta(minutes=20))
    cookies = Cookies(ledger.vault, secure=False)
    login, proxies = Login(ledger, clock, Rates()), Proxies(())
    desk = Desk(ledger, clock, "", cookies, login, proxies, counts, "", None, frozenset())
    server = TestServer(create_app(desk, make_work(ledger)))
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


async def sign_in(chromium: Chromium, address: str, login: str, problems: list[str]) -> Page:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, locale="id-ID")
    page = await context.new_page()

    def told(said: ConsoleMessage) -> None:
        # A refused change is answered with 409, which chromium calls an error.
        if said.type == "error" and "409" not in said.text and "fav" not in said.location["url"]:
            problems.append(said.text)

    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", told)
    await page.goto(f"{address}/masuk")
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("main button").first.click()
    await expect(page.get_by_role("link", name="Akun")).to_be_visible()
    return page


async def shot(page: Page, name: str) -> None:
    await take_shot(page, name, whole=True)


async def barriers(page: Page) -> list[str]:
    """What axe finds that keeps people from using the page."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found: dict[str, Any] = await page.evaluate("axe.run()")
    return [
        f"{one['id']}: {json.dumps([node['html'][:200] for node in one['nodes']][:3])}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def furnish(stage: Stage, ledger: Ledger) -> dict[str, str]:
    """A plausible morning with invented people; returns the agents' ids by login."""
    ids = {}
    names = {"budi": "Budi Santoso", "ani": "Ani Wulandari", "sari": "Sari Lestari"}
    for login, name in names.items():
        ids[login] = add(ledger, login, Role.SUPERVISOR if login == "sari" else Role.AGENT).id
        with ledger.engine.begin() as connection:
            mine = tables.agent.c.id == ids[login]
            connection.execute(tables.agent.update().where(mine).values(name=name))
    stage.hear("Selamat pagi, SPM kami ditolak terus", START - HOUR, "wati")
    told = "SPM gaji induk ditolak dua kali pagi ini, padahal pagu cukup. Kontak 081234567890."
    guesses = [[2, 0.71], [7, 0.18], [8, 0.06]]
    due = START + 5 * HOUR
    more = {"candidates": guesses, "warned": 50, "due_at": due, "user_group": 3}
    stage.open(NUMBER, 2, SPM, told, START, "wati", **more)
    stage.hear("Galatnya muncul lagi setelah unggah ulang.", LATER, "wati")
    for place, (number, service, subject, values) in enumerate(MORNING):
        given = dict(values)
        given["due_at"] = START + given.pop("hours") * HOUR
        if owner := given.pop("owner", None):
            given["owner_id"] = ids[owner]
        opened = START - place * place * 5 * HOUR
        stage.open(number, service, subject, subject, opened, f"o{place}", **given)
    for place in range(6):
        done = {"state": "closed", "resolved_at": START - 48 * HOUR, "rating": 5 - place % 3}
        done["reason"] = ("not_helped", "lookup", "wished", "not_helped")[place % 4]
        opened = START - (72 if place else 200) * HOUR
        number = f"20261117-QWERT{place + 2}"
        stage.open(number, 2 + place, "Selesai", "Selesai", opened, f"lama{place}", **done)
    return ids


async def test_the_agents_day(
    chromium: Chromium, address: str, stage: Stage, ledger: Ledger
) -> None:
    furnish(stage, ledger)
    problems: list[str] = []
    page = await sign_in(chromium, address, "budi", problems)
    await expect(page.get_by_role("link", name=re.compile(SPM))).to_be_visible()
    assert await barriers(page) == []
    await shot(page, "desk-antrean")

    for key in ("j", "j", "k"):
        await page.keyboard.press(key)
    await expect(page.locator("tbody a").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{address}/tiket/{OTHER}")

    await page.goto(f"{address}/tiket/{NUMBER}")
    await page.get_by_role("button", name="Ambil tiket").click()
    await expect(page.get_by_text("Tiket sekarang Anda pegang.")).to_be_visible()

    other = await sign_in(chromium, address, "ani", problems)
    await other.goto(f"{address}/tiket/{NUMBER}")
    await expect(other.get_by_text("Juga sedang melihat: Budi Santoso")).to_be_visible()

    box = page.get_by_label("Balasan", exact=True)
    await box.click()
    await page.keyboard.type("/data-k")
    await expect(page.get_by_role("option", name="/data-kurang")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(box).to_have_value(re.compile(rf"tiket {NUMBER}.*kode satker"))
    async with page.expect_response(lambda answer: answer.url.endswith("/draf")):
        await page.get_by_role("button", name="Sisipkan").first.click()
    await expect(box).to_have_value(re.compile("Buka menu unggah"))
    assert await barriers(page) == []
    await shot(page, "desk-tiket")

    stage.hear("Sekarang malah tidak bisa masuk.", LATER + timedelta(minutes=10), "wati")
    await expect(page.get_by_text("Ada pesan baru dari pengguna.", exact=True)).to_be_visible()
    await expect(page.get_by_text("Sekarang malah tidak bisa masuk.")).to_be_visible()
    await page.get_by_role("button", name="Kirim balasan").click()
    await expect(page.get_by_role("alert")).to_contain_text("Balasan belum dikirim")
    await expect(box).to_have_value(re.compile("Buka menu unggah"))
    await page.get_by_role("button", name="Kirim balasan").click()
    await expect(page.get_by_text("Balasan masuk antrean kirim.")).to_be_visible()
    assert "Buka menu unggah" in stage.texts()[-1]
    await expect(other.get_by_text("Tiket ini baru saja berubah.")).to_be_visible()

    await page.get_by_label("Hanya dibaca petugas").fill("Sudah ditelepon.")
    await page.get_by_role("button", name="Simpan catatan").click()
    await expect(page.get_by_text("Sudah ditelepon.")).to_be_visible()
    await page.locator("summary", has_text="Selesaikan").click()
    await page.get_by_label("Hasil").select_option(Resolution.SOLVED.value)
    await page.get_by_role("button", name="Selesaikan tiket").click()
    await expect(page.get_by_text("Tiket selesai. Pengguna diminta memberi nilai.")).to_be_visible()
    assert stage.row().state == "resolved"
    assert problems == []


async def test_the_queue_follows_and_fits_a_tablet(
    chromium: Chromium, address: str, stage: Stage, ledger: Ledger
) -> None:
    ids = furnish(stage, ledger)
    problems: list[str] = []
    page = await sign_in(chromium, address, "budi", problems)
    row = page.locator("tr", has_text=OTHER)
    await expect(row.get_by_text("Kontrak tahun jamak")).to_be_visible()
    await expect(row.get_by_text("Ani Wulandari")).to_have_count(0)
    await ledger.run(CHANGES.claim, Seen(OTHER, None, f"agent:{ids['ani']}", LATER))
    await expect(row.get_by_text("Ani Wulandari")).to_be_visible(timeout=20_000)
    await page.set_viewport_size({"width": 820, "height": 1180})
    for path in ("/antrean", f"/tiket/{NUMBER}"):
        await page.goto(address + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 820
    assert problems == []


async def test_what_changes_before_the_stream_opens_is_not_missed(
    chromium: Chromium,
    address: str,
    stage: Stage,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desk.live.LOOK_SECONDS", 0.01)
    ids = furnish(stage, ledger)
    problems: list[str] = []
    page = await sign_in(chromium, address, "budi", problems)
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/langsung", held.put)
    taken = page.locator("tr", has_text=OTHER).get_by_text("Ani Wulandari")
    changed = page.get_by_text("Tiket ini baru saja berubah.")
    for path, number, news in (("/antrean", OTHER, taken), (f"/tiket/{NUMBER}", NUMBER, changed)):
        await page.goto(address + path)
        stream = await asyncio.wait_for(held.get(), 30)
        await ledger.run(CHANGES.claim, Seen(number, None, f"agent:{ids['ani']}", LATER))
        await stream.continue_()
        await expect(news).to_be_visible(timeout=15_000)
    assert problems == []


async def test_the_supervisors_page(
    chromium: Chromium, address: str, stage: Stage, ledger: Ledger
) -> None:
    furnish(stage, ledger)
    problems: list[str] = []
    page = await sign_in(chromium, address, "sari", problems)
    await page.get_by_role("link", name="Supervisor").click()
    await expect(page.get_by_text("Tiket terbuka menurut unit dan keadaan")).to_be_visible()
    assert await barriers(page) == []
    await shot(page, "desk-supervisor")
    async with page.expect_download() as wanted:
        await page.get_by_role("link", name="Unduh CSV").click()
    text = Path(await (await wanted.value).path()).read_text("utf-8-sig")
    assert NUMBER in text and SPM not in text
    assert problems == []


async def test_after_the_window_the_agent_chooses_a_template(
    chromium: Chromium, address: str, stage: Stage, ledger: Ledger
) -> None:
    add(ledger, "budi", Role.AGENT)
    stage.open(NUMBER, 2, SPM, SPM, START - 26 * HOUR, "wati", due_at=START + HOUR)
    problems: list[str] = []
    page = await sign_in(chromium, address, "budi", problems)
    await page.goto(f"{address}/tiket/{NUMBER}")
    await expect(page.get_by_text("Jendela 24 jam WhatsApp sudah tertutup.")).to_be_visible()
    await page.get_by_label("Balasan", exact=True).fill("Kode satkernya berapa, Kak?")
    chosen = page.get_by_role("radio", name=re.compile("memerlukan keterangan tambahan"))
    await chosen.focus()
    await page.keyboard.press("Space")
    await expect(chosen).to_be_checked()
    assert await barriers(page) == []
    await shot(page, "desk-templat")
    await page.set_viewport_size({"width": 820, "height": 1180})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 820
    await page.get_by_label(re.compile("Tunggu jawaban")).check()
    await page.get_by_role("button", name="Kirim lewat templat").click()
    await expect(page.get_by_text("Templat masuk antrean kirim.")).to_be_visible()
    talk = page.get_by_role("region", name="Percakapan")
    await expect(talk.get_by_text("Menunggu pengguna menulis")).to_be_visible()
    await expect(talk.get_by_text(f"keterangan tambahan untuk tiket {NUMBER}")).to_be_visible()
    assert await barriers(page) == []
    assert stage.row().state == "waiting"
    assert problems == []
