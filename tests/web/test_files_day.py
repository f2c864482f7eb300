"""A photo on its way, in a real browser: from the phone to the desk, and a document back."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect

from tests.conftest import PROJECT
from tests.desk.conftest import PASSWORD
from tests.filing import PDF, PNG
from tests.product import Product
from tests.web.conftest import open_chromium, shot

pytestmark = [
    pytest.mark.rasa,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

TICKET = ("petugas", "SPM ditolak, galatnya ada di foto", "Siti Contoh", "siti@contoh.go.id")
ADD_BUDI = ["desk", "user", "add", "budi", "--name", "Budi", "--role", "agent", "--password-stdin"]
SLOW = 60_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(model: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with Product(tmp_path_factory.mktemp("product")) as running:
        nindy = str(Path(sys.executable).parent / "nindy")
        subprocess.run(
            [nindy, *ADD_BUDI],
            input=PASSWORD.encode(),
            env=running.environment,
            cwd=PROJECT,
            check=True,
        )
        await running.start()
        await running.ask("hangat", "halo", 60)
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with open_chromium() as browser:
        yield browser


async def _page(chromium: Chromium, address: str, problems: list[str]) -> Page:
    page = await chromium.new_page(viewport={"width": 1280, "height": 1000})
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await page.goto(address)
    return page


async def test_a_photo_to_the_desk_and_a_document_back(
    product: Product, chromium: Chromium, tmp_path: Path
) -> None:
    problems: list[str] = []
    (tmp_path / "layar.png").write_bytes(PNG)
    (tmp_path / "panduan.pdf").write_bytes(PDF)
    (tmp_path / "jahat.html").write_text("<script>alert(1)</script>")

    phone = await _page(chromium, product.sandbox + "/", problems)
    await expect(phone.locator("#state")).to_have_text("daring")
    await phone.locator("#file").set_input_files(tmp_path / "layar.png")
    await expect(phone.locator(".line.mine img.photo")).to_be_visible()
    await expect(phone.get_by_text("Mau Nindy buatkan tiket")).to_be_visible(timeout=SLOW)
    await shot(phone, "files-phone")
    for line in (*TICKET, "lewati", "kirim"):
        await product.ask("siti", line, 60)
    number = re.findall(r"\d{8}-[A-Z0-9]{6}", (await product.chat("siti"))[-1]["text"])[0]

    desk = await _page(chromium, f"http://127.0.0.1:{product.desk_port}/masuk", problems)
    await desk.locator("input[name=login]").fill("budi")
    await desk.locator("input[name=password]").fill(PASSWORD)
    await desk.locator("main button").first.click()
    await (
        desk.get_by_role("link", name="SPM ditolak")
        .or_(desk.locator(f"a[href='/tiket/{number}']"))
        .first.click()
    )
    await expect(desk.get_by_role("heading", name="Lampiran", exact=True)).to_be_visible()
    async with desk.expect_download() as coming:
        await desk.locator(".side .files a").click()
    taken = await coming.value
    assert taken.suggested_filename == "foto.png"
    assert Path(await taken.path()).read_bytes() == PNG

    await desk.get_by_label("Lampirkan berkas").set_input_files(tmp_path / "jahat.html")
    await expect(desk.get_by_text("Jenis berkas itu tidak diterima")).to_be_visible()
    await desk.get_by_label("Balasan", exact=True).fill("Ini panduannya, Kak.")
    await desk.get_by_label("Lampirkan berkas").set_input_files(tmp_path / "panduan.pdf")
    await expect(desk.get_by_role("checkbox", name=re.compile("panduan.pdf"))).to_be_checked()
    await expect(desk.get_by_label("Balasan", exact=True)).to_have_value("Ini panduannya, Kak.")
    await shot(desk, "files-desk")
    await desk.get_by_role("button", name="Kirim balasan").click()
    await expect(desk.get_by_text("Balasan masuk antrean kirim.")).to_be_visible()

    shown = phone.locator(".line.theirs", has_text="Ini panduannya, Kak.")
    await expect(shown).to_be_visible(timeout=SLOW)
    async with phone.expect_download() as coming:
        await shown.locator("a.attached").click()
    received = await coming.value
    assert received.suggested_filename == "panduan.pdf"
    assert Path(await received.path()).read_bytes() == PDF
    await expect(desk.locator("#percakapan a", has_text="panduan.pdf")).to_be_visible()
    assert problems == []
