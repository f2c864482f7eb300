"""The queue's filters, the supervisor's numbers, the stream of news, and the desk's data files."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.errors import DataError
from bot.ledger import chat, news, numbers
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.masking import veil, veil_name
from desk.canned import read_canned
from desk.live import Live, told
from desk.supervisor_page import ages, month
from desk.table import cell
from tests.desk.conftest import UNIT, Browser, add
from tests.desk.stage import CALENDAR, DPA, LATER, NUMBER, OTHER, Stage
from tests.kit import START, Clock


@pytest.fixture
def stage(ledger: Ledger) -> Stage:
    return Stage(ledger)


async def test_each_filter_finds_its_own(
    browser: Browser, ledger: Ledger, stage: Stage, clock: Clock
) -> None:
    mine = add(ledger).id
    hours = timedelta(hours=1)
    stage.open("20261123-AAA222", who="a", owner_id=mine)
    stage.open("20261123-BBB222", who="b", unit="Tim HAI-DJPb")
    stage.open("20261123-CCC222", who="c", due_at=START + hours, warned=80)
    stage.open("20261123-DDD222", who="d", due_at=START - hours)
    stage.open("20261123-EEE222", who="e", state="waiting", paused_at=START, due_at=START - hours)
    stage.open("20261123-FFF222", who="f", state="closed")
    await browser.sign_in("budi")
    found = {}
    for name in ("buka", "saya", "unit", "bebas", "segera", "lewat", "menunggu", "selesai"):
        await browser.get(f"/antrean?saring={name}")
        found[name] = "".join(
            letter for letter in "ABCDEF" if f"23-{letter}{letter}" in browser.page
        )
        assert f'<span class="count">{len(found[name])}</span>' in browser.page
    assert found == {
        "buka": "ABCDE",
        "saya": "A",
        "unit": "B",
        "bebas": "BCDE",
        "segera": "C",
        "lewat": "D",
        "menunggu": "E",
        "selesai": "F",
    }
    await browser.get("/antrean?nomor=fff2")
    assert "20261123-FFF222" in browser.page and "20261123-AAA222" not in browser.page
    await browser.get("/antrean")
    for word in ("Lewat tenggat", "Hampir habis", "Dijeda", "lewat 1 jam kerja"):
        assert word in browser.page
    for odd in ("saring=x", "hal=0", "hal=abc", "hal=²", "hal=99", "nomor=%25"):
        assert (await browser.get(f"/antrean?{odd}")).status == 200


async def test_a_page_holds_fifty_and_htmx_gets_the_list_alone(
    browser: Browser, ledger: Ledger, stage: Stage
) -> None:
    add(ledger)
    conversation_of = [f"20261123-A{n:05d}" for n in range(51)]
    for number in conversation_of:
        stage.open(number)
    await browser.sign_in("budi")
    await browser.get("/antrean")
    assert browser.page.count('class="what"') == 50 and "Halaman 1 dari 2" in browser.page
    await browser.get("/antrean?hal=2")
    assert browser.page.count('class="what"') == 1
    part = await (await browser.get("/antrean", **{"HX-Request": "true"})).text()
    assert "<html" not in part and 'class="what"' in part


async def test_the_supervisor_sees_the_months_numbers(
    browser: Browser, ledger: Ledger, stage: Stage
) -> None:
    stage.open("20261123-AAA222", who="a", due_at=START - timedelta(hours=1))
    stage.open("20261123-BBB222", who="b", service=7, at=START - timedelta(3), reason="lookup")
    done = {"state": "closed", "resolved_at": START}
    stage.open("20261123-CCC222", who="c", rating=5, **done)
    stage.open("20261123-DDD222", who="d", rating=4, due_at=START - timedelta(1), **done)
    stage.open("20261123-EEE222", who="e", service=20)
    for place, value in enumerate((3, 4)):
        conversation = stage.hear("halo", START, f"tamu{place}")
        ledger.transact(chat.rate, conversation, value, "", START)
    found = ledger.transact(numbers.overview, month(START), START, ages(CALENDAR, START))
    assert found.open == {DPA: {"new": 1}, UNIT: {"new": 1}}
    assert found.oldest is not None and found.oldest[:2] == ("20261123-BBB222", UNIT)
    assert (found.late, found.resolved, found.met) == (1, 2, 1)
    assert (found.mean_rating, found.ratings) == (4.5, 2)
    assert found.categories == {"tanya_nindy": 4}
    assert (found.chat_rating, found.chat_ratings) == (3.5, 2)
    assert found.reasons == {"unanswered": 3, "lookup": 1}
    # Opened on Friday, the working day before.
    assert found.ages == {DPA: [1, 0, 0, 0], UNIT: [0, 1, 0, 0]}
    add(ledger, "sari", Role.SUPERVISOR)
    await browser.sign_in("sari")
    await browser.get("/supervisor")
    assert "50%" in browser.page and "4,5" in browser.page and "web chat 3,5" in browser.page
    assert "Pengecekan data tidak berhasil" in browser.page
    table = await browser.get("/supervisor/tiket.csv")
    assert table.headers["Content-Disposition"].startswith("attachment")
    lines = (await table.text()).splitlines()
    assert len(lines) == 5 and lines[0].split(";")[0].endswith("number")


def test_ages_are_counted_in_working_days() -> None:
    # The Monday after Christmas; Thursday and Friday before it were free.
    found = ages(CALENDAR, datetime(2026, 12, 28, 3, tzinfo=timezone.utc))
    days = ("2026-12-28", "2026-12-22", "2026-12-17")
    assert [moment.isoformat() for moment in found] == [f"{day}T00:00:00+07:00" for day in days]


async def test_an_empty_desk_has_a_page_too(browser: Browser, ledger: Ledger) -> None:
    add(ledger, "sari", Role.SUPERVISOR)
    await browser.sign_in("sari")
    for path in ("/supervisor", "/antrean", "/supervisor/tiket.csv"):
        assert (await browser.get(path)).status == 200


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+62", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "＋1"],
)
def test_no_cell_becomes_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell("Siti") == "Siti" and cell(None) == "" and cell(3) == "3"


def test_news_tell_changes_and_messages_once(ledger: Ledger, stage: Stage) -> None:
    mark = ledger.transact(news.latest)
    stage.open(NUMBER)
    mark, found = ledger.transact(news.since, mark)
    assert {(one.number, one.heard) for one in found} == {(NUMBER, False), (NUMBER, True)}
    assert ledger.transact(news.since, mark) == (mark, [])
    stage.hear("halo", LATER)
    _, found = ledger.transact(news.since, mark)
    assert [(one.number, one.heard) for one in found] == [(NUMBER, True)]


async def test_open_pages_hear_what_they_may_know(
    ledger: Ledger, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.live.LOOK_SECONDS", 0.01)
    live = Live(ledger)
    agent, officer = add(ledger), add(ledger, "rani", Role.COMPLAINT_OFFICER)
    stage.open(OTHER, who="tono")
    async with live.page() as queue:
        stage.open(NUMBER, service=20)
        one = await asyncio.wait_for(queue.get(), 10)
    assert one is not None and told(agent, one) == b""
    data = told(officer, one).decode().split("data: ")[1]
    assert json.loads(data)["number"] == NUMBER
    assert live._looking is not None
    await asyncio.wait_for(live._looking, 10)


async def test_streams_end_with_the_server(ledger: Ledger) -> None:
    live = Live(ledger)
    async with live.page() as before:
        live.close()
        assert await asyncio.wait_for(before.get(), 10) is None
        async with live.page() as after:
            assert await asyncio.wait_for(after.get(), 10) is None


async def test_the_stream_carries_a_change_to_the_browser(
    browser: Browser, ledger: Ledger, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.live.LOOK_SECONDS", 0.01)
    add(ledger)
    await browser.sign_in("budi")
    async with browser.client.get("/langsung") as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readline() == b"retry: 2000\n"
        stage.open(NUMBER)
        told = b""
        while NUMBER.encode() not in told:
            told = await asyncio.wait_for(stream.content.readline(), 10)
    assert told.startswith(b"data: ")


def test_masks() -> None:
    said = veil(
        "NIK 3171 2345 6789 0001, telp +62 812-3456-7890, a.b@c.go.id, tiket 20261123-ABC234"
    )
    assert "0001" in said and "3171" not in said and "812" not in said
    assert "a•••@c.go.id" in said and "20261123-ABC234" in said
    assert veil("tiket 20261129-6NV55B, 20261129-234567") == "tiket 20261129-6NV55B, ••••••••••4567"
    assert veil("SP2D 2 dari 3, tahun 2026") == "SP2D 2 dari 3, tahun 2026"
    assert veil_name("Siti Aminah") == "S••• A•••" and veil_name("") == ""


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("- {code: A B, text: x}", "code"),
        ("- {code: ab, text: ''}", "placeholder"),
        ("- {code: ab, text: 'Kak {nama}'}", "placeholder"),
        ("- {code: ab, text: x}\n- {code: ab, text: y}", "already"),
    ],
)
def test_a_wrong_ready_made_reply_stops_with_its_line(
    tmp_path: Path, entry: str, told: str
) -> None:
    path = tmp_path / "balasan.yml"
    path.write_text(f"replies:\n{entry}\n")
    with pytest.raises(DataError, match=told):
        read_canned(path)
