"""The real product behind the demo page: Nindy answers, is killed and answers on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.product import Product
from tests.web.conftest import open_chromium, shot
from tests.web.webchat.site import Browsing

pytestmark = [pytest.mark.rasa, pytest.mark.browser, pytest.mark.timeout(300)]

READY = 90_000
"""Milliseconds until a product that has just been started answers."""
PHONE = {"width": 390, "height": 844}


@pytest_asyncio.fixture
async def product(model: Path, tmp_path: Path) -> AsyncIterator[Product]:
    async with Product(tmp_path) as running:
        await running.start()
        yield running


@pytest_asyncio.fixture
async def browsing(product: Product) -> AsyncIterator[Browsing]:
    async with open_chromium() as browser:
        opened = Browsing(browser, product.edge)
        yield opened
    for visitor in opened.visitors:
        visitor.quiet()


async def test_a_lookup_on_the_demo_page_goes_on_after_a_kill(
    product: Product, browsing: Browsing
) -> None:
    visitor = await browsing.visitor()
    visitor.expected = ("net::ERR",)
    await visitor.start()
    await visitor.write("halo")
    row = visitor.page.get_by_role("button", name="Informasi SP2D")
    await expect(row).to_be_visible(timeout=READY)
    await row.click()
    await expect(visitor.message("nomor SP2D-nya")).to_be_visible()
    await visitor.write("260261301000123")
    await expect(visitor.message("nomor rekeningnya")).to_be_visible()
    product.kill()
    await visitor.write("0012345678901")
    await expect(visitor.page.get_by_text("Menyambungkan kembali")).to_be_visible()
    await product.start()
    await expect(visitor.message("Data SP2D ditemukan")).to_be_visible(timeout=READY)
    await expect(visitor.page.get_by_text("Menyambungkan kembali")).to_be_hidden()
    await expect(visitor.page.get_by_text("Tersambung kembali")).to_be_hidden()
    await shot(visitor.page, "webchat-desktop")
    mine = await visitor.log.locator(".message.user .text").all_inner_texts()
    assert mine == ["halo", "Informasi SP2D", "260261301000123", "0012345678901"]
    for once in ("nomor SP2D-nya", "nomor rekeningnya", "Data SP2D ditemukan"):
        await expect(visitor.message(once)).to_have_count(1)

    phone = await browsing.visitor(viewport=PHONE, has_touch=True, is_mobile=True)
    await phone.start()
    await phone.write("/restart")
    await expect(phone.log.locator(".message.nindy")).to_have_count(2)
    await phone.write("menu")
    await expect(phone.page.get_by_role("button", name="Reset SAKTI")).to_be_attached()
    await shot(phone.page, "webchat-phone")
