"""A broadcast from its request to its report, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect

from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from tests.broadcasting import NUMBER, Campaign, phone
from tests.desk.conftest import add
from tests.desk.stage import LATER
from tests.web.test_desk_day import address, barriers, ledger, shot, sign_in

__all__ = ["address", "ledger"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
NOW = LATER + timedelta(minutes=20)


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_a_request_is_broadcast(
    chromium: Chromium, address: str, ledger: Ledger, tmp_path: Path
) -> None:
    campaign, problems = Campaign(ledger), list[str]()
    campaign.request()
    for name in ("siti", "tono", "wati"):
        campaign.say(name)
    campaign.hear("ani")
    add(ledger, "budi", Role.AGENT)
    add(ledger, "sari", Role.SUPERVISOR)
    listed = tmp_path / "penerima.csv"
    names = ("siti", "tono", "wati", "ani", "asing")
    listed.write_text("nomor;nama\n" + "\n".join(f"+{phone(n)};{n}" for n in names))

    author = await sign_in(chromium, address, "budi", problems)
    await author.goto(f"{address}/tiket/{NUMBER}")
    await author.get_by_role("link", name="Buat broadcast").click()
    await author.get_by_role("link", name="Gangguan layanan").click()
    await author.get_by_label("Layanan atau aplikasi").fill("SPAN")
    await author.get_by_label("Sejak kapan").fill("pukul 08.00 WIB")
    await author.get_by_label("Apa yang terdampak").fill("SPM belum bisa diunggah.")
    await author.get_by_label("Daftar nomor telepon").check()
    await author.get_by_label("Berkas CSV, nomor").set_input_files(listed)
    assert await barriers(author) == [] and await fits(author)
    await shot(author, "desk-broadcast-tulis")
    await author.get_by_role("button", name="Simpan draf").click()
    await expect(author.get_by_text("Draf broadcast disimpan")).to_be_visible()
    await author.get_by_role("button", name="Ajukan untuk disetujui").click()
    await expect(author.get_by_text("Broadcast diajukan")).to_be_visible()

    manager = await sign_in(chromium, address, "sari", problems)
    await manager.get_by_role("link", name="Broadcast", exact=True).click()
    assert await barriers(manager) == []
    await shot(manager, "desk-broadcast-daftar")
    await manager.get_by_role("link", name="SPAN sedang terganggu").click()
    await manager.get_by_role("button", name="Setujui dan kirim").click()
    await expect(manager.get_by_text("mulai dikirim bertahap")).to_be_visible()
    await manager.get_by_text("Daftar penerima").click()
    await expect(manager.get_by_role("cell", name="Terkirim")).to_have_count(0)
    # The page follows by itself; the list stays open and nothing is loaded anew.
    assert campaign.wave(NOW) == 2
    campaign.deliver(NOW)
    await expect(manager.get_by_role("cell", name="Terkirim")).to_have_count(2)
    await expect(manager.locator("#tahap")).to_contain_text("Sedang dikirim")
    await expect(manager.get_by_text("mulai dikirim bertahap")).to_be_visible()
    assert await barriers(manager) == [] and await fits(manager)
    await shot(manager, "desk-broadcast")
    await manager.get_by_role("button", name="Hentikan broadcast").click()
    await expect(manager.get_by_text("Broadcast dihentikan.")).to_be_visible()
    assert campaign.counts(1) == {
        "sent": 2,
        "skipped stopped": 1,
        "skipped no_consent": 1,
        "skipped unknown": 1,
    }
    assert await manager.locator("#capaian[hx-get]").count() == 0, "nothing changes any more"
    await manager.set_viewport_size({"width": 820, "height": 1180})
    assert await fits(manager)
    shown = await manager.content()
    assert not any(phone(name)[3:] in shown for name in names)
    assert problems == []


async def test_a_page_that_nobody_touches_stops_asking(
    chromium: Chromium, address: str, ledger: Ledger
) -> None:
    campaign, problems, asked = Campaign(ledger), list[str](), list[str]()
    campaign.request()
    campaign.say("siti")
    campaign.approved()
    add(ledger, "budi", Role.SUPERVISOR)
    page = await sign_in(chromium, address, "budi", problems)
    await page.clock.install()
    path = f"{address}/broadcast/1"
    await page.goto(path)
    page.on("request", lambda request: asked.append(request.url))
    await page.clock.run_for(4_000)
    await expect(page.locator("#capaian:not(.htmx-request)")).to_be_visible()
    assert asked == [path]
    await page.clock.fast_forward("26:00")
    asked.clear()
    await page.clock.run_for(120_000)
    assert asked == []
    await page.mouse.move(200, 200)
    async with page.expect_request(path):
        await page.clock.run_for(4_000)
    assert problems == []
