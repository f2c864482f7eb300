"""Trouble with the WhatsApp account stands at the head of the desk until it is dealt with."""

from __future__ import annotations

import sqlalchemy as sa

from bot.channels.message import Alarm
from bot.ledger import alarms, blocks, tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from tests.desk.conftest import Browser, add
from tests.desk.stage import NUMBER, Stage
from tests.kit import START

RESTRICTED = Alarm("whatsapp", "account_update:ACCOUNT_RESTRICTION", 0)


async def test_nothing_is_shown_while_all_is_well(browser: Browser, ledger: Ledger) -> None:
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/antrean")
    assert 'hx-get="/gangguan"' in browser.page
    await browser.get("/gangguan")
    assert browser.page.strip() == ""


async def test_a_restricted_account_is_told_and_a_supervisor_deals_with_it(
    browser: Browser, ledger: Ledger
) -> None:
    ledger.transact(alarms.sound, RESTRICTED, START)
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/gangguan")
    assert "Keadaan akun WhatsApp kita berubah" in browser.page
    assert "Sudah dibereskan" not in browser.page
    add(ledger, "sari", Role.SUPERVISOR)
    await browser.sign_in("sari")
    await browser.get("/gangguan")
    (one,) = ledger.transact(alarms.standing)
    answer = await browser.post(f"/gangguan/{one.id}/selesai")
    assert answer.status == 303
    await browser.get("/antrean")
    assert "Dicatat sebagai sudah dibereskan." in browser.page
    assert ledger.transact(alarms.standing) == []


async def test_bubbles_that_the_account_holds_up_are_told(browser: Browser, ledger: Ledger) -> None:
    conversation = Stage(ledger).open(NUMBER)
    with ledger.engine.begin() as connection:
        moments = dict.fromkeys(("next_at", "created_at", "updated_at"), START)
        held = {"id": "o1", "position": 1, "state": "queued", "error_code": 190}
        blocks.block(connection, "whatsapp", 190, START)
        connection.execute(
            sa.insert(tables.outbox).values(
                conversation_id=conversation,
                sealed_body=ledger.vault.seal({"text": "x", "choices": [], "menu": ""}),
                **held,
                **moments,
            )
        )
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/gangguan")
    assert "1 pesan menunggu (kode 190)" in browser.page
