"""The phone, used in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from sandbox_outgoing import buttons, listing, rows, section

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium"),
]


@pytest.fixture
async def page(sandbox: Any) -> AsyncIterator[Page]:
    """Siti's phone; fails the test if the browser complains."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type == "error" else None,
        )
        await page.goto(str(sandbox.client.make_url("/")))
        await expect(page.locator("#state")).to_have_text("daring")
        yield page
        await browser.close()
    assert complaints == []


async def test_a_conversation_by_keyboard(sandbox: Any, page: Page) -> None:
    await page.fill("#text", "Halo *Nindy* <b>x</b>")
    await page.press("#text", "Enter")
    mine = page.locator(".line.mine")
    await expect(mine.locator(".text")).to_have_text("Halo Nindy <b>x</b>")
    await expect(mine.locator("strong")).to_have_text("Nindy")
    await expect(mine.locator(".ticks.delivered")).to_be_visible()

    wamid = sandbox.receiver.items("messages")[0]["id"]
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    await sandbox.post({**body, "typing_indicator": {"type": "text"}})
    await expect(mine.locator(".ticks.read")).to_be_visible()
    await expect(page.locator(".typing")).to_be_visible()
    await sandbox.send(**listing(section(rows(3))))
    await expect(page.locator(".typing")).to_have_count(0)

    await page.locator(".press.list").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#sheet")).to_be_visible()
    await expect(page.locator("#sheet [type=submit]")).to_be_disabled()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#sheet")).to_be_hidden()
    await sandbox.settled(lambda: len(sandbox.receiver.items("messages")) == 2)
    reply = sandbox.receiver.items("messages")[1]["interactive"]["list_reply"]
    assert reply == {"id": "r1", "title": "Baris 1"}


async def test_buttons_unread_and_another_person(sandbox: Any, page: Page) -> None:
    await sandbox.write("budi")
    await sandbox.send("budi", **buttons("Ya", "Tidak"))
    budi = page.locator("[data-id=budi]")
    await expect(budi.locator(".badge")).to_have_text("1")
    await budi.click()
    await page.get_by_role("button", name="Tidak").click()
    await sandbox.settled(lambda: len(sandbox.receiver.items("messages")) == 2)
    assert sandbox.receiver.items("messages")[1]["interactive"]["button_reply"]["id"] == "b1"
    await sandbox.settled(
        lambda: "read" in {item["status"] for item in sandbox.receiver.items("statuses")}
    )


async def test_the_panel_turns_a_switch_and_lends_a_number(sandbox: Any, page: Page) -> None:
    await page.click("#open-panel")
    await page.click("#tab-faults")
    await page.select_option("#fault-span", "down")
    await expect(page.locator(".fault.active")).to_have_count(1)
    assert (await sandbox.get("/sandbox/faults"))["span"]["kind"] == "down"
    await page.click("#tab-data")
    await page.get_by_role("button", name="260261301000123").click()
    await expect(page.locator("#text")).to_have_value("260261301000123")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width == 390
