"""Entries of the FAQ at the desk: written, compared, submitted, decided, withdrawn, restored."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.faq import history
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.tickets.record import Seen
from desk.faq_diff import compare
from desk.faq_form import begun, entry, fields, harmless
from desk.work import Work
from tests.desk.conftest import Browser, add
from tests.desk.stage import CHANGES, NUMBER, Stage
from tests.faq_desk import BANK, NEW, OLD, REVIEW
from tests.kit import START

PAGE = f"/tanya-jawab/entri/{NEW.id}"
Open = Callable[[], Browser]


async def signed_in(open_browser: Open, ledger: Ledger, role: Role, login: str = "") -> Browser:
    browser = open_browser()
    add(ledger, login or role.value.replace("_", "-"), role)
    await browser.sign_in(login or role.value.replace("_", "-"))
    return browser


async def save(browser: Browser, values: dict[str, str], versi: str | None = None) -> int:
    """Fill the editor in and send it."""
    where = "" if values["id"] not in BANK and versi is None else f"?entri={values['id']}"
    await browser.get(f"/tanya-jawab/tulis{where}")
    seen = browser.field("versi") if versi is None else versi
    return (await browser.post("/tanya-jawab/simpan", versi=seen, **values)).status


async def do(browser: Browser, what: str, id: str = NEW.id, **form: str) -> int:
    """Press a button on an entry's page."""
    page = f"/tanya-jawab/entri/{id}"
    await browser.get(page)
    versi = form.pop("versi", None) or browser.field("versi")
    return (await browser.post(f"{page}/{what}", versi=versi, **form)).status


def live(ledger: Ledger, id: str = NEW.id) -> str | None:
    bank = ledger.transact(REVIEW.bank)
    return bank.get(id).answer if id in bank else None


async def test_an_entry_from_the_form_to_the_answer_and_back(
    open_browser: Open, ledger: Ledger, work: Work
) -> None:
    author = await signed_in(open_browser, ledger, Role.AGENT)
    boss = await signed_in(open_browser, ledger, Role.SUPERVISOR)
    assert await save(author, fields(NEW)) == 303
    await author.get(PAGE)
    assert "Draf disimpan" in author.page and "Belum terbit" in author.page
    assert await do(author, "draf/ajukan") == 303
    await author.get("/tanya-jawab/draf")
    assert NEW.question in author.page and "Menunggu persetujuan" in author.page
    await author.get(PAGE)
    assert "Setujui dan terbitkan" not in author.page
    assert live(ledger) is None
    assert await do(boss, "putusan/tolak", catatan="Sebut aturannya.") == 303
    better = replace(NEW, answer="Unggah dokumen di laman distributor resmi, lalu unduh.")
    assert await save(author, fields(better), "3") == 303
    await author.get(PAGE)
    assert "Sebut aturannya." in author.page
    assert await do(author, "draf/ajukan") == 303
    assert await do(boss, "putusan/setujui") == 303
    assert live(ledger) == better.answer
    assert work.wake._ears["faq"][0]._event.is_set()
    await boss.get(PAGE)
    assert "Nindy memakainya dalam beberapa detik" in boss.page
    assert "Versi 1 · Dikembalikan" in boss.page and "Versi 2 · Diterbitkan" in boss.page
    assert await do(boss, "putusan/tarik", catatan="Aturan dicabut.") == 303
    assert live(ledger) is None
    await boss.get(PAGE)
    assert "Ditarik" in boss.page
    assert await do(author, "draf/pulihkan", nomor="1") == 303
    assert await do(author, "draf/ajukan") == 303
    assert await do(boss, "putusan/setujui") == 303
    assert live(ledger) == NEW.answer


