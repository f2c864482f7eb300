"""Nothing is lost and nothing comes twice, whatever happens to the line, the server or the page."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from tests.kit import until
from tests.web.webchat.site import ACCEPT, Browsing, Site, Visitor

pytestmark = pytest.mark.browser

LOST = ("Failed to load resource", "net::ERR")
"""How chromium complains of a request that a test let fail."""


async def texts(visitor: Visitor) -> list[str]:
    return await visitor.log.locator(".message:not(:first-child) .text").all_inner_texts()


async def test_without_a_network_while_the_agent_answers(visitor: Visitor, site: Site) -> None:
    visitor.expected = LOST
    await visitor.start()
    await visitor.write("halo")
    await site.answer("Halo, Kak.")
    await expect(visitor.message("Halo, Kak.")).to_be_visible()
    await visitor.page.context.set_offline(True)
    await expect(visitor.page.get_by_text("Sambungan internet terputus")).to_be_visible()
    await visitor.write("satu, tanpa sambungan")
    await visitor.write("dua, tanpa sambungan")
    await visitor.delivered("satu, tanpa", "Menunggu sambungan")
    async with visitor.page.expect_event("requestfailed"):
        site.push("Jawaban petugas.", site.agent())
    assert await texts(visitor) == [
        *("halo", "Halo, Kak.", "satu, tanpa sambungan", "dua, tanpa sambungan"),
    ]
    await visitor.page.context.set_offline(False)
    await expect(visitor.message("Jawaban petugas.")).to_be_visible()
    await visitor.delivered("dua, tanpa", "Terkirim")
    await expect(visitor.page.get_by_text("Sambungan internet terputus")).to_be_hidden()
    # In the server's order: the agent wrote before the visitor's words arrived.
    expected = ["halo", "Halo, Kak.", "Jawaban petugas.", "satu, tanpa sambungan"]
    assert await texts(visitor) == [*expected, "dua, tanpa sambungan"]


async def test_a_message_written_without_a_network_outlives_the_page(
    browsing: Browsing, site: Site
) -> None:
    context = await browsing.context()
    first = await browsing.visitor(context)
    await first.start()
    await context.route("**/webchat/messages", lambda route: route.abort())
    first.expected = LOST
    await first.write("jangan hilang")
    await first.delivered("jangan hilang", "Menunggu sambungan")
    await first.page.close()
    await context.unroute("**/webchat/messages")
    second = await browsing.visitor(context)
    await second.visit()
    await second.launcher.click()
    await second.delivered("jangan hilang", "Terkirim")
    await site.answer("Tidak hilang.")
    await expect(second.message("Tidak hilang.")).to_be_visible()
    assert await texts(second) == ["jangan hilang", "Tidak hilang."]


async def test_an_acknowledgement_that_is_lost_makes_no_second_message(
    visitor: Visitor, site: Site
) -> None:
    visitor.expected = LOST
    await visitor.start()
    tries: list[str] = []

    async def lose(route: Route) -> None:
        if route.request.method != "POST":
            return await route.continue_()
        tries.append(route.request.post_data_json["id"])
        await route.fetch()
        if len(tries) < 3:
            return await route.abort()
        await route.continue_()

    # Without a stream, so that only the acknowledgement can tell.
    await visitor.page.route("**/webchat/events", lambda route: route.abort())
    await visitor.page.route("**/webchat/messages", lose)
    await visitor.write("sekali saja")
    await visitor.delivered("sekali saja", "Terkirim")
    await until(lambda: tries)
    assert len(set(tries)) == 1
    with site.ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM inbox").scalar() == 1
    assert await texts(visitor) == ["sekali saja"]


async def test_the_server_stops_in_the_middle_and_comes_back(visitor: Visitor, site: Site) -> None:
    visitor.expected = LOST
    await visitor.start()
    await visitor.write("satu")
    await site.answer("Jawaban satu.")
    await expect(visitor.message("Jawaban satu.")).to_be_visible()
    await site.door.stop()
    await visitor.write("dua")
    await expect(visitor.page.get_by_text("Menyambungkan kembali")).to_be_visible()
    await site.door.start()
    await visitor.delivered("dua", "Terkirim")
    await site.answer("Jawaban dua.")
    await expect(visitor.message("Jawaban dua.")).to_be_visible()
    assert await texts(visitor) == ["satu", "Jawaban satu.", "dua", "Jawaban dua."]


async def test_two_tabs_agree(browsing: Browsing, site: Site) -> None:
    context = await browsing.context()
    one, two = await browsing.visitor(context), await browsing.visitor(context)
    await two.visit()
    await two.launcher.click()
    await expect(two.button(ACCEPT)).to_be_visible()
    await one.start()
    # The notice was accepted over there: nobody asks for it here.
    await expect(two.box).to_be_visible()
    await one.write("dari tab satu")
    await expect(two.message("dari tab satu")).to_be_visible()
    await two.write("dari tab dua")
    await expect(one.message("dari tab dua")).to_be_visible()
    await site.answer("Untuk keduanya.")
    await site.answer("Dan sekali lagi.")
    await expect(one.message("Dan sekali lagi.")).to_be_visible()
    await expect(two.message("Dan sekali lagi.")).to_be_visible()
    assert await texts(one) == await texts(two)
    assert len(await texts(one)) == 4
    await one.menu("Lupakan saya")
    await one.button("Ya, lupakan saya").click()
    await expect(two.button(ACCEPT)).to_be_visible()
    await expect(two.log.locator(".message.user")).to_have_count(0)


async def test_another_page_and_back(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("halo")
    await site.answer("Halo, Kak.")
    await expect(visitor.message("Halo, Kak.")).to_be_visible()
    await visitor.page.get_by_role("link", name="Tentang demo").click()
    await visitor.page.wait_for_url("**/tentang")
    await expect(visitor.message("Halo, Kak.")).to_be_visible()
    site.push("Selagi di halaman lain.")
    await expect(visitor.message("Selagi di halaman lain.")).to_be_visible()
    await visitor.page.go_back()
    await expect(visitor.message("Selagi di halaman lain.")).to_be_visible()
    await visitor.write("sudah kembali")
    await visitor.delivered("sudah kembali", "Terkirim")
    assert await texts(visitor) == [
        *("halo", "Halo, Kak.", "Selagi di halaman lain.", "sudah kembali")
    ]


async def test_answers_are_counted_while_the_chat_is_shut_and_shown_where_they_begin(
    visitor: Visitor, site: Site
) -> None:
    await visitor.start()
    await visitor.write("halo")
    await site.answer("Halo, Kak.")
    await expect(visitor.message("Halo, Kak.")).to_be_visible()
    await until(lambda: site.read() == 1)
    await visitor.page.keyboard.press("Escape")
    site.push("Kabar satu.")
    site.push("Kabar dua.")
    counted = visitor.page.get_by_role("button", name="Tanya Nindy, ada 2 pesan baru")
    await expect(counted).to_be_visible()
    # A reload keeps the count, and loads the chat by itself because there is a conversation.
    await visitor.page.reload()
    await expect(counted).to_be_visible()
    await counted.click()
    await expect(visitor.log.locator(".unread")).to_have_text("Pesan baru")
    await until(lambda: site.read() == 3)
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.launcher).to_have_accessible_name("Tanya Nindy")


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_is_asked_again_by_itself(
    visitor: Visitor, site: Site, status: int
) -> None:
    visitor.expected = LOST
    await visitor.start()
    refusals: list[int] = []

    async def refuse(route: Route) -> None:
        if route.request.method != "POST" or refusals:
            return await route.continue_()
        refusals.append(status)
        code = {429: "busy", 503: "away"}[status]
        headers = {"Retry-After": "1", "Content-Type": "application/json"}
        await route.fulfill(status=status, headers=headers, body=json.dumps({"error": code}))

    await visitor.page.route("**/webchat/messages", refuse)
    await visitor.write("sabar ya")
    told = {429: "mohon tunggu 1 detik", 503: "Layanan sedang terganggu"}[status]
    await expect(visitor.page.get_by_text(told)).to_be_visible()
    await visitor.delivered("sabar ya", "Terkirim")
    await expect(visitor.page.get_by_text(told)).to_be_hidden()


async def test_what_is_refused_says_why_and_can_be_sent_again(visitor: Visitor, site: Site) -> None:
    visitor.expected = LOST
    await visitor.start()
    refuse = json.dumps({"error": "invalid"})
    await visitor.page.route(
        "**/webchat/messages", lambda route: route.fulfill(status=422, body=refuse)
    )
    await visitor.write("ditolak dulu")
    await expect(visitor.message("ditolak dulu")).to_contain_text("Coba tulis ulang")
    await visitor.page.unroute("**/webchat/messages")
    await visitor.button("Kirim ulang").click()
    await visitor.delivered("ditolak dulu", "Terkirim")


async def test_where_streams_are_held_back_the_widget_asks(visitor: Visitor, site: Site) -> None:
    asked: list[str] = []

    async def hold(route: Route) -> None:
        # A proxy that ends a stream before it has said a word.
        asked.append(route.request.url)
        await route.fulfill(status=200, headers={"Content-Type": "text/event-stream"}, body="")

    await visitor.page.route("**/webchat/events", hold)
    await visitor.start()
    await visitor.write("halo")
    await site.answer("Lewat jalan lain.")
    await expect(visitor.message("Lewat jalan lain.")).to_be_visible()
    assert len(asked) == 1


async def test_a_token_that_grows_old_is_changed_and_the_talk_goes_on(
    visitor: Visitor, site: Site
) -> None:
    await visitor.start()
    await visitor.write("satu")
    await visitor.delivered("satu", "Terkirim")
    first = (await visitor.kept("session"))["token"]
    site.clock.passed += timedelta(hours=13)
    await visitor.write("dua")
    await visitor.delivered("dua", "Terkirim")
    second = (await visitor.kept("session"))["token"]
    assert second != first
    site.clock.passed += timedelta(hours=13)
    await visitor.write("tiga")
    await visitor.delivered("tiga", "Terkirim")
    assert await texts(visitor) == ["satu", "dua", "tiga"]


async def test_after_a_day_away_a_new_session_begins_and_says_so(
    visitor: Visitor, site: Site
) -> None:
    visitor.expected = ("401",)
    await visitor.start()
    await visitor.write("kemarin")
    await site.answer("Jawaban kemarin.")
    await expect(visitor.message("Jawaban kemarin.")).to_be_visible()
    await visitor.page.evaluate("window.stop()")
    site.clock.passed += timedelta(hours=25)
    await visitor.write("hari baru")
    await expect(visitor.page.get_by_text("Sesi percakapan Kakak sudah berakhir")).to_be_visible()
    await visitor.delivered("hari baru", "Terkirim")
    assert await texts(visitor) == ["hari baru"]


async def test_a_tab_that_nobody_looks_at_gives_its_connection_back(
    visitor: Visitor, site: Site
) -> None:
    look = """state => {
      Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await visitor.start()
    await visitor.write("halo")
    await visitor.delivered("halo", "Terkirim")
    await until(lambda: len(site.door.chat.hub) == 1)
    await visitor.page.evaluate(look, "hidden")
    await until(lambda: len(site.door.chat.hub) == 0)
    await site.answer("Sambil lalu.")
    await visitor.page.evaluate(look, "visible")
    await expect(visitor.message("Sambil lalu.")).to_be_visible()
    await until(lambda: site.read() == 1)
