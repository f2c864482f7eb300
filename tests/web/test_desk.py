"""Signing in to the desk in a real browser, with an authenticator, under the strict policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect

from bot import passwords
from bot.clock import now
from bot.ledger import agents
from bot.ledger.agents import Role
from bot.live.rates import Rates
from bot.places import Proxies
from desk.app import create_app
from desk.cookies import Cookies
from desk.keys import Desk
from desk.login import Login
from tests.desk.stage import make_work
from tests.kit import sqlite_ledger
from tests.web.conftest import shot

pytestmark = pytest.mark.browser

PASSWORD = "merpati putih 17 ekor"


async def _counts() -> dict[str, int]:
    return {}


@pytest_asyncio.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    with sqlite_ledger(tmp_path) as ledger:
        kept = passwords.hashed(PASSWORD)
        ledger.transact(agents.add, "budi", "Budi Contoh", Role.SUPERVISOR, "", kept, now())
        cookies = Cookies(ledger.vault, secure=False)
        login, proxies = Login(ledger, now, Rates()), Proxies(())
        parts = Desk(ledger, now, "", cookies, login, proxies, _counts, "", None, frozenset())
        server = TestServer(create_app(parts, make_work(ledger)))
        await server.start_server()
        yield str(server.make_url("")).rstrip("/")
        await server.close()


@pytest_asyncio.fixture
async def page(chromium: Chromium, address: str) -> AsyncIterator[Page]:
    made = await chromium.new_page(viewport={"width": 1280, "height": 900})
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    # A policy that was broken is told here too.
    made.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await made.goto(address + "/")
    yield made
    assert [text for text in problems if "401" not in text] == []


async def _sign_in(page: Page) -> None:
    await page.get_by_label("Nama pengguna").fill("budi")
    await page.get_by_label("Kata sandi").fill(PASSWORD)
    await page.get_by_role("button", name="Masuk").click()


async def test_enrol_an_authenticator_and_sign_in_with_it(page: Page) -> None:
    await shot(page, "desk-login")
    await _sign_in(page)
    await expect(page.get_by_role("heading", name="Antrean")).to_be_visible()
    await page.get_by_role("link", name="Akun").click()
    await shot(page, "desk-account")
    form = page.locator('form[action="/akun/totp"]')
    await form.get_by_label("Kata sandi saat ini").fill(PASSWORD)
    await form.get_by_role("button").click()
    picture = page.get_by_role("img", name="Kode QR")
    assert await picture.evaluate("image => image.complete && image.naturalWidth > 50")
    await shot(page, "desk-totp")
    totp = pyotp.TOTP(await page.locator("#secret").inner_text())
    # The step before now: the present one is then still good for signing in.
    await page.get_by_label("Kode 6 angka").fill(totp.at(now() - timedelta(seconds=30)))
    await page.get_by_role("button", name="Aktifkan").click()
    await expect(page.get_by_role("status")).to_contain_text("sudah aktif")
    await page.get_by_role("button", name="Keluar").click()
    await expect(page.get_by_role("status")).to_contain_text("sudah keluar")
    await _sign_in(page)
    code = page.get_by_label("Kode 6 angka")
    await code.fill("000000")
    await page.get_by_role("button", name="Lanjut").click()
    await expect(page.get_by_role("alert")).to_contain_text("tidak cocok")
    await code.fill(totp.at(now()))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Antrean")).to_be_visible()


async def test_htmx_runs_without_eval_and_a_tablet_shows_all(page: Page) -> None:
    await _sign_in(page)
    await expect(page.get_by_role("heading", name="Antrean")).to_be_visible()
    assert await page.evaluate("htmx.config.allowEval") is False
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Langsung ke isi")).to_be_focused()
    await page.set_viewport_size({"width": 820, "height": 1180})
    await page.get_by_role("link", name="Akun").click()
    await expect(page.get_by_role("heading", name="Akun", exact=True)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 820
    await shot(page, "desk-tablet")
