"""A ticket whose person had themselves erased is still shown, without names and words."""

from __future__ import annotations

from collections.abc import Callable

from bot.ledger import tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.personal import erasure
from tests.desk.conftest import Browser, add
from tests.desk.stage import NUMBER, Stage
from tests.kit import START, rows


async def test_the_page_of_an_erased_ticket(
    ledger: Ledger, open_browser: Callable[[], Browser]
) -> None:
    add(ledger, "budi", Role.SUPERVISOR)
    stage = Stage(ledger)
    stage.open(state="closed", closed_at=START)
    ledger.transact(erasure.erase, rows(ledger, tables.person)[0].id, "(dihapus)", START)
    browser = open_browser()
    await browser.sign_in("budi")
    answer = await browser.get(f"/tiket/{NUMBER}")
    assert answer.status == 200 and "(dihapus)" in browser.page
    for marker in ("Siti", "siti@", "Sudah dicoba", "DIPA belum"):
        assert marker not in browser.page
    assert (await browser.post(f"/tiket/{NUMBER}/tampilkan")).status == 200
    assert (await browser.get("/supervisor/tiket.csv")).status == 200
    assert rows(ledger, tables.ticket)[0].state == "closed"