async def test_a_change_is_shown_beside_what_answers(open_browser: Open, ledger: Ledger) -> None:
    author = await signed_in(open_browser, ledger, Role.AGENT)
    old = BANK.get(OLD)
    changed = replace(
        old, answer=old.answer.replace("dana", "uang"), variants=(*old.variants[1:], "retur opo")
    )
    assert await save(author, fields(changed)) == 303
    await author.get(f"/tanya-jawab/entri/{OLD}")
    assert "<mark> uang</mark>" in author.page and "<mark> dana</mark>" in author.page
    assert f"<mark>{html.escape(old.variants[0])}</mark>" in author.page
    assert "<mark>retur opo</mark>" in author.page
    assert html.escape(old.variants[1]) in author.page
    assert f"<mark>{html.escape(old.variants[1])}</mark>" not in author.page
    await author.get(f"/tanya-jawab/tulis?entri={OLD}")
    assert "retur opo</textarea>" in author.page


class TestRefusals:
    """The page comes back with what was typed and a sentence."""

    async def test_what_is_not_in_order_is_told_in_indonesian(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        wrong = replace(
            NEW, answer="Ke Direktorat Kas saja.", related=("hilang",), service=0, topic="",
            confidence="", source="",
            variants=("nik 3174012345678901 ditolak", "apa maksudnya retur"),
        )  # fmt: skip
        assert await save(author, fields(wrong)) == 303
        assert await do(author, "draf/ajukan") == 409
        for said in (
            "Belum bisa dilanjutkan", "Baru 2 variasi; tulis paling sedikit 8",
            "Entri “hilang” tidak ada", "“Direktorat Kas saja. …” bukan nama di katalog",
            "Pilih layanan katalog", "Pilih topik", "Pilih salah satu tingkat keyakinan",
            "memuat alamat surel atau nomor panjang",
            "hampir sama dengan “apa maksudnya retur” dari entri apa-itu-retur",
        ):  # fmt: skip
            assert said in html.unescape(author.page), said

    async def test_a_form_that_is_being_filled_in_hears_the_same(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        await author.get("/tanya-jawab/tulis")
        values = fields(NEW)
        assert (await author.post("/tanya-jawab/periksa", **values)).status == 200
        assert "Sudah memenuhi semua aturan" in author.page
        for wrong, said in (
            ({"jawaban": "a" * 1001}, "Jawaban 1001 karakter; paling banyak 1000"),
            ({"berlaku": "2026-02-30"}, "Tanggal tidak terbaca"),
            ({"berlaku": "2026-11-22"}, "Masa berlakunya sudah lewat"),
            ({"kategori": "menu"}, "tidak punya isian"),
            ({"tanya": "menu"}, "sama artinya dengan “menu” dari contoh maksud menu"),
            ({"id": "Salah"}, "Nama entri memakai huruf kecil"),
        ):
            await author.get("/tanya-jawab/tulis")
            await author.post("/tanya-jawab/periksa", **{**values, **wrong})
            assert said in author.page
        assert ledger.transact(history.waiting) == []

    async def test_a_taken_or_wrong_name_an_old_page_and_no_change(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        for id, said in ((OLD, "sudah dipakai"), ("Salah Nama", "huruf kecil")):
            assert await save(author, {**fields(NEW), "id": id}, "") == 409
            assert said in author.page and NEW.answer in author.page
        assert await save(author, fields(NEW)) == 303
        assert await save(author, fields(NEW), "1") == 409
        assert "masih sama" in author.page
        assert await save(author, {**fields(NEW), "jawaban": "Kedua."}, "1") == 303
        assert await save(author, {**fields(NEW), "jawaban": "Ketiga."}, "1") == 409
        assert "berubah sejak halaman dibuka" in author.page
        # What comes back still has seen the old page: sending it again overwrites nobody.
        assert author.field("versi") == "1" and "Ketiga.</textarea>" in author.page
        assert await save(author, {**fields(NEW), "jawaban": "x" * 40_000}, "2") == 409
        assert "terlalu panjang" in author.page
        for versi in ("x", "-1", "99999999999"):
            assert await do(author, "draf/ajukan", versi=versi) == 409

    async def test_nobody_approves_what_they_wrote(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        boss = await signed_in(open_browser, ledger, Role.SUPERVISOR)
        assert await save(boss, fields(NEW)) == 303
        assert await do(boss, "draf/ajukan") == 303
        await boss.get(PAGE)
        assert "persetujuannya dari orang kedua" in boss.page
        assert await do(boss, "putusan/setujui") == 409
        assert "Anda ikut menulis draf ini" in boss.page
        assert live(ledger) is None

    async def test_agents_decide_nothing_and_auditors_write_nothing(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        auditor = await signed_in(open_browser, ledger, Role.AUDITOR)
        await save(author, fields(NEW))
        await do(author, "draf/ajukan")
        for step in ("setujui", "tolak", "tarik"):
            assert await do(author, f"putusan/{step}", catatan="x") == 403
        await auditor.get(PAGE)
        assert NEW.answer in auditor.page and "<button>" not in auditor.page
        await auditor.get("/akun")
        assert (await auditor.post(f"{PAGE}/draf/buang", versi="2")).status == 403

    async def test_a_unit_agent_keeps_to_the_services_of_the_unit(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        author = await signed_in(open_browser, ledger, Role.UNIT_AGENT)
        await author.get("/tanya-jawab/tulis")
        offered = re.findall(r'<option value="(\d+)"', author.page)
        assert offered and "1" not in offered
        assert await save(author, fields(NEW)) == 409
        assert "milik layanan unit lain" in author.page
        own = {**fields(NEW), "layanan": offered[0]}
        assert await save(author, own) == 303

    async def test_what_is_not_there(self, open_browser: Open, ledger: Ledger) -> None:
        boss = await signed_in(open_browser, ledger, Role.SUPERVISOR)
        for path in ("/tanya-jawab/entri/tidak-ada", "/tanya-jawab/tulis?entri=tidak-ada"):
            assert (await boss.get(path)).status == 404
        await boss.get("/akun")
        for path in ("draf/hapus", "putusan/hapus"):
            assert (await boss.post(f"/tanya-jawab/entri/{OLD}/{path}")).status == 404
        await save(boss, fields(NEW))
        assert await do(boss, "draf/pulihkan", nomor="7") == 409


class TestBeginning:
    """The form begins with what people wrote, without their data."""

    async def test_with_wordings(self, open_browser: Open, ledger: Ledger) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        await author.get("/tanya-jawab/tulis")
        texts = ["NPWP 012345678901000 ditolak", "npwp <b>ditolak</b>", "siti@contoh.go.id npwp?"]
        form = [("csrf", author.token), ("layanan", "7"), *(("variasi", text) for text in texts)]
        answer = await author.client.post(
            "/tanya-jawab/susun", data=form, headers={"Origin": author.origin}
        )
        page = await answer.text()
        assert "NPWP ditolak\nnpwp &lt;b&gt;ditolak&lt;/b&gt;\nnpwp?</textarea>" in page
        assert '<option value="7" selected>' in page
        assert "012345678901000" not in page and "siti@" not in page
        assert ledger.transact(history.waiting) == []

    async def test_a_wording_for_an_entry_that_is_there(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        await author.get("/tanya-jawab/tulis")
        await author.post("/tanya-jawab/susun", entri=OLD, variasi="retur opo to")
        last = BANK.get(OLD).variants[-1]
        assert f"{html.escape(last, quote=False)}\nretur opo to</textarea>" in html.unescape(
            author.page
        ).replace("&#39;", "'")

    async def test_with_a_ticket_and_its_last_reply(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        stage = Stage(ledger)
        stage.open(chronology="NIK 3174012345678901 ditolak.")
        for text in ("Mohon ditunggu.", "Buka menu revisi, hubungi 081234567890."):
            ledger.transact(CHANGES.reply, Seen(NUMBER, None, "agent:x", START), text, False)
        await author.get(f"/tiket/{NUMBER}")
        assert "Jadikan draf tanya jawab" in author.page
        assert (await author.post("/tanya-jawab/susun", tiket=NUMBER)).status == 200
        assert 'value="DIPA belum bisa direvisi"' in author.page
        assert "Buka menu revisi, hubungi •" in author.page
        assert "3174012345678901" not in author.page and "081234567890" not in author.page
        assert "Siti" not in author.page
        assert author.field("tiket") == NUMBER
        assert await save(author, {**fields(NEW), "tiket": NUMBER}) == 303
        drafted = ledger.transact(history.read, NEW.id, BANK)
        assert drafted is not None and drafted.begun_with == NUMBER

    async def test_with_a_ticket_that_is_none(self, open_browser: Open, ledger: Ledger) -> None:
        author = await signed_in(open_browser, ledger, Role.AGENT)
        assert await save(author, {**fields(NEW), "tiket": "20261123-AAAAAA"}) == 303
        drafted = ledger.transact(history.read, NEW.id, BANK)
        assert drafted is not None and drafted.begun_with == ""

    @pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.ADMIN])
    async def test_never_with_a_complaint(
        self, open_browser: Open, ledger: Ledger, role: Role
    ) -> None:
        author = await signed_in(open_browser, ledger, role)
        Stage(ledger).open(service=20)
        await author.get("/tanya-jawab/tulis")
        assert (await author.post("/tanya-jawab/susun", tiket=NUMBER)).status == 404

    async def test_a_complaint_officer_is_offered_no_draft(
        self, open_browser: Open, ledger: Ledger
    ) -> None:
        officer = await signed_in(open_browser, ledger, Role.COMPLAINT_OFFICER)
        Stage(ledger).open(service=20)
        await officer.get(f"/tiket/{NUMBER}")
        assert NUMBER in officer.page and "Jadikan draf" not in officer.page
        assert "/tanya-jawab" not in officer.page


async def test_entries_are_found_by_words(open_browser: Open, ledger: Ledger) -> None:
    reader = await signed_in(open_browser, ledger, Role.AUDITOR)
    await reader.get("/tanya-jawab/entri?cari=apa+itu+RETUR")
    assert f"/tanya-jawab/entri/{OLD}" in reader.page
    await reader.get("/tanya-jawab/entri?cari=zzz")
    assert "Tidak ada entri dengan kata itu" in reader.page


async def test_before_the_model_is_loaded_the_page_says_so(
    open_browser: Open, ledger: Ledger
) -> None:
    reader = await signed_in(open_browser, ledger, Role.AGENT)
    assert (await reader.get("/tanya-jawab")).status == 200
    assert "sedang dimuat" in reader.page


@pytest.mark.parametrize("one", BANK.entries[::5], ids=lambda one: one.id)
def test_an_entry_goes_through_the_form_unchanged(one: Any) -> None:
    read = entry(fields(one))
    assert replace(read, variants=one.variants) == one
    assert read.variants == tuple(" ".join(text.split()) for text in one.variants)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_comparison_holds_all_words_of_both_sides(old: str, new: str) -> None:
    before, after = replace(NEW, answer=old), replace(NEW, answer=new)
    row = next(row for row in compare(before, after) if row.key == "answer")
    assert "".join(part.text for part in row.before) == old
    assert "".join(part.text for part in row.after) == new
    assert row.changed == (old != new)


def test_a_new_entry_has_nothing_before() -> None:
    assert all(row.before == () for row in compare(None, NEW))


@given(st.lists(st.text(max_size=40), max_size=5))
def test_what_people_wrote_is_one_harmless_line_each(texts: list[str]) -> None:
    found = harmless(texts)
    assert len(set(found)) == len(found)
    assert all(text == " ".join(text.split()) and text.isprintable() for text in found)
    assert begun(texts)["variasi"].splitlines() == found
