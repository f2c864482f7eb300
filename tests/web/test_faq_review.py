"""From a question asked in vain to its answer, in a real browser, without a restart."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect

from tests.desk.conftest import PASSWORD
from tests.product import PROJECT, Product
from tests.web.test_desk_day import barriers, shot, sign_in

pytestmark = [pytest.mark.rasa, pytest.mark.browser, pytest.mark.timeout(300)]

ASKED = [
    ("rani", "kak cara pasang e-meterai di kuitansi gimana ya"),
    ("dodi", "e-meterai kuitansi dipasang gimana min"),
    ("lia", "pasang e meterai buat kuitansi caranya?"),
    ("tono", "bubuhkan e-meterai ke kuitansi lewat mana"),
    ("wawan", "paket sirup kami ganda di lkpp"),
    ("yuni", "sirup lkpp paket ganda cara hapusnya"),
    ("eko", "aplikasi krisna perencanaan tidak bisa dibuka, kontak saya 081234567890"),
]
ANSWER = "Unggah dokumen PDF di laman distributor e-meterai, bubuhkan, lalu unduh hasilnya."
VARIANTS = """
e-meterai untuk kuitansi gmn
beli e meterai dimana terus bubuhinnya gimana
meterai elektronik buat kuitansi
bubuhkan meterai digital pdf
matrai elektronik cara pakenya min
"""


@pytest_asyncio.fixture
async def product(model: Path, tmp_path: Path) -> AsyncIterator[Product]:
    async with Product(tmp_path) as running:
        await running.start()
        await running.ask("hangat", "halo", 60)
        for login, role in (("budi", "agent"), ("sari", "supervisor")):
            subprocess.run(
                [
                    str(Path(sys.executable).parent / "nindy"), "desk", "user", "add", login,
                    "--name", f"{login.title()} Contoh", "--role", role, "--password-stdin",
                ],
                cwd=PROJECT, env=running.environment, input=PASSWORD + "\n", text=True, check=True,
            )  # fmt: skip
        yield running


async def until_answered(product: Product, text: str, wanted: str) -> None:
    """Ask as new people until the answer comes, at most ten seconds."""
    began, number = time.monotonic(), 0
    while True:
        number += 1
        if wanted in (await product.ask(f"orang{number}", text))["text"]:
            return
        assert time.monotonic() - began < 10, "it was published, and is not answered"
        await asyncio.sleep(0.2)


async def fill(page: Page) -> None:
    await page.get_by_label("Nama entri").fill("e-meterai-kuitansi")
    await page.get_by_label("Pertanyaan", exact=True).fill("Bagaimana memasang e-meterai?")
    await page.get_by_label("Jawaban").fill(ANSWER)
    await page.get_by_label("Sumber lengkap").fill("Contoh untuk pengujian")
    await page.get_by_label("Sumber singkat").fill("Contoh untuk pengujian")
    await page.get_by_label("Topik").select_option("kontrak")
    await page.get_by_label("Layanan katalog").select_option("2")
    await page.get_by_label("Keyakinan").select_option("high")


async def test_a_question_becomes_an_answer(product: Product, chromium: Chromium) -> None:
    for who, text in ASKED:
        assert ANSWER not in (await product.ask(who, text, 60))["text"]
    desk = f"http://127.0.0.1:{product.desk_port}"
    problems: list[str] = []

    author = await sign_in(chromium, desk, "budi", problems)
    await author.get_by_role("link", name="Tanya jawab").click()
    await expect(author.get_by_text("4 orang")).to_be_visible()
    assert "081234567890" not in await author.content()
    assert await barriers(author) == []
    await shot(author, "desk-tanya-jawab")
    await author.get_by_role("button", name="Buat draf").first.click()
    variants = author.get_by_label("Variasi, satu per baris")
    await expect(variants).to_have_value("\n".join(text for _, text in ASKED[3::-1]))
    await expect(author.get_by_text("Baru 4 variasi")).to_be_visible()
    await fill(author)
    # Without a pointer: the form is left by keys alone.
    await variants.press("End")
    await author.keyboard.press("Control+End")
    await author.keyboard.insert_text(VARIANTS)
    await expect(author.get_by_text("Sudah memenuhi semua aturan")).to_be_visible()
    assert await barriers(author) == []
    await shot(author, "desk-tanya-jawab-tulis")
    await author.get_by_label("Nama entri").press("Enter")
    await expect(author.get_by_text("Draf disimpan")).to_be_visible()
    await author.get_by_role("button", name="Ajukan untuk disetujui").click()
    await expect(author.get_by_text("Draf diajukan")).to_be_visible()
    assert ANSWER not in (await product.ask("belum", ASKED[0][1]))["text"]

    boss = await sign_in(chromium, desk, "sari", problems)
    await boss.goto(f"{desk}/tanya-jawab/draf")
    await boss.get_by_role("link", name="Bagaimana memasang e-meterai?").click()
    assert await barriers(boss) == []
    await boss.get_by_role("button", name="Setujui dan terbitkan").click()
    await expect(boss.get_by_text("Diterbitkan. Nindy memakainya")).to_be_visible()
    await until_answered(product, ASKED[0][1], ANSWER)
    await boss.goto(f"{desk}/tanya-jawab")
    await expect(boss.get_by_text("4 orang")).to_have_count(0)

    await author.goto(f"{desk}/tanya-jawab/tulis?entri=e-meterai-kuitansi")
    await author.get_by_label("Jawaban").fill(ANSWER.replace("unduh", "simpan"))
    await author.get_by_role("button", name="Simpan draf").click()
    await author.get_by_role("button", name="Ajukan untuk disetujui").click()
    await boss.goto(f"{desk}/tanya-jawab/entri/e-meterai-kuitansi")
    await expect(boss.locator("mark", has_text="simpan")).to_be_visible()
    assert await barriers(boss) == []
    await shot(boss, "desk-tanya-jawab-banding")
    await boss.set_viewport_size({"width": 820, "height": 1180})
    for path in ("", "/draf", "/entri", "/entri/e-meterai-kuitansi", "/tulis"):
        await boss.goto(f"{desk}/tanya-jawab{path}")
        assert await boss.evaluate("document.documentElement.scrollWidth") <= 820, path
    await boss.goto(f"{desk}/tanya-jawab/entri/e-meterai-kuitansi")
    await boss.locator("summary", has_text="Tarik dari jawaban").click()
    await boss.get_by_label("Alasan").fill("Hanya percobaan.")
    await boss.get_by_role("button", name="Tarik entri").click()
    await expect(boss.get_by_text("Entri ditarik.")).to_be_visible()
    assert problems == []


async def test_the_form_works_without_scripts(product: Product, chromium: Chromium) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    desk = f"http://127.0.0.1:{product.desk_port}"
    await page.goto(f"{desk}/masuk")
    await page.locator("input[name=login]").fill("budi")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("main button").first.click()
    await page.goto(f"{desk}/tanya-jawab/tulis")
    await fill(page)
    await page.get_by_label("Variasi, satu per baris").fill("cuma satu")
    await page.get_by_role("button", name="Simpan draf").click()
    await page.get_by_role("button", name="Ajukan untuk disetujui").click()
    await expect(page.get_by_role("alert")).to_contain_text("Belum bisa dilanjutkan")
    await expect(page.get_by_text("Baru 1 variasi")).to_be_visible()
