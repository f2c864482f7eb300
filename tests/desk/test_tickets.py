"""Agents read and change tickets, each within what the role allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from zlib import crc32

import pytest
import sqlalchemy as sa

from bot.channels.message import Kind
from bot.channels.whatsapp.errors import ERRORS, Action
from bot.ledger import chat_sessions, tables
from bot.ledger.agents import Agent, Role
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket, open_ticket
from bot.tickets.record import USER, Seen
from desk.work import Work
from tests.desk.conftest import UNIT, Browser, add
from tests.desk.stage import CHANGES, DPA, LATER, NUMBER, OTHER, TEMPLATES, Stage
from tests.kit import START, Clock, rows

PHONE = f"62812{crc32(b'siti'):010d}"

TICKET = f"/tiket/{NUMBER}"


@pytest.fixture
def stage(ledger: Ledger) -> Stage:
    return Stage(ledger)


@pytest.fixture
async def budi(browser: Browser, ledger: Ledger) -> Agent:
    made = add(ledger)
    await browser.sign_in("budi")
    return made


async def do(browser: Browser, what: str, number: str = NUMBER, **form: str) -> int:
    """Open a ticket's page and send one of its forms."""
    await browser.get(f"/tiket/{number}")
    versi = form.pop("versi", None) or browser.field("versi")
    heard = browser.field("terdengar") if what == "balas" else ""
    answer = await browser.post(
        f"/tiket/{number}/{what}", versi=versi, **{"terdengar": heard, **form}
    )
    return answer.status


async def test_a_visitor_who_was_forgotten_is_told_of(
    browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
) -> None:
    ledger.transact(chat_sessions.make, "s" * 22, None, START)
    session = ledger.transact(chat_sessions.find, "s" * 22)
    assert session is not None
    content = Content("SP2D tertahan", "Sudah dua hari", "Siti", "siti@contoh.go.id", "")
    new = NewTicket(NUMBER, "tanya_nindy", 2, content, START, LATER)
    ledger.transact(open_ticket, new, session.conversation_id, None, "webchat")
    await browser.get(TICKET)
    assert "menghapus percakapannya" not in browser.page
    ledger.transact(chat_sessions.forget, session.conversation_id, START)
    await browser.get(TICKET)
    assert "menghapus percakapannya" in browser.page
    assert await do(browser, "balas", teks="Masih di sana?") == 409
    assert rows(ledger, tables.outbox) == []


@pytest.mark.parametrize(
    ("type", "text", "shown"),
    [
        ("sticker", "", "<em>Stiker</em>"),
        ("unsupported:poll_creation", "", "<em>Pesan yang tidak didukung WhatsApp</em>"),
        ("unsupported:edit", "", "<em>Pesan diedit; isi barunya tidak disampaikan WhatsApp</em>"),
        ("edit", "yang benar 029018", "· diedit</p>"),
        ("location", "Kantor Contoh", "· lokasi</p>"),
        ("contacts", "", "<em>Kontak</em>"),
        ("revoke", "", "<em>Pesan ditarik</em>"),
        ("video", "", "<em>Video yang tidak sampai</em>"),
        ("hologram", "", "<em>Pesan tanpa teks</em>"),
    ],
)
async def test_what_has_no_words_is_named(
    browser: Browser, budi: Agent, stage: Stage, type: str, text: str, shown: str
) -> None:
    stage.open()
    kind = Kind.SILENT if type == "revoke" else Kind.OTHER
    stage.hear(text, LATER, kind=kind, type=type)
    await browser.get(TICKET)
    assert shown in browser.page and text in browser.page


async def test_a_reaction_is_no_message_on_a_ticket(
    browser: Browser, budi: Agent, stage: Stage
) -> None:
    stage.open()
    stage.hear("👍", LATER, kind=Kind.SILENT, type="reaction")
    await browser.get(TICKET)
    assert "Belum ada pesan sejak tiket dibuka" in browser.page


