"""One tag on any site: its attributes, strict policies, old browsers, forbidden storage."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from tests.web.webchat.site import ACCEPT, Browsing, Site, Visitor

pytestmark = pytest.mark.browser

NO_SHEETS = "delete CSSStyleSheet.prototype.replaceSync;"
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {
    get() { throw new DOMException("no", "SecurityError"); },
  });"""


async def test_another_site_needs_the_tag_and_three_words_of_policy(
    browsing: Browsing, site: Site, host: str
) -> None:
    visitor = await browsing.visitor()
    visitor.edge = host
    await visitor.start()
    await visitor.write("dari situs lain")
    await site.answer("Sampai juga.")
    await expect(visitor.message("Sampai juga.")).to_be_visible()
    # A foreign page may read the name of the file too.
    async with visitor.page.expect_download() as wanted:
        await visitor.menu("Unduh percakapan")
    assert (await wanted.value).suggested_filename == "percakapan-nindy.txt"
    before = "['x','getElementById'].filter(name => !(name in window || name in document))"
    assert await visitor.page.evaluate(before) == ["x"]
    made = "Object.keys(window).filter(name => /nindy|chat/i.test(name))"
    assert await visitor.page.evaluate(made) == []


async def test_the_attributes_of_the_tag(browsing: Browsing, site: Site, host: str) -> None:
    visitor = await browsing.visitor()
    visitor.edge = host
    wished = {
        "color": "#f2c200",
        "greeting": "Selamat datang di Satker Contoh.",
        "position": "left",
    }
    await visitor.start("/?" + urlencode({**wished, "lang": "id"}))
    await expect(visitor.page.get_by_text("Selamat datang di Satker Contoh.")).to_be_visible()
    box = await visitor.panel.bounding_box()
    assert box is not None and box["x"] == 24
    send = visitor.button("Kirim")
    await expect(send).to_have_css("background-color", "rgb(242, 194, 0)")
    # The ink follows the colour, so that it can be read.
    await expect(send).to_have_css("color", "rgb(0, 0, 0)")
    assert await visitor.barriers() == []
    await expect(visitor.page.locator("nindy-chat")).to_have_attribute("lang", "id")


async def test_on_a_shared_computer_the_session_ends_with_the_tab(
    browsing: Browsing, site: Site, host: str
) -> None:
    context = await browsing.context()
    visitor = await browsing.visitor(context)
    visitor.edge = host
    await visitor.start("/?storage=session")
    await visitor.write("hanya di sini")
    await visitor.delivered("hanya di sini", "Terkirim")
    await visitor.page.reload()
    await expect(visitor.message("hanya di sini")).to_be_visible()
    assert await visitor.page.evaluate("Object.keys(localStorage)") == []
    other = await browsing.visitor(context)
    other.edge = host
    await other.visit("/?storage=session")
    await other.launcher.click()
    await expect(other.button(ACCEPT)).to_be_visible()


async def test_where_storage_is_forbidden_the_chat_lives_as_long_as_the_page(
    visitor: Visitor, site: Site
) -> None:
    await visitor.page.add_init_script(NO_STORAGE)
    await visitor.start()
    await visitor.write("tanpa penyimpanan")
    await site.answer("Tetap bisa.")
    await expect(visitor.message("Tetap bisa.")).to_be_visible()


async def test_an_old_browser_gets_its_style_from_our_file(visitor: Visitor) -> None:
    await visitor.page.add_init_script(NO_SHEETS)
    await visitor.start()
    await expect(visitor.panel).to_have_css("position", "fixed")
    await expect(visitor.page.locator("nindy-chat link")).to_have_count(1)


async def test_a_chat_that_cannot_be_loaded_says_so_and_is_loaded_the_next_time(
    visitor: Visitor,
) -> None:
    visitor.expected = ("net::ERR",)
    await visitor.page.route("**/webchat/chat-*.js", lambda route: route.abort())
    await visitor.visit()
    await visitor.launcher.click()
    await expect(visitor.page.get_by_text("Silakan coba lagi sebentar lagi")).to_be_visible()
    await visitor.page.unroute("**/webchat/chat-*.js")
    await visitor.launcher.click()
    await expect(visitor.button(ACCEPT)).to_be_visible()


async def test_without_scripts_the_page_names_other_ways(browsing: Browsing) -> None:
    visitor = await browsing.visitor(java_script_enabled=False)
    await visitor.visit()
    await expect(visitor.page.get_by_role("link", name="WhatsApp")).to_be_visible()
    await expect(visitor.page.get_by_role("link", name="hai.djpb@kemenkeu.go.id")).to_be_visible()
