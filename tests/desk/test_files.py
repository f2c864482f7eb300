"""Files at the desk: for who sees the ticket, saved and never shown, and sent with a reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from bot.channels.message import Kind
from bot.channels.whatsapp.uploads import LARGEST_IMAGE
from bot.ledger import attachments, inbox, tables
from bot.ledger.agents import Agent, Role
from bot.ledger.attachments import Attachment
from bot.ledger.database import Ledger
from bot.tickets.record import Seen
from desk.files_page import MOST
from desk.ticket_actions import CAPTION
from desk.work import Work
from tests import filing
from tests.desk.conftest import PAGE, Browser, add
from tests.desk.stage import CHANGES, LATER, NUMBER, OTHER, Stage
from tests.filing import PDF, PNG, content_of, keep, open_document
from tests.kit import START, message, rows, siti

TICKET = f"/tiket/{NUMBER}"
NIK = "3171010101900001"


@pytest.fixture
def stage(ledger: Ledger) -> Stage:
    return Stage(ledger)


@pytest.fixture
async def budi(browser: Browser, ledger: Ledger) -> Agent:
    made = add(ledger)
    await browser.sign_in("budi")
    return made


async def sent(
    ledger: Ledger,
    work: Work,
    conversation: str,
    number: str = NUMBER,
    content: bytes = PNG,
    name: str = "layar.png",
) -> str:
    """A person sends a file that goes onto a ticket; returns its id."""
    kept = await keep(work.files, content, name)
    await ledger.run(attachments.add, kept, conversation, "user", LATER)
    told = replace(message(kept.id, siti(), LATER, "ini", Kind.MEDIA), attachments=(kept.id,))

    def put(connection: Any, vault: Any) -> None:
        # The person of `Stage.open` has a phone, too; the message is found by its file.
        inbox.receive(connection, vault, [told], LATER)
        row = rows_of(connection, tables.inbox)[-1]
        attachments.bind(connection, row.id, (kept.id,))
        seen = Seen(number, None, "user", LATER)
        CHANGES.answered(connection, vault, seen, "ini", row.id)

    await ledger.run(put)
    return kept.id


def rows_of(connection: Any, table: Any) -> list[Any]:
    return list(connection.execute(table.select().order_by(table.c.id)).all())


def set_file(ledger: Ledger, id: str, **values: Any) -> None:
    with ledger.engine.begin() as connection:
        mine = tables.attachment.c.id == id
        connection.execute(tables.attachment.update().where(mine).values(**values))


def file(ledger: Ledger, id: str) -> Attachment | None:
    return ledger.transact(attachments.find, id)


async def upload(
    browser: Browser, *files: tuple[str, bytes], path: str = f"{TICKET}/lampiran", **headers: str
) -> int:
    """Choose files at the reply, as htmx sends them."""
    await browser.get(TICKET)
    token = browser.token
    form = FormData(quote_fields=False)
    for name, content in files:
        form.add_field("berkas", content, filename=name, content_type="text/html")
    answer = await browser.client.post(
        path,
        data=form,
        headers={"Origin": browser.origin, "X-CSRF-Token": token, "HX-Request": "true", **headers},
    )
    browser.page = await answer.text()
    return answer.status


def unsent(ledger: Ledger, agent: Agent) -> list[Attachment]:
    conversation = rows(ledger, tables.conversation)[0].id
    found = ledger.transact(attachments.unsent, conversation, agent.actor)
    return sorted(found, key=lambda one: one.name, reverse=True)


async def reply(browser: Browser, *ids: str, text: str = "Ini panduannya.") -> int:
    await browser.get(TICKET)
    fields = [("csrf", browser.token), ("versi", browser.field("versi")), ("teks", text)]
    fields += [("terdengar", browser.field("terdengar")), *(("lampiran", id) for id in ids)]
    answer = await browser.client.post(
        f"{TICKET}/balas",
        data=FormData(fields),
        headers={**PAGE, "Origin": browser.origin},
        allow_redirects=False,
    )
    browser.page = await answer.text()
    return answer.status


class TestDownload:
    async def test_the_tickets_people_save_it_and_it_is_written_down(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        id = await sent(ledger, work, stage.open(), name="layar – galat.png")
        await browser.get(TICKET)
        assert f'href="{TICKET}/lampiran/{id}"' in browser.page
        answer = await browser.client.get(f"{TICKET}/lampiran/{id}")
        assert (answer.status, await answer.read()) == (200, PNG)
        headers = answer.headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"] == (
            'attachment; filename="layar  galat.png"; '
            "filename*=UTF-8''layar%20%E2%80%93%20galat.png"
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        (row,) = [row for row in rows(ledger, tables.audit) if row.kind == "download"]
        assert (row.agent_id, row.attachment_id) == (budi.id, id)
        assert row.ticket_id == stage.row().id and row.person_id is not None

    async def test_another_tickets_file_is_not_found_here(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        stage.open()
        theirs = await sent(ledger, work, stage.open(OTHER, who="andi"), OTHER)
        for id in (theirs, "0", "..%2f..%2fkeys.json", theirs.upper()):
            assert (await browser.client.get(f"{TICKET}/lampiran/{id}")).status == 404
        assert (await browser.client.get(f"/tiket/{OTHER}/lampiran/{theirs}")).status == 200

    async def test_a_complaints_file_is_for_complaint_officers_alone(
        self, open_browser: Callable[[], Browser], stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        id = await sent(ledger, work, stage.open(service=20))
        for role in Role:
            browser = open_browser()
            add(ledger, f"role-{role.value.replace('_', '-')}", role)
            await browser.sign_in(f"role-{role.value.replace('_', '-')}")
            status = (await browser.client.get(f"{TICKET}/lampiran/{id}")).status
            assert status == (200 if role is Role.COMPLAINT_OFFICER else 404), role
        stranger = await open_browser().get(f"{TICKET}/lampiran/{id}")
        assert stranger.status == 303
        assert [row.kind for row in rows(ledger, tables.audit)].count("download") == 1

    async def test_another_units_file_is_not_found(
        self, browser: Browser, stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        id = await sent(ledger, work, stage.open())
        add(ledger, "unit", Role.UNIT_AGENT)
        await browser.sign_in("unit")
        assert (await browser.client.get(f"{TICKET}/lampiran/{id}")).status == 404

    @pytest.mark.parametrize(
        ("state", "reason", "said"),
        [
            ("expected", "", "sedang diambil"),
            ("waiting", "", "menunggu pemeriksaan keamanan"),
            ("lost", "", "tidak bisa diambil"),
            ("rejected", "infected", "terdeteksi virus"),
            ("rejected", "large", "terlalu besar"),
            ("rejected", "type", "jenisnya tidak diterima"),
            ("rejected", "unsafe", "memuat makro"),
            ("rejected", "empty", "kosong"),
        ],
    )
    async def test_what_is_not_kept_is_shown_with_its_reason_and_handed_to_nobody(
        self,
        browser: Browser,
        budi: Agent,
        stage: Stage,
        ledger: Ledger,
        work: Work,
        state: str,
        reason: str,
        said: str,
    ) -> None:
        id = await sent(ledger, work, stage.open())
        set_file(ledger, id, state=state, reason=reason)
        await browser.get(TICKET)
        assert said in browser.page and f"/lampiran/{id}" not in browser.page
        assert (await browser.client.get(f"{TICKET}/lampiran/{id}")).status == 404
        assert "download" not in [row.kind for row in rows(ledger, tables.audit)]

    async def test_a_file_that_the_disk_lost_is_not_found(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        id = await sent(ledger, work, stage.open())
        await work.files.drop(id)
        assert (await browser.client.get(f"{TICKET}/lampiran/{id}")).status == 404

    async def test_a_name_with_personal_data_is_masked_until_it_is_shown(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        await sent(ledger, work, stage.open(), name=f"KTP {NIK}.png")
        await browser.get(TICKET)
        assert NIK not in browser.page and "KTP" in browser.page
        await browser.post(f"{TICKET}/tampilkan")
        assert NIK in browser.page


class TestUpload:
    async def test_files_wait_at_the_reply_until_they_are_sent(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        stage.open()
        status = await upload(browser, ("../panduan.pdf", PDF), ("gambar.exe", PNG))
        assert status == 200 and "panduan.pdf" in browser.page and "gambar.png" in browser.page
        first, second = unsent(ledger, budi)
        assert await content_of(work.files, first.id) == PDF
        assert await reply(browser, first.id, second.id) == 303
        bubbles = [ledger.vault.open(row.sealed_body) for row in rows(ledger, tables.outbox)]
        assert [bubble["attachments"] for bubble in bubbles] == [[first.id], [second.id]]
        assert "Ini panduannya." in bubbles[0]["text"] and bubbles[1]["text"] == "gambar.png"
        assert unsent(ledger, budi) == []
        await browser.get(TICKET)
        assert f'href="{TICKET}/lampiran/{first.id}"' in browser.page
        assert (await browser.client.get(f"{TICKET}/lampiran/{first.id}")).status == 200

    async def test_a_file_is_sent_once(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        await upload(browser, ("panduan.pdf", PDF))
        (only,) = unsent(ledger, budi)
        assert await reply(browser, only.id, only.id) == 303
        assert await reply(browser, only.id) == 409
        assert "Ada lampiran yang sudah tidak ada" in browser.page
        assert len(rows(ledger, tables.outbox)) == 1

    async def test_nobody_sends_another_agents_file_or_a_persons(
        self,
        open_browser: Callable[[], Browser],
        browser: Browser,
        budi: Agent,
        stage: Stage,
        ledger: Ledger,
        work: Work,
    ) -> None:
        conversation = stage.open()
        ani, other = add(ledger, "ani"), open_browser()
        await other.sign_in("ani")
        await upload(other, ("rahasia.pdf", PDF))
        (hers,) = unsent(ledger, ani)
        persons = await sent(ledger, work, conversation)
        for id in (hers.id, persons, "0"):
            assert await reply(browser, id) == 409
        assert await upload(browser, path=f"{TICKET}/lampiran/{hers.id}/hapus") == 200
        assert unsent(ledger, ani) == [hers]
        assert rows(ledger, tables.outbox) == []

    async def test_what_waits_for_the_scanner_is_not_sent(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        await upload(browser, ("panduan.pdf", PDF))
        (only,) = unsent(ledger, budi)
        set_file(ledger, only.id, state="waiting")
        assert await reply(browser, only.id) == 409
        assert "menunggu pemeriksaan keamanan" in browser.page

    async def test_a_file_can_be_thrown_away(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, work: Work
    ) -> None:
        stage.open()
        await upload(browser, ("panduan.pdf", PDF))
        (only,) = unsent(ledger, budi)
        assert await upload(browser, path=f"{TICKET}/lampiran/{only.id}/hapus") == 200
        assert "panduan.pdf" not in browser.page and unsent(ledger, budi) == []
        assert [path for path in Path(work.files._folder).rglob("*") if path.is_file()] == []

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("a.pdf", b"", "kosong"),
            ("a.pdf", PDF + bytes(filing.LARGEST), "terlalu besar; paling besar 1 MB"),
            ("a.pdf", b"<html><script>alert(1)</script>", "Jenis berkas itu tidak diterima"),
            ("a.svg", b"<svg onload='alert(1)'/>", "Jenis berkas itu tidak diterima"),
            ("a.docx", filing.docx(**{"word/vbaProject.bin": b"x"}), "memuat makro"),
        ],
    )
    async def test_what_is_refused_is_said(
        self,
        browser: Browser,
        budi: Agent,
        stage: Stage,
        ledger: Ledger,
        name: str,
        content: bytes,
        said: str,
    ) -> None:
        stage.open()
        assert await upload(browser, (name, content)) == 200
        assert said in browser.page and unsent(ledger, budi) == []

    async def test_no_more_than_a_few(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        await upload(browser, *((f"{place}.pdf", PDF) for place in range(MOST + 2)))
        assert "paling banyak tiga" in browser.page and len(unsent(ledger, budi)) == MOST
        await upload(browser, ("lagi.pdf", PDF))
        assert len(unsent(ledger, budi)) == MOST

    async def test_whatsapp_takes_a_short_caption_and_few_kinds(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        odt = open_document("application/vnd.oasis.opendocument.text")
        await upload(browser, ("panduan.pdf", PDF), ("naskah.odt", odt))
        pdf, text = unsent(ledger, budi)
        assert await reply(browser, pdf.id, text="x" * (CAPTION + 1)) == 409
        assert "Persingkat, atau kirim" in browser.page
        assert await reply(browser, text.id) == 409
        assert "tidak bisa dikirim lewat WhatsApp" in browser.page
        assert await reply(browser, pdf.id, text="x" * CAPTION) == 303

    async def test_whatsapp_takes_no_picture_above_five_megabytes(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        await upload(browser, ("panduan.pdf", PDF), ("layar.png", PNG))
        pdf, png = unsent(ledger, budi)
        for one in (pdf, png):
            set_file(ledger, one.id, size=LARGEST_IMAGE + 1)
        assert await reply(browser, pdf.id, png.id) == 409
        assert "Foto di atas 5 MB tidak bisa dikirim" in browser.page
        assert await reply(browser, pdf.id) == 303

    async def test_without_the_pages_token_or_from_elsewhere_nothing_is_taken(
        self, browser: Browser, budi: Agent, stage: Stage, ledger: Ledger
    ) -> None:
        stage.open()
        evil = {"Origin": "https://evil.example"}
        for headers in ({"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}, evil):
            assert await upload(browser, ("a.pdf", PDF), **headers) == 403
        assert unsent(ledger, budi) == []

    async def test_who_only_reads_or_does_not_see_it_uploads_nothing(
        self, open_browser: Callable[[], Browser], stage: Stage, ledger: Ledger
    ) -> None:
        stage.open(service=20)
        for role, status in ((Role.AUDITOR, 403), (Role.AGENT, 404), (Role.UNIT_AGENT, 404)):
            browser = open_browser()
            made = add(ledger, role.value.replace("_", "-"), role)
            await browser.sign_in(made.login)
            await browser.get("/akun")
            token = browser.token
            form = FormData()
            form.add_field("berkas", PDF, filename="a.pdf")
            answer = await browser.client.post(
                f"{TICKET}/lampiran",
                data=form,
                headers={"Origin": browser.origin, "X-CSRF-Token": token},
            )
            assert answer.status == status, role
            assert unsent(ledger, made) == []

    @pytest.mark.parametrize(
        ("kind", "body", "status"),
        [
            ("application/json", b"{}", 415),
            ("multipart/form-data", b"x", 400),
            ("multipart/form-data; boundary=a", b"no boundary", 400),
            ("multipart/form-data; boundary=a", b"--a\r\n\r\n", 400),
        ],
    )
    async def test_what_is_no_form_is_refused(
        self, browser: Browser, budi: Agent, stage: Stage, kind: str, body: bytes, status: int
    ) -> None:
        stage.open()
        await browser.get(TICKET)
        headers = {"Origin": browser.origin, "X-CSRF-Token": browser.token, "Content-Type": kind}
        answer = await browser.client.post(f"{TICKET}/lampiran", data=body, headers=headers)
        assert answer.status == status


async def test_a_file_of_another_ticket_is_named_but_not_linked(
    browser: Browser, budi: Agent, stage: Stage, ledger: Ledger, work: Work
) -> None:
    conversation = stage.open(at=START)
    stage.open(OTHER, at=START)
    id = await sent(ledger, work, conversation)
    await browser.get(f"/tiket/{OTHER}")
    assert f"lampiran/{id}" not in browser.page