class TestChanges:
    async def test_claim_give_back_and_give_away(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        ani = add(ledger, "ani")
        stage.open()
        assert await do(browser, "ambil") == 303
        assert (stage.row().owner_id, stage.row().state) == (budi.id, "in_progress")
        await browser.get(TICKET)
        assert "Tiket sekarang Anda pegang." in browser.page
        assert await do(browser, "lepas") == 303
        assert (stage.row().owner_id, stage.row().state) == (None, "new")
        assert await do(browser, "alihkan", kepada=ani.id) == 303
        assert stage.row().owner_id == ani.id

    async def test_of_two_who_claim_one_wins_and_the_other_hears_who(
        self, open_browser: Callable[[], Browser], ledger: Ledger, stage: Stage
    ) -> None:
        stage.open()
        first, second = open_browser(), open_browser()
        winner = add(ledger, "budi")
        add(ledger, "ani")
        for browser, login in ((first, "budi"), (second, "ani")):
            await browser.sign_in(login)
            await browser.get(TICKET)
        version = second.field("versi")
        assert (await first.post(f"{TICKET}/ambil", versi=version)).status == 303
        assert (await second.post(f"{TICKET}/ambil", versi=version)).status == 409
        assert "berubah sejak halaman dibuka" in second.page and "Nama budi" in second.page
        now = second.field("versi")
        assert (await second.post(f"{TICKET}/ambil", versi=now)).status == 409
        assert "sudah dipegang Nama budi" in second.page
        assert stage.row().owner_id == winner.id

    async def test_a_reply_is_queued_at_once_and_its_draft_forgotten(
        self, browser: Browser, budi: Agent, stage: Stage, work: Work
    ) -> None:
        stage.open()
        await browser.get(TICKET)
        assert (await browser.post(f"{TICKET}/draf", teks="Coba unggah ul")).status == 204
        await browser.get(TICKET)
        assert "Coba unggah ul</textarea>" in browser.page
        assert await do(browser, "balas", teks="Coba unggah ulang.", tunggu="ya") == 303
        assert "Coba unggah ulang." in stage.texts()[-1]
        assert stage.row().state == "waiting"
        assert work.wake._ears["outbox"][0]._event.is_set()
        await browser.get(TICKET)
        assert "Coba unggah ul</textarea>" not in browser.page

    async def test_a_message_that_came_while_typing_holds_the_reply_back(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        stage.open()
        await browser.get(TICKET)
        version, heard = browser.field("versi"), browser.field("terdengar")
        stage.hear("Sudah bisa, terima kasih.", LATER)
        form = {"versi": version, "terdengar": heard, "teks": "Mohon dicoba lagi."}
        assert (await browser.post(f"{TICKET}/balas", **form)).status == 409
        assert "Ada pesan baru dari pengguna sejak" in browser.page
        assert "Mohon dicoba lagi.</textarea>" in browser.page
        assert stage.texts() == []
        form["terdengar"] = browser.field("terdengar")
        assert (await browser.post(f"{TICKET}/balas", **form)).status == 303

    async def test_after_the_window_a_template_is_chosen_and_the_reply_waits(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        stage.open(at=START - timedelta(hours=25))
        assert await do(browser, "balas", teks="Masih di sana?") == 409
        assert "Jendela 24 jam WhatsApp baru saja tertutup" in browser.page
        assert "Masih di sana?</textarea>" in browser.page
        assert await do(browser, "balas", teks="Masih di sana?", templat="resolved") == 409
        assert stage.texts() == []
        for one, words in TEMPLATES.replies(NUMBER):
            assert words in browser.page and one.name in browser.page
        assert "dibayar per pesan yang sampai" in browser.page
        assert await do(browser, "balas", teks="Masih di sana?", templat="answered") == 303
        await browser.get(TICKET)
        assert "Balasan Anda terkirim begitu pengguna" in browser.page
        assert "Menunggu pengguna menulis" in browser.page
        assert "pengguna dikabari lewat templat" in browser.page
        assert [TEMPLATES.replies(NUMBER)[0][1]] == stage.texts()[1:]

    async def test_what_nobody_could_be_told_is_said(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        stage.open(at=START - timedelta(hours=25))
        assert await do(browser, "ambil-alih") == 303
        await browser.get(TICKET)
        assert "pengguna tidak dikabari: jendela 24 jam tertutup" in browser.page
        assert stage.texts() == []

    @pytest.mark.parametrize("text", ["", "   ", "x" * 3501])
    async def test_nothing_and_too_much_are_refused(
        self, browser: Browser, budi: Agent, stage: Stage, text: str
    ) -> None:
        stage.open()
        assert await do(browser, "balas", teks=text) == 409
        assert stage.row().version == 0

    async def test_forward_receipt_and_go_on(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        stage.open()
        assert await do(browser, "terima", teks="x") == 409
        assert "Tidak ada penerusan" in browser.page
        assert await do(browser, "teruskan", tujuan="HaloKemenkeu", teks="Mohon bantuan") == 303
        assert await do(browser, "terima", teks="ND-12/2026") == 303
        await browser.get(TICKET)
        assert "ND-12/2026" in browser.page and "Diteruskan" in browser.page
        assert await do(browser, "lanjutkan") == 303
        assert await do(browser, "teruskan", tujuan="Toko sebelah") == 409
        assert stage.row().state == "in_progress"

    @pytest.mark.parametrize("result", ["informed", "solved", "documented", "forwarded"])
    async def test_resolve_close_and_open_again(
        self, browser: Browser, budi: Agent, stage: Stage, result: str
    ) -> None:
        stage.open()
        assert await do(browser, "selesaikan", hasil=result, teks="Sudah beres.") == 303
        assert stage.row().resolution == result and "Sudah beres." in stage.texts()[-1]
        assert await do(browser, "tutup") == 303
        assert await do(browser, "lanjutkan") == 303
        assert (stage.row().state, stage.row().reopened) == ("in_progress", 1)

    async def test_note_service_and_priority(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        stage.open()
        assert await do(browser, "catat", teks="Sudah ditelepon.") == 303
        assert await do(browser, "layanan", layanan="7") == 303
        assert (stage.row().service, stage.row().unit) == (7, UNIT)
        assert await do(browser, "prioritas", prioritas="1") == 303
        assert stage.row().priority == 1
        await browser.get(TICKET)
        assert "Sudah ditelepon." in browser.page and "Mendesak" in browser.page
        assert stage.texts() == []
        for wrong in ("99", "satu"):
            assert await do(browser, "layanan", layanan=wrong) == 409

    async def test_take_over_and_hand_back(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        assert await do(browser, "ambil-alih") == 303
        assert rows(ledger, tables.conversation)[0].holder_id == budi.id
        assert await do(browser, "kembalikan") == 303
        assert rows(ledger, tables.conversation)[0].holder_id is None
        assert len(stage.texts()) == 2

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.AGENT, 409), (Role.SUPERVISOR, 303), (Role.ADMIN, 303)]
    )
    async def test_only_holder_and_supervision_end_a_takeover(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, role: Role, status: int
    ) -> None:
        stage.open()
        await do(browser, "ambil-alih")
        add(ledger, "ani", role)
        await browser.get("/akun")
        await browser.post("/keluar")
        await browser.sign_in("ani")
        await browser.get(TICKET)
        assert ("Kembalikan ke Nindy" in browser.page) is (status == 303)
        assert "dipegang petugas" in browser.page
        assert await do(browser, "kembalikan") == status
        held = rows(ledger, tables.conversation)[0].holder_id
        assert held == (budi.id if status == 409 else None)
        if status == 409:
            assert "Hanya petugas yang memegang percakapan ini" in browser.page

    async def test_a_failed_message_says_why_and_is_sent_anew_once(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        await do(browser, "balas", teks="Coba unggah ulang.")
        with ledger.engine.begin() as connection:
            connection.execute(
                tables.outbox.update().values(state="failed", error_code=131026, created_at=LATER)
            )
        await browser.get(TICKET)
        assert "tidak bisa dijangkau lewat WhatsApp" in browser.page
        form = {"versi": browser.field("versi"), "pesan": browser.field("pesan")}
        assert (await browser.post(f"{TICKET}/ulang", **form)).status == 303
        assert (await browser.post(f"{TICKET}/ulang", **form)).status == 409
        assert len(stage.texts()) == 2 and len(set(stage.texts())) == 1

    async def test_a_message_that_failed_is_sent_by_template_after_the_window(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, clock: Clock
    ) -> None:
        stage.open()
        await do(browser, "balas", teks="Coba unggah ulang.")
        clock.forward(hours=25)
        await browser.sign_in("budi")
        with ledger.engine.begin() as connection:
            connection.execute(tables.outbox.update().values(state="failed", error_code=0))
        await browser.get(TICKET)
        assert "karena gangguan di pihak kita" in browser.page
        assert "Kirim lewat templat" in browser.page
        form = {"versi": browser.field("versi"), "pesan": browser.field("pesan")}
        assert (await browser.post(f"{TICKET}/ulang", **form)).status == 303
        assert [row.state for row in rows(ledger, tables.outbox, tables.outbox.c.position)] == [
            "failed",
            "parked",
            "queued",
        ]
        with ledger.engine.begin() as connection:
            refused = {"state": "failed", "error_code": 132015}
            queued = tables.outbox.c.state == "queued"
            connection.execute(tables.outbox.update().where(queued).values(**refused))
        await browser.get(TICKET)
        assert "Templat ini ditolak WhatsApp" in browser.page
        template = browser.page.rindex('name="pesan" value="') + len('name="pesan" value="')
        form = {
            "versi": browser.field("versi"),
            "pesan": browser.page[template : template + 36],
        }
        assert (await browser.post(f"{TICKET}/ulang", **form)).status == 303
        assert stage.texts()[-1] == stage.texts()[-2] == TEMPLATES.replies(NUMBER)[0][1]

    @pytest.mark.parametrize("action", list(Action))
    async def test_every_reason_of_a_failure_is_said_in_words(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, action: Action
    ) -> None:
        stage.open()
        await do(browser, "balas", teks="Coba unggah ulang.")
        code = next(code for code, one in ERRORS.items() if one is action and code)
        with ledger.engine.begin() as connection:
            connection.execute(tables.outbox.update().values(state="failed", error_code=code))
        await browser.get(TICKET)
        said = re.search(r'<p class="bad">(.*?)</p>', browser.page)
        assert said is not None and re.fullmatch(rf"[A-Z].{{40,}} \(kode {code}\)", said.group(1))

    async def test_what_is_no_change_is_not_found(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        stage.open()
        assert await do(browser, "hapus") == 404
        assert await do(browser, "ambil", versi="x") == 409
        assert stage.row().version == 0


class TestPersonalData:
    async def test_masked_until_shown_and_the_look_is_written_down(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open(chronology="NIK 3171234567890001, surel siti@contoh.go.id")
        await browser.get(TICKET)
        for secret in ("3171234567890001", "siti@contoh", "Siti Aminah", PHONE):
            assert secret not in browser.page
        assert (await browser.post(f"{TICKET}/tampilkan")).status == 200
        for secret in ("3171234567890001", "siti@contoh", "Siti Aminah", PHONE):
            assert secret in browser.page
        looked = [row for row in rows(ledger, tables.audit) if row.kind == "reveal"]
        assert [(row.agent_id, row.ticket_id) for row in looked] == [(budi.id, stage.row().id)]
        assert looked[0].person_id is not None

    async def test_what_people_write_is_shown_as_text(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        evil = "<script>alert(1)</script>"
        stage.open(subject=f"S{evil}", chronology=f"C{evil}")
        stage.hear(f"M{evil}", LATER)
        await do(browser, "catat", teks=f"N{evil}")
        for path in (TICKET, f"{TICKET}/percakapan", "/antrean"):
            await browser.get(path)
            assert evil not in browser.page and "&lt;script&gt;alert(1)" in browser.page


class TestWhoSeesWhat:
    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.COMPLAINT_OFFICER])
    async def test_complaints_are_invisible_to_others(
        self, browser: Browser, ledger: Ledger, stage: Stage, role: Role
    ) -> None:
        stage.open(service=20, subject="Laporan rahasia", unit=UNIT)
        add(ledger, "budi", role)
        await browser.sign_in("budi")
        for path in ("/antrean", "/antrean?saring=unit", f"/antrean?nomor={NUMBER}"):
            await browser.get(path)
            assert "Laporan rahasia" not in browser.page and f"/tiket/{NUMBER}" not in browser.page
        assert (await browser.get("/pengaduan")).status == 403
        await browser.get("/akun")
        for path in (TICKET, f"{TICKET}/percakapan"):
            assert (await browser.get(path)).status == 404
        await browser.get("/akun")
        for what in ("tampilkan", "lihat", "draf", "ambil", "catat"):
            answer = await browser.post(f"{TICKET}/{what}", versi="0", teks="x")
            assert answer.status == (403 if role is Role.AUDITOR and what != "tampilkan" else 404)
            await browser.get("/akun")
        if role in (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR):
            await browser.get("/supervisor")
            assert NUMBER not in browser.page
            table = await (await browser.get("/supervisor/tiket.csv")).text()
            assert NUMBER not in table

    async def test_the_persons_other_ticket_tells_nothing_of_a_complaint(
        self, browser: Browser, budi: Agent, ledger: Ledger, stage: Stage
    ) -> None:
        stage.open()
        conversation = stage.open(OTHER, 20, "Laporan rahasia", "Pegawai itu minta uang", LATER)
        held = {"holder_id": "rani", "held_ticket_id": stage.row(OTHER).id}
        with ledger.engine.begin() as connection:
            connection.execute(
                tables.conversation.update()
                .where(tables.conversation.c.id == conversation)
                .values(held)
            )
        for path in (TICKET, f"{TICKET}/percakapan", "/antrean", f"/antrean?nomor={OTHER}"):
            await browser.get(path)
            for word in ("minta uang", "rahasia", "dipegang petugas", f"tiket/{OTHER}"):
                assert word not in browser.page, (path, word)
        assert await do(browser, "balas", teks="Coba unggah ulang.") == 303
        assert await do(browser, "kembalikan") == 409

    async def test_what_an_anonymous_person_and_the_officer_write_is_in_the_history(
        self, browser: Browser, ledger: Ledger, stage: Stage
    ) -> None:
        stage.open(service=20, channel="anonim")
        add(ledger, "rani", Role.COMPLAINT_OFFICER)
        await browser.sign_in("rani")
        assert await do(browser, "balas", teks="Mohon nama kantornya.") == 303
        seen = Seen(NUMBER, None, USER, LATER)
        ledger.transact(CHANGES.answered, seen, "KPPN Contoh lantai dua", None)
        await browser.get(TICKET)
        assert "Mohon nama kantornya." in browser.page
        assert "KPPN Contoh lantai dua" in browser.page and "Pelapor anonim" in browser.page
        assert "Ambil alih percakapan" not in browser.page
        assert await do(browser, "ambil-alih") == 409
        assert stage.texts() == []

    async def test_the_officer_sees_complaints_and_nothing_else(
        self, browser: Browser, ledger: Ledger, stage: Stage
    ) -> None:
        stage.open(service=20, subject="Laporan rahasia")
        stage.open(OTHER, subject="Urusan biasa", who="tono")
        add(ledger, "rani", Role.COMPLAINT_OFFICER)
        await browser.sign_in("rani")
        assert (await browser.get("/antrean")).headers["Location"] == "/pengaduan"
        await browser.get("/pengaduan")
        assert "Laporan rahasia" in browser.page and "Urusan biasa" not in browser.page
        assert await do(browser, "ambil") == 303
        assert (await browser.get(f"/tiket/{OTHER}")).status == 404

    async def test_a_ticket_that_becomes_a_complaint_is_gone_for_the_agent(
        self, browser: Browser, budi: Agent, stage: Stage
    ) -> None:
        stage.open()
        assert await do(browser, "layanan", layanan="20") == 303
        assert (await browser.get(TICKET)).status == 404

    async def test_a_unit_agent_sees_the_own_unit_only(
        self, browser: Browser, ledger: Ledger, stage: Stage
    ) -> None:
        stage.open(service=7, subject="Milik unit sendiri")
        stage.open(OTHER, service=2, subject="Milik unit lain", who="tono")
        add(ledger, "tuti", Role.UNIT_AGENT)
        await browser.sign_in("tuti")
        for path in ("/antrean", "/antrean?saring=bebas", "/antrean?nomor=2026"):
            await browser.get(path)
            assert "Milik unit sendiri" in browser.page and "Milik unit lain" not in browser.page
        assert (await browser.get(TICKET)).status == 200
        assert (await browser.get(f"/tiket/{OTHER}")).status == 404
        assert await do(browser, "teruskan", tujuan=DPA) == 303
        assert (await browser.get(TICKET)).status == 404

    async def test_a_unit_agent_without_a_unit_sees_nothing(
        self, browser: Browser, ledger: Ledger, stage: Stage
    ) -> None:
        stage.open(unit="")
        made = add(ledger, "tuti", Role.UNIT_AGENT)
        with ledger.engine.begin() as connection:
            connection.execute(
                tables.agent.update().where(tables.agent.c.id == made.id).values(unit="")
            )
        await browser.sign_in("tuti")
        await browser.get("/antrean?saring=unit")
        assert NUMBER not in browser.page
        assert (await browser.get(TICKET)).status == 404

    async def test_the_auditor_reads_and_finds_nothing_to_press(
        self, browser: Browser, ledger: Ledger, stage: Stage
    ) -> None:
        stage.open()
        add(ledger, "ani", Role.AUDITOR)
        await browser.sign_in("ani")
        await browser.get(TICKET)
        assert "DIPA belum bisa direvisi" in browser.page
        for form in ("balas", "ambil", "catat", "layanan", "prioritas"):
            assert f"{TICKET}/{form}" not in browser.page
        assert (await browser.post(f"{TICKET}/ambil", versi="0")).status == 403

    async def test_presence_names_the_others_only(
        self, open_browser: Callable[[], Browser], ledger: Ledger, stage: Stage, clock: Clock
    ) -> None:
        stage.open()
        said = []
        for login in ("budi", "ani"):
            browser = open_browser()
            add(ledger, login)
            await browser.sign_in(login)
            await browser.get(TICKET)
            said.append(await (await browser.post(f"{TICKET}/lihat")).text())
        assert "Nama" not in said[0]
        assert "Nama budi" in said[1] and "Nama ani" not in said[1]
        clock.forward(minutes=1)
        await browser.get(TICKET)
        assert "Nama" not in await (await browser.post(f"{TICKET}/lihat")).text()


def test_the_last_word_is_the_transactions(ledger: Ledger, stage: Stage) -> None:
    from bot.tickets.life import ChangeRefused
    from desk.ticket_actions import _apply

    stage.open(service=20)
    agent = add(ledger)
    seen = Seen(NUMBER, 0, f"agent:{agent.id}", START)
    with pytest.raises(ChangeRefused, match="unknown"):
        ledger.transact(_apply, agent, seen, lambda *_: pytest.fail("changed"), False)
    with ledger.engine.begin() as connection:
        assert connection.execute(sa.select(tables.ticket.c.version)).scalar_one() == 0
