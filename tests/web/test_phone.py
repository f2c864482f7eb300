"""A newcomer's first minute in a real browser: the phone of `make run` talks to Nindy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.product import Product
from tests.web.conftest import open_chromium, shot

pytestmark = [
    pytest.mark.rasa,
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(model: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with Product(tmp_path_factory.mktemp("product")) as running:
        await running.start()
        await running.ask("hangat", "halo", 60)
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def phone(product: Product) -> AsyncIterator[Page]:
    async with open_chromium() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(product.sandbox + "/")
        yield page
        assert problems == []


async def _write(page: Page, text: str) -> None:
    await page.get_by_role("textbox").first.fill(text)
    await page.keyboard.press("Enter")


async def test_type_press_a_row_and_read_the_answer(phone: Page) -> None:
    await _write(phone, "halo")
    await expect(phone.get_by_text("asisten HAI-DJPb").last).to_be_visible(timeout=30_000)
    await phone.get_by_role("button", name="Pilih").last.click()
    await expect(phone.get_by_text("Perlu nomor SP2D dan nomor rekening")).to_be_visible()
    await shot(phone, "phone-list")
    await phone.get_by_role("radio", name="Informasi SP2D").check(force=True)
    await phone.get_by_role("dialog").get_by_role("button", name="Kirim").click()
    await expect(phone.get_by_text("nomor SP2D-nya").last).to_be_visible()
    await _write(phone, "260261301000123")
    await expect(phone.get_by_text("nomor rekeningnya").last).to_be_visible()
    await _write(phone, "0012345678901")
    await expect(phone.get_by_text("Data SP2D ditemukan").last).to_be_visible()
    await shot(phone, "phone")


async def test_a_narrow_screen_is_all_phone(phone: Page) -> None:
    await phone.set_viewport_size({"width": 390, "height": 844})
    await _write(phone, "menu")
    await expect(phone.get_by_text("Ini layanan yang bisa Nindy bantu").last).to_be_visible()
    wide = await phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    await shot(phone, "phone-narrow")
