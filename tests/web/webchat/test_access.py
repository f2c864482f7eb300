"""Everybody can use the chat: keyboard, screen reader, narrow screens, little motion."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import expect

from bot.channels.message import Choice
from tests.kit import until
from tests.web.webchat.site import ACCEPT, Browsing, Site, Visitor

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
SMALLEST = {"width": 320, "height": 568}
MENU = tuple(
    Choice(title, f"/{number}", "Perlu nomor SP2D dan nomor rekening")
    for number, title in enumerate(("Informasi SP2D", "Status supplier", "Reset SAKTI"))
)
TREE = """
- dialog "Percakapan dengan Nindy":
  - heading "Nindy, asisten HAI-DJPb" [level=2]
  - button "Pilihan lain"
  - button "Tutup percakapan"
  - paragraph
  - status
  - log "Isi percakapan":
    - paragraph: Nindy
    - paragraph: /Halo Kakak! Saya Nindy/
    - paragraph: Hari ini
    - paragraph: Kakak
    - paragraph: halo
    - paragraph:
      - time: /\\d+\\.\\d+/
      - text: Dibaca
    - paragraph: Nindy
    - paragraph: Mau apa, Kak?
    - paragraph:
      - time: /\\d+\\.\\d+/
    - group "Pilih salah satu":
      - button "Informasi SP2D Perlu nomor SP2D dan nomor rekening"
      - button "Status supplier Perlu nomor SP2D dan nomor rekening"
      - button "Reset SAKTI Perlu nomor SP2D dan nomor rekening"
  - button "Lampirkan berkas"
  - textbox "Tulis pesan"
  - button "Kirim"
  - status
