"""Whatever people, agents and files are called or say, the desk shows words and runs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect

from bot.ledger import attachments, tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.ledger.feedback import CHOICE, NONE_OF_THESE, Feedback
from tests import filing
from tests.desk.conftest import add
from tests.desk.stage import LATER, NUMBER, Stage
from tests.filing import keep, store
from tests.kit import START, answer, message, receive
from tests.web.test_desk_day import address, ledger, sign_in, stage

__all__ = ["address", "ledger", "stage"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HOSTILE = (
    'Tajuk</title></textarea></script><img src=x onerror="window.pwned=1">'
    "<svg onload='window.pwned=1'><script>window.pwned=1</script>"
    '<a href="javascript:window.pwned=1" hx-get="/keluar" hx-trigger="load">x</a>'
    "' onfocus=window.pwned=1 autofocus x=' \" onmouseover=window.pwned=1 \" {{ 7*7 }} ${7*7}"
)
INJECTED = ("img[src=x]", "svg[onload]", "a[href^=javascript]", "[onfocus]", "[hx-get*=keluar]")
PAGES = (
    "/antrean",
    f"/antrean?cari={HOSTILE}",
    f"/tiket/{NUMBER}",
    "/supervisor",
    "/tanya-jawab",
    "/tanya-jawab/draf",
    "/tanya-jawab/entri",
    "/broadcast",
    "/gangguan",
    "/akun",
)


async def furnish(stage: Stage, ledger: Ledger, folder: Path) -> None:
    """Put hostile words wherever somebody else's words can come to stand."""
    boss = add(ledger, "budi", Role.SUPERVISOR)
    with ledger.engine.begin() as connection:
        connection.execute(tables.agent.update().values(name=HOSTILE[:60]))
    conversation = stage.open(subject=HOSTILE, chronology=HOSTILE, owner_id=boss.id, at=START)
    stage.hear(HOSTILE, LATER)
    for actor in (attachments.USER, boss.actor):
        file = await keep(store(folder, ledger.vault), filing.PDF, HOSTILE)
        ledger.transact(attachments.add, file, conversation, actor, LATER)
    receive(ledger, message("x", text=HOSTILE))
    judged = Feedback(CHOICE, "", NONE_OF_THESE, 0.1, (), "nindy-1", HOSTILE)
    answer(ledger, HOSTILE, feedback=[judged])


async def runs_nothing(page: Page) -> None:
    """Nothing that was written there has become a part of the page."""
    assert await page.evaluate("window.pwned") is None
    for injected in INJECTED:
        await expect(page.locator(injected)).to_have_count(0)
    for script in await page.locator("script").all():
        assert (await script.get_attribute("src") or "").startswith("/static/")
    assert "49" not in (await page.title())


async def test_hostile_words_stay_words_on_every_page(
    chromium: Chromium, address: str, stage: Stage, ledger: Ledger, tmp_path: Path
) -> None:
    await furnish(stage, ledger, tmp_path)
    problems: list[str] = []
    page = await sign_in(chromium, address, "budi", problems)
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    for path in PAGES:
        await page.goto(address + path)
        await runs_nothing(page)
    await page.goto(f"{address}/tiket/{NUMBER}")
    await expect(page.get_by_text("<script>window.pwned=1</script>").first).to_be_visible()
    # What an agent types comes back into its box, and onto the ticket.
    await page.locator("#catatan").fill(HOSTILE)
    await page.get_by_role("button", name="Simpan catatan").click()
    await runs_nothing(page)
    await page.locator("#teks").fill(HOSTILE)
    await page.get_by_role("button", name="Kirim balasan").click()
    await runs_nothing(page)
    await page.goto(f"{address}/tanya-jawab/tulis")
    for box in ("tanya", "jawaban", "variasi", "sumber", "sumber_singkat", "id", "terkait"):
        await page.locator(f"#{box}").fill(HOSTILE)
        await page.locator(f"#{box}").evaluate("box => box.removeAttribute('maxlength')")
    await page.get_by_role("button", name="Simpan draf").click()
    await runs_nothing(page)
    assert [text for text in problems if "422" not in text] == []
