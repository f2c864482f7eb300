"""Broadcasts at the desk: written from a ticket, approved by a second person, stopped, reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import FormData

from bot.broadcast.life import SERVICE
from bot.ledger import handover
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from tests.broadcasting import NUMBER, OUTAGE, SATKER, VALUES, WAVES, Campaign, phone
from tests.desk.conftest import PAGE, Browser, add
from tests.kit import START

FIELDS = {f"isi_{gap}": value for gap, value in VALUES.items()}


@pytest.fixture
def campaign(ledger: Ledger) -> Campaign:
    made = Campaign(ledger)
    made.request()
    add(ledger, "budi", Role.AGENT)
    add(ledger, "sari", Role.SUPERVISOR)
    return made


async def save(browser: Browser, numbers: str | bytes | None = None, **more: str) -> int:
    """Send the form with a file, as a browser does; return the status."""
    form = FormData({"csrf": browser.token, "tiket": NUMBER, "templat": OUTAGE, **FIELDS, **more})
    form.add_field("penerima", "semua" if numbers is None else "daftar")
    if numbers is not None:
        form.add_field("berkas", numbers, filename="daftar.csv", content_type="text/csv")
    response = await browser.client.post(
        "/broadcast/simpan",
        data=form,
        headers={**PAGE, "Origin": browser.origin},
        allow_redirects=False,
    )
    browser.page = await response.text()
    if response.status == 303:
        await browser.get(response.headers["Location"])
    return response.status


async def step(browser: Browser, what: str, id: int = 1, **form: str) -> int:
    await browser.get(f"/broadcast/{id}")
    response = await browser.post(f"/broadcast/{id}/{what}", versi=browser.field("versi"), **form)
    if response.status == 303:
        await browser.get(f"/broadcast/{id}")
    return response.status


async def test_a_request_becomes_a_broadcast_and_its_report(
    browser: Browser, open_browser: Callable[[], Browser], campaign: Campaign
) -> None:
    for name in ("siti", "tono"):
        campaign.say(name)
    campaign.hear("ani")
    await browser.sign_in("budi")
    await browser.get(f"/tiket/{NUMBER}")
    assert f'href="/broadcast/tulis?tiket={NUMBER}"' in browser.page
    await browser.get(f"/broadcast/tulis?tiket={NUMBER}")
    assert "Pilih dulu templatnya" in browser.page
    await browser.get(f"/broadcast/tulis?tiket={NUMBER}&templat={OUTAGE}")
    assert "{keterangan}" in browser.page and 'name="isi_waktu"' in browser.page
    listed = [phone(name) for name in ("siti", "tono", "ani", "asing")]
    assert await save(browser, "nomor\n" + "\n".join(listed)) == 303
    assert "SPAN sedang terganggu sejak pukul 08.00 WIB." in browser.page
    for words in ("Menunggu giliran", "belum setuju menerima info", "belum pernah menghubungi"):
        assert words in browser.page
    assert not any(number[3:] in browser.page for number in listed)
    assert await step(browser, "langkah/ajukan") == 303
    assert "Setujui dan kirim" not in browser.page
    manager = open_browser()
    await manager.sign_in("sari")
    assert await step(manager, "putusan/setujui", catatan="lanjut") == 303
    assert "mulai dikirim bertahap" in manager.page and "lanjut" in manager.page
    assert campaign.wave() == 2
    assert sorted(campaign.deliver()) == ["siti", "tono"]
    table = await (await manager.client.get("/broadcast/1/penerima.csv")).text()
    assert table.splitlines()[0] == "\ufeffphone;state;reason;code;queued_at"
    assert [line.split(";")[1:3] for line in table.splitlines()[1:]] == [
        ["sent", ""],
        ["sent", ""],
        ["skipped", "no_consent"],
        ["skipped", "unknown"],
    ]
    assert not any(number[3:] in table for number in listed)
    await manager.get("/broadcast")
    assert "SPAN sedang terganggu" in manager.page
    await manager.get(f"/tiket/{NUMBER}")
    assert '<a href="/broadcast/1">Broadcast 1</a>' in manager.page


async def test_the_report_says_why_some_failed(browser: Browser, campaign: Campaign) -> None:
    for name in ("siti", "tono", "ani"):
        campaign.say(name)
    id = campaign.approved()
    campaign.wave(waves=replace(WAVES, size=9))
    for one, code in zip(campaign.take(), (131050, 131026, 131050), strict=True):
        campaign.ledger.transact(handover.failed, one, code, START)
    await browser.sign_in("budi")
    await browser.get(f"/broadcast/{id}")
    rows = re.findall(r'<td class="part">(.*?)</td><td class="num">(\d+)</td>', browser.page)
    assert rows == [
        ("tidak bisa dijangkau lewat WhatsApp (kode 131026)", "1"),
        ("berhenti berlangganan lewat WhatsApp (kode 131050)", "2"),
    ]


async def test_a_supervisor_does_not_approve_their_own(
    browser: Browser, campaign: Campaign
) -> None:
    campaign.say("siti")
    await browser.sign_in("sari")
    await browser.get("/akun")
    assert await save(browser) == 303
    assert await step(browser, "langkah/ajukan") == 303
    assert "persetujuannya dari orang kedua" in browser.page
    assert await step(browser, "putusan/setujui") == 409
    assert "persetujuannya dari orang kedua" in browser.page


async def test_a_returned_one_is_mended_with_what_was_written(
    browser: Browser, open_browser: Callable[[], Browser], campaign: Campaign
) -> None:
    campaign.say("siti")
    campaign.do("submit", campaign.draft())
    await browser.sign_in("sari")
    assert await step(browser, "putusan/tolak", catatan=" ") == 409
    assert "Tulis dulu apa yang perlu diperbaiki" in browser.page
    assert await step(browser, "putusan/tolak", catatan="sebut <b>jamnya</b>") == 303
    author = open_browser()
    await author.sign_in("budi")
    await author.get("/broadcast/1")
    assert "sebut &lt;b&gt;jamnya&lt;/b&gt;" in author.page
    await author.get("/broadcast/tulis?broadcast=1")
    assert 'value="pukul 08.00 WIB"' in author.page
    more = {"broadcast": "1", "versi": author.field("versi"), "isi_waktu": "pukul 09.15 WIB"}
    assert await save(author, **more) == 303
    assert "pukul 09.15 WIB" in author.page
    await author.get("/akun")
    assert await save(author, **more) == 409
    assert "berubah sejak halaman dibuka" in author.page


async def test_stopping_keeps_back_what_was_not_handed_over(
    browser: Browser, campaign: Campaign
) -> None:
    for n in range(3):
        campaign.say(f"p{n}")
    campaign.approved()
    campaign.wave()
    (gone,) = campaign.take(limit=1)
    await browser.sign_in("budi")
    assert await step(browser, "langkah/hentikan") == 303
    assert "Dilewati: broadcast dihentikan" in browser.page
    assert "Hentikan broadcast" not in browser.page
    campaign.ledger.transact(handover.sent, gone, "wamid.gone", START)
    assert campaign.counts(1) == {"sent": 1, "skipped stopped": 2}


@pytest.mark.parametrize(
    ("numbers", "more", "said"),
    [
        ("nomor\n081234567890\nsiti@contoh.go.id\n", {}, "Baris 3 pada daftar bukan nomor"),
        (b"PK\x03\x04\x00\xff9", {}, "bukan nomor telepon"),
        ("", {"isi_waktu": ""}, "Lengkapi semua isian"),
        ("", {"templat": "lain"}, "Pilih salah satu templat"),
        ("", {"tiket": "20261123-NOTHER"}, "yang masih terbuka"),
        (None, {"broadcast": "99", "versi": "1"}, "tidak ada"),
    ],
)
async def test_what_cannot_be_used_is_said_kindly_and_nothing_typed_is_lost(
    browser: Browser,
    campaign: Campaign,
    numbers: str | bytes | None,
    more: dict[str, str],
    said: str,
) -> None:
    await browser.sign_in("budi")
    await browser.get("/akun")
    assert await save(browser, numbers, **more) == 409
    assert said in browser.page
    assert "siti@contoh.go.id" not in browser.page
    if "templat" not in more:
        assert 'value="SPM belum bisa diunggah."' in browser.page


async def test_a_list_without_a_file_is_asked_for(browser: Browser, campaign: Campaign) -> None:
    await browser.sign_in("budi")
    await browser.get("/akun")
    form = {"tiket": NUMBER, "templat": OUTAGE, "penerima": "daftar", **FIELDS}
    assert (await browser.post("/broadcast/simpan", **form)).status == 409
    assert "Pilih berkas CSV" in browser.page


async def test_requests_of_groups_that_may_not_ask_are_refused_and_unknown_ones_marked(
    browser: Browser, open_browser: Callable[[], Browser], campaign: Campaign
) -> None:
    campaign.say("siti")
    campaign.request("20261123-SATKER", group=SATKER)
    campaign.request("20261123-NOBODY", group=None)
    await browser.sign_in("budi")
    await browser.get("/akun")
    assert await save(browser, tiket="20261123-SATKER") == 409
    assert "bukan dari kelompok yang boleh" in browser.page
    await browser.get("/akun")
    assert await save(browser, tiket="20261123-NOBODY") == 303
    assert await step(browser, "langkah/ajukan") == 303
    manager = open_browser()
    await manager.sign_in("sari")
    await manager.get("/broadcast/1")
    assert "Pastikan pemohon dari Direktorat Teknis" in manager.page


async def test_only_a_request_for_a_broadcast_offers_one(
    browser: Browser, open_browser: Callable[[], Browser], campaign: Campaign
) -> None:
    campaign.request("20261123-SERVIC", service=SERVICE - 1)
    await browser.sign_in("budi")
    await browser.get("/tiket/20261123-SERVIC")
    assert "Buat broadcast" not in browser.page
    add(campaign.ledger, "ani", Role.AUDITOR)
    auditor = open_browser()
    await auditor.sign_in("ani")
    await auditor.get(f"/tiket/{NUMBER}")
    assert "Buat broadcast" not in auditor.page
    assert "<h2>Broadcast</h2>" in auditor.page
    for path in ("/broadcast/99", "/broadcast/x", "/broadcast/99/penerima.csv"):
        assert (await auditor.get(path)).status == 404


async def test_old_numbers_and_unknown_steps_are_not_found(
    browser: Browser, campaign: Campaign
) -> None:
    campaign.say("siti")
    campaign.approved()
    await browser.sign_in("sari")
    await browser.get("/broadcast")
    assert re.search(r'href="/broadcast/1"', browser.page)
    for path in ("langkah/setujui", "putusan/hentikan", "langkah/x"):
        assert (await browser.post(f"/broadcast/1/{path}", versi="3")).status == 404
    for query in ("broadcast=1", "broadcast=99", "broadcast=x"):
        assert (await browser.get(f"/broadcast/tulis?{query}")).status == 404