"""
# Everything that is added to the log while it is live, as a screen reader is told of it.
LISTEN = """window.heard = [];
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (init) {
  const root = attach.call(this, init);
  new MutationObserver(changes => {
    for (const change of changes) for (const node of change.addedNodes) {
      const region = change.target.closest?.("[aria-live]");
      const live = region?.role === "log" && region.getAttribute("aria-live") === "polite";
      if (live && node.getAttribute?.("aria-live") !== "off") heard.push(node.textContent);
    }
  }).observe(root, { childList: true, subtree: true });
  return root;
};"""


async def shot(visitor: Visitor, name: str) -> None:
    folder = os.environ.get("NINDY_SCREENSHOTS")
    if folder:
        await visitor.page.screenshot(path=f"{folder}/{name}.png")


async def talk(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("halo")
    await site.answer("Mau apa, Kak?", *MENU)
    await expect(visitor.message("Mau apa, Kak?")).to_be_visible()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE], ids=["desktop", "phone"])
async def test_axe_finds_nothing_anywhere(
    browsing: Browsing, site: Site, size: dict[str, int]
) -> None:
    visitor = await browsing.visitor(viewport=size)
    await visitor.visit()
    await expect(visitor.launcher).to_be_visible()
    assert await visitor.barriers() == []
    await visitor.launcher.click()
    await expect(visitor.button(ACCEPT)).to_be_visible()
    assert await visitor.barriers() == []
    await visitor.button(ACCEPT).click()
    await expect(visitor.box).to_be_visible()
    await visitor.write("halo")
    await site.answer("Mau apa, Kak? [Panduan](https://hai.kemenkeu.go.id)", *MENU)
    await expect(visitor.message("Mau apa")).to_be_visible()
    assert await visitor.barriers() == []
    budi = site.agent()
    site.hold(budi)
    site.push("Dari petugas.", budi)
    await expect(visitor.message("Dari petugas.")).to_be_visible()
    await visitor.box.fill("a" * 4001)
    assert await visitor.barriers() == []
    await visitor.button("Pilihan lain").click()
    assert await visitor.barriers() == []
    for name in ("Hubungi lewat kanal lain", "Akhiri percakapan", "Lupakan saya"):
        await visitor.button(name).click()
        assert await visitor.barriers() == []
        await visitor.page.keyboard.press("Escape")
        await visitor.button("Pilihan lain").click()


async def test_the_tree_that_a_screen_reader_walks(visitor: Visitor, site: Site) -> None:
    await talk(visitor, site)
    await visitor.delivered("halo", "Dibaca")
    await expect(visitor.panel).to_match_aria_snapshot(TREE)
    assert await visitor.panel.get_attribute("lang") == "id"
    assert await visitor.log.get_attribute("aria-live") == "polite"


async def test_a_new_message_is_read_once_and_the_history_never(
    visitor: Visitor, site: Site
) -> None:
    await visitor.page.add_init_script(LISTEN)
    await talk(visitor, site)
    site.push("Kabar baru.")
    await expect(visitor.message("Kabar baru.")).to_be_visible()
    await visitor.write("terima kasih")
    await visitor.delivered("terima kasih", "Terkirim")
    await site.answer("Sama-sama.")
    await visitor.delivered("terima kasih", "Dibaca")
    heard = [text for text in await visitor.page.evaluate("window.heard") if text]
    assert len([one for one in heard if "Kabar baru." in one]) == 1
    assert len([one for one in heard if "Sama-sama." in one]) == 1
    assert not [one for one in heard if "terima kasih" in one]
    await until(lambda: site.read() == 3)
    await visitor.page.reload()
    await expect(visitor.message("Sama-sama.")).to_be_visible()
    await expect(visitor.log).to_have_attribute("aria-live", "polite")
    assert await visitor.page.evaluate("window.heard") == []


async def test_the_keyboard_does_it_all(visitor: Visitor, site: Site) -> None:
    press = visitor.page.keyboard.press
    await visitor.visit()
    await visitor.launcher.focus()
    await press("Enter")
    await expect(visitor.page.get_by_role("heading", name="Sebelum mulai")).to_be_focused()
    await press("Tab")
    await expect(visitor.button(ACCEPT)).to_be_focused()
    await press("Enter")
    await expect(visitor.box).to_be_focused()
    await visitor.page.keyboard.type("halo")
    await press("Shift+Enter")
    await visitor.page.keyboard.type("baris dua")
    await press("Enter")
    await visitor.delivered("baris dua", "Terkirim")
    await site.answer("Mau apa, Kak?", *MENU)
    await expect(visitor.message("Mau apa, Kak?")).to_be_visible()
    await press("Shift+Tab")
    await expect(visitor.button("Lampirkan berkas")).to_be_focused()
    await press("Shift+Tab")
    await expect(visitor.page.get_by_role("button", name="Reset SAKTI")).to_be_focused()
    await press("Enter")
    await visitor.delivered("Reset SAKTI", "Terkirim")
    # The list folds; the focus stays where it was, on what is left of it.
    await expect(visitor.button("Tampilkan pilihan lain")).to_be_focused()
    await visitor.button("Pilihan lain").focus()
    await press("Enter")
    await expect(visitor.button("Unduh percakapan")).to_be_focused()
    await press("Escape")
    await expect(visitor.button("Pilihan lain")).to_be_focused()
    await press("Escape")
    await expect(visitor.panel).to_be_hidden()
    await expect(visitor.launcher).to_be_focused()


async def test_on_a_narrow_screen_the_focus_stays_within(browsing: Browsing, site: Site) -> None:
    visitor = await browsing.visitor(viewport=PHONE)
    await talk(visitor, site)
    await expect(visitor.panel).to_have_attribute("aria-modal", "true")
    within = "document.activeElement?.localName"
    for key in ("Tab", "Shift+Tab"):
        for _ in range(12):
            await visitor.page.keyboard.press(key)
            assert await visitor.page.evaluate(within) == "nindy-chat"


async def test_it_all_fits_320_pixels(browsing: Browsing, site: Site) -> None:
    visitor = await browsing.visitor(viewport=SMALLEST)
    await talk(visitor, site)
    await visitor.write("k" * 300)
    await visitor.delivered("kkk", "Terkirim")
    await site.answer("https://hai.kemenkeu.go.id/" + "sangat-panjang/" * 20)
    await expect(visitor.message("sangat-panjang")).to_be_visible()
    await shot(visitor, "webchat-320")
    wide = "document.documentElement.scrollWidth"
    assert await visitor.page.evaluate(wide) <= 320
    assert await visitor.log.evaluate("log => log.scrollWidth - log.clientWidth") == 0
    box = await visitor.panel.bounding_box()
    assert box is not None and (box["x"], box["width"]) == (0, 320)
    for button in await visitor.panel.get_by_role("button").all():
        size = await button.bounding_box()
        assert size is None or (size["width"] >= 24 and size["height"] >= 24)


async def test_little_motion_is_no_motion(browsing: Browsing, site: Site) -> None:
    visitor = await browsing.visitor(reduced_motion="reduce")
    await visitor.start()
    await visitor.write("halo")
    await expect(visitor.page.get_by_text("Nindy sedang menulis")).to_be_attached()
    running = 'document.querySelector("nindy-chat").shadowRoot.getAnimations().length'
    assert await visitor.page.evaluate(running) == 0


async def test_a_reader_far_up_is_not_pulled_down(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("halo")
    await site.answer("\n".join(f"Baris {number}" for number in range(60)))
    await expect(visitor.message("Baris 59")).to_be_visible()
    # A long answer is shown from its beginning.
    top = "log => log.scrollTop"
    began = await visitor.log.evaluate(top)
    shown = await visitor.message("Baris 0").evaluate("one => one.offsetTop")
    assert abs(began - shown) < 40
    site.push("Kabar di bawah.")
    newest = visitor.page.get_by_role("button", name="Ada 1 pesan baru")
    await expect(newest).to_be_visible()
    assert await visitor.log.evaluate(top) == began
    await newest.click()
    await expect(visitor.message("Kabar di bawah.")).to_be_in_viewport()
    await expect(newest).to_be_hidden()
