"""Tickets that another program opened, as agents see them."""

from __future__ import annotations

from bot.channels.message import Delivery, Sender, Status
from bot.ledger import handover, people, receipts, tickets
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket
from tests.desk.conftest import Browser, add
from tests.desk.stage import CALENDAR, LATER, NUMBER
from tests.kit import START

CONTENT = Content(
    "DIPA belum bisa direvisi", "Sudah dicoba dua kali.", "Siti Aminah", "siti@contoh.go.id",
    reference="CSO-0077",
)  # fmt: skip


def opened(ledger: Ledger) -> None:
    whose = Sender(user_id=f"cso:{NUMBER}", name="HAI-CSO MyIntress")
    conversation = ledger.transact(people.find_or_create, "api", whose, START)
    due = CALENDAR.due(START, 16)
    new = NewTicket(NUMBER, "api", 2, CONTENT, START, due, client_id="cso")
    ledger.transact(tickets.open_ticket, new, conversation, None, "api")


async def test_an_agent_sees_which_program_it_came_from_and_answers(
    browser: Browser, ledger: Ledger
) -> None:
    opened(ledger)
    add(ledger)
    await browser.sign_in("budi")
    await browser.get(f"/tiket/{NUMBER}")
    assert "Aplikasi lain: HAI-CSO MyIntress" in browser.page
    assert "CSO-0077" in browser.page
    assert "Jendela 24 jam" not in browser.page
    answer = await browser.post(
        f"/tiket/{NUMBER}/balas", teks="Mohon tunggu.", versi=browser.field("versi"), terdengar=""
    )
    assert answer.status == 303
    (bubble,) = ledger.transact(handover.take, "s", LATER, 9)
    assert "Mohon tunggu." in bubble.reply.text
    failed = Status("api", "cso", bubble.id, Delivery.FAILED, START, bubble.id)
    ledger.transact(receipts.apply_status, failed, START)
    await browser.get(f"/tiket/{NUMBER}/percakapan")
    assert "Aplikasi yang membuka tiket ini tidak bisa menerimanya" in browser.page
    assert "WhatsApp" not in browser.page


async def test_the_supervisor_counts_them_by_their_door(browser: Browser, ledger: Ledger) -> None:
    opened(ledger)
    add(ledger, "sari", Role.SUPERVISOR)
    await browser.sign_in("sari")
    await browser.get("/supervisor")
    assert '<th scope="row">Aplikasi lain</th>' in browser.page
