"""A visitor's conversation in a real browser: what is shown, pressed, kept and left."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.channels.message import Choice
from tests.web.webchat.site import ACCEPT, Site, Visitor
from tests.webchat.stage import FILE_BYTES

pytestmark = pytest.mark.browser

MENU = (
    Choice("Informasi SP2D", "/info_sp2d", "Perlu nomor SP2D dan nomor rekening"),
    Choice("Reset SAKTI", "/reset_sakti", "Perlu NIK dan kode satker"),
)
HELPFUL = (Choice("Membantu", "/affirm"), Choice("Belum", "/deny"))


async def test_the_chat_is_loaded_when_it_is_opened_and_a_session_begun_when_it_is_wished(
    visitor: Visitor,
) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    await visitor.visit()
    await expect(visitor.launcher).to_be_visible()
    assert not [one for one in asked if "chat-" in one or "/config" in one]
    await visitor.launcher.click()
    await expect(visitor.page.get_by_text("Percakapan ini disimpan oleh HAI-DJPb")).to_be_visible()
    await visitor.button("Tidak jadi").click()
    await expect(visitor.panel).to_be_hidden()
    assert not [one for one in asked if "/sessions" in one]
    await visitor.launcher.click()
    await visitor.button(ACCEPT).click()
    await expect(visitor.box).to_be_visible()
    assert len([one for one in asked if one.startswith("POST") and "/sessions" in one]) == 1


async def test_ask_press_and_read(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("halo")
    await visitor.delivered("halo", "Terkirim")
    await expect(visitor.page.get_by_text("Nindy sedang menulis")).to_be_attached()
    await site.answer("Halo Kak, saya *Nindy*. Mau apa?", *MENU)
    await expect(visitor.log.locator("strong", has_text="Nindy")).to_be_visible()
    await visitor.delivered("halo", "Dibaca")
    await visitor.page.get_by_role("button", name="Informasi SP2D").click()
    await visitor.delivered("Informasi SP2D", "Terkirim")
    await site.answer("Boleh minta nomornya, Kak?", *HELPFUL)
    await expect(visitor.button("Membantu")).to_be_visible()
    # The list of before waits behind one button.
    await expect(visitor.page.get_by_role("button", name="Reset SAKTI")).to_be_hidden()
    await visitor.button("Tampilkan pilihan lain").click()
    await expect(visitor.page.get_by_role("button", name="Reset SAKTI")).to_be_visible()


async def test_links_and_lists_are_shown_and_nothing_else(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("halo")
    await site.answer(
        "Buka [panduan](https://hai.kemenkeu.go.id/a?b=1), lalu:\n"
        "• satu\n• dua\n\n3. tiga\n4. empat\n\n"
        "Telepon [14090](tel:14090), surel hai.djpb@kemenkeu.go.id, "
        "atau https://djpb.kemenkeu.go.id. "
        "[jebakan](javascript:alert(1)) [data](data:text/html,x) http://polos.id 5*3*2 _x_"
    )
    message = visitor.message("lalu:")
    links = message.get_by_role("link")
    await expect(links).to_have_count(4)
    assert [await link.get_attribute("href") for link in await links.all()] == [
        "https://hai.kemenkeu.go.id/a?b=1",
        "tel:14090",
        "mailto:hai.djpb@kemenkeu.go.id",
        "https://djpb.kemenkeu.go.id/",
    ]
    for link in await links.all():
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert await message.locator("ul > li").all_inner_texts() == ["satu", "dua"]
    assert await message.locator("ol > li").evaluate_all("all => all.map(one => one.value)") == [
        3,
        4,
    ]
    await expect(message).to_contain_text("[jebakan](javascript:alert(1))")
    await expect(message).to_contain_text("5*3*2 _x_")


async def test_an_agent_has_a_name_and_the_hours_come_back(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("petugas")
    await site.answer("Sebentar, Kak.")
    budi = site.agent()
    site.hold(budi)
    held = "Kakak sedang dilayani petugas Budi Santoso."
    await expect(visitor.panel.locator(".status")).to_have_text(held)
    site.push("Selamat pagi, Kak.", budi)
    await expect(visitor.log.get_by_text("Petugas Budi Santoso", exact=True)).to_be_visible()
    site.hold(None)
    await expect(visitor.panel.locator(".status")).to_contain_text("WIB")


async def test_rate_the_talk_and_take_it_along(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("halo")
    await site.answer("Halo juga, Kak.")
    await expect(visitor.message("Halo juga")).to_be_visible()
    async with visitor.page.expect_download() as wanted:
        await visitor.menu("Unduh percakapan")
    download = await wanted.value
    assert download.suggested_filename == "percakapan-nindy.txt"
    assert "Halo juga, Kak." in Path(await download.path()).read_text("utf-8")
    await visitor.menu("Akhiri percakapan")
    await expect(visitor.button("Kirim penilaian")).to_be_disabled()
    await visitor.page.get_by_role("radio", name="Puas", exact=True).check()
    await visitor.page.get_by_label("Saran untuk kami").fill("Cepat.")
    async with visitor.page.expect_request("**/webchat/ratings") as rated:
        await visitor.button("Kirim penilaian").click()
    assert (await rated.value).post_data_json == {"value": 4, "word": "Cepat."}
    await expect(visitor.page.get_by_text("Terima kasih, Kakak.")).to_be_visible()
    await visitor.page.get_by_role("button", name="Tutup percakapan").last.click()
    await expect(visitor.launcher).to_be_focused()


async def test_forget_me_leaves_nothing(visitor: Visitor, site: Site) -> None:
    await visitor.start()
    await visitor.write("rahasia saya")
    await visitor.delivered("rahasia saya", "Terkirim")
    await visitor.menu("Lupakan saya")
    await expect(visitor.page.get_by_text("Tiket yang sudah dibuat tetap diproses")).to_be_visible()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.box).to_be_visible()
    await expect(visitor.button("Pilihan lain")).to_be_focused()
    await visitor.menu("Lupakan saya")
    await visitor.button("Ya, lupakan saya").click()
    await expect(visitor.page.get_by_text("sudah dihapus")).to_be_visible()
    await expect(visitor.button(ACCEPT)).to_be_visible()
    await expect(visitor.log.locator(".message.user")).to_have_count(0)
    assert await visitor.page.evaluate("Object.keys(localStorage)") == []


async def test_five_thousand_characters_are_told_before_they_are_lost(visitor: Visitor) -> None:
    await visitor.start()
    long = "panjang " * 625
    await visitor.box.fill(long)
    await visitor.button("Kirim").click()
    told = "Ringkas menjadi paling banyak 4000 karakter"
    await expect(visitor.panel.locator(".hint")).to_contain_text(told)
    await expect(visitor.panel.locator(".hint")).to_contain_text("Pesan ini 5000 karakter")
    await expect(visitor.box).to_have_value(long)
    await expect(visitor.box).to_have_attribute("aria-invalid", "true")
    await expect(visitor.log.locator(".message.user")).to_have_count(0)
    await visitor.box.fill(long[:3999])
    await expect(visitor.panel.locator(".hint")).to_have_text("Sisa 1 karakter")
    await visitor.button("Kirim").click()
    await visitor.delivered("panjang", "Terkirim")


async def test_what_was_being_written_outlives_a_reload(visitor: Visitor) -> None:
    await visitor.start()
    await visitor.box.fill("belum selesai")
    await visitor.page.reload()
    await expect(visitor.box).to_have_value("belum selesai")


async def test_files_go_with_a_message_and_come_from_an_agent(
    visitor: Visitor, site: Site, tmp_path: Path
) -> None:
    letter = tmp_path / "surat satker.pdf"
    letter.write_bytes(b"%PDF-1.7\nisi surat\n")
    await visitor.start()
    picker = visitor.panel.locator("input[type=file]")
    await picker.set_input_files(letter)
    await expect(visitor.panel.locator(".chip")).to_contain_text("surat satker.pdf · 1 KB")
    await visitor.button("Lepaskan surat satker.pdf").click()
    await expect(visitor.panel.locator(".chip")).to_have_count(0)
    await picker.set_input_files(letter)
    await expect(visitor.button("Lepaskan surat satker.pdf")).to_be_visible()
    await visitor.write("ini suratnya")
    await visitor.delivered("ini suratnya", "Terkirim")
    # Also after a reload, when only the server knows of it.
    await visitor.page.reload()
    async with visitor.page.expect_download() as wanted:
        await visitor.button("Unduh surat satker.pdf").click()
    download = await wanted.value
    assert download.suggested_filename == "surat satker.pdf"
    assert Path(await download.path()).read_bytes() == letter.read_bytes()


async def test_a_file_that_is_not_taken_is_told_with_the_remedy(
    visitor: Visitor, tmp_path: Path
) -> None:
    visitor.expected = ("422",)
    program, huge = tmp_path / "program.pdf", tmp_path / "besar.pdf"
    program.write_bytes(b"MZ\x90\x00" + b"\0" * 100)
    huge.write_bytes(b"%PDF-1.7\n" + b"0" * FILE_BYTES)
    await visitor.start()
    picker, hint = visitor.panel.locator("input[type=file]"), visitor.panel.locator(".hint")
    await picker.set_input_files(program)
    await expect(hint).to_contain_text("Jenis berkas ini belum dapat diterima")
    await picker.set_input_files(huge)
    await expect(hint).to_contain_text("pilih berkas yang lebih kecil dari")
    await expect(visitor.panel.locator(".chip")).to_have_count(0)
    await visitor.write("tanpa berkas saja")
    await visitor.delivered("tanpa berkas saja", "Terkirim")
