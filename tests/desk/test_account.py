"""One's own account: password, authenticator, sessions."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from bot.ledger import agents
from bot.ledger.database import Ledger
from desk.attempts import FAILURES
from tests.desk.conftest import PASSWORD, Browser, add
from tests.kit import START, Clock

NEW = "kakatua hijau 23 ekor"


async def message(browser: Browser) -> str:
    await browser.get("/akun")
    return browser.page


async def test_a_new_password_ends_the_other_sessions(
    open_browser: Callable[[], Browser], ledger: Ledger
) -> None:
    add(ledger)
    here, there = open_browser(), open_browser()
    for browser in (here, there):
        await browser.sign_in("budi")
        await browser.get("/akun")
    await here.post("/akun/sandi", password=PASSWORD, new=NEW, again=NEW)
    assert "sudah diganti" in await message(here)
    assert "sudah diganti" not in await message(here)
    assert (await there.get("/akun")).status == 303
    assert (await there.sign_in("budi")).status == 401
    assert (await there.sign_in("budi", NEW)).status == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"password": "salah", "new": NEW, "again": NEW}, "tidak cocok"),
        ({"password": PASSWORD, "new": NEW, "again": NEW + "x"}, "tidak sama"),
        ({"password": PASSWORD, "new": "pendek", "again": "pendek"}, "terlalu pendek"),
        ({"password": PASSWORD, "new": "si budi 12345", "again": "si budi 12345"}, "memuat nama"),
        ({}, "tidak cocok"),
    ],
)
async def test_what_changes_no_password(
    browser: Browser, ledger: Ledger, form: dict[str, str], said: str
) -> None:
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/akun")
    await browser.post("/akun/sandi", **form)
    assert said in await message(browser)
    assert (await browser.sign_in("budi")).status == 303


async def test_the_present_password_cannot_be_guessed_from_inside(
    browser: Browser, ledger: Ledger
) -> None:
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/akun")
    for _ in range(FAILURES):
        await browser.post("/akun/sandi", password="salah", new=NEW, again=NEW)
    await browser.post("/akun/sandi", password=PASSWORD, new=NEW, again=NEW)
    assert "tidak cocok" in await message(browser)


async def test_an_authenticator_is_asked_for_once_it_has_shown_a_code(
    browser: Browser, ledger: Ledger, clock: Clock
) -> None:
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/akun")
    assert (await browser.post("/akun/totp", password=PASSWORD)).status == 200
    uri = browser.page.split("<small>Alamat: <code>")[1].split("</code>")[0]
    parts = urlsplit(uri.replace("&amp;", "&"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    secret = parse_qs(parts.query)["secret"][0]
    assert 'src="data:image/svg+xml' in browser.page
    pending = browser.field("pending")
    assert secret not in pending
    assert (await browser.post("/akun/totp/aktif", pending=pending, code="000")).status == 422
    pending = browser.field("pending")
    code = pyotp.TOTP(secret).at(clock.moment)
    await browser.post("/akun/totp/aktif", pending=pending, code=code)
    assert "sudah aktif" in await message(browser)
    assert (await browser.sign_in("budi")).headers["Location"] == "/masuk/kode"
    await browser.get("/masuk/kode")
    assert (await browser.post("/masuk/kode", code=code)).status == 401
    clock.forward(seconds=30)
    code = pyotp.TOTP(secret).at(clock.moment)
    assert (await browser.post("/masuk/kode", code=code)).status == 303


async def test_an_authenticator_is_not_given_without_the_password_or_twice(
    browser: Browser, ledger: Ledger, clock: Clock
) -> None:
    agent = add(ledger)
    await browser.sign_in("budi")
    await browser.get("/akun")
    assert (await browser.post("/akun/totp", password="salah")).status == 303
    await browser.get("/akun")
    await browser.post("/akun/totp", password=PASSWORD)
    pending = browser.field("pending")
    ledger.transact(agents.set_totp, agent.id, pyotp.random_base32(), 0, START)
    await browser.post("/akun/totp/aktif", pending=pending, code="123456")
    assert "lewat waktu" in await message(browser)
    assert (await browser.post("/akun/totp", password=PASSWORD)).status == 303


@pytest.mark.parametrize("what", ["forged", "late", "anothers"])
async def test_a_secret_that_was_not_just_given_to_me_is_not_taken(
    browser: Browser, ledger: Ledger, clock: Clock, what: str
) -> None:
    agent, secret = add(ledger), pyotp.random_base32()
    await browser.sign_in("budi")
    await browser.get("/akun")
    until = clock.moment if what == "late" else START.replace(year=2027)
    owner = "another" if what == "anothers" else agent.id
    value = {"totp": secret, "agent": owner, "until": until.isoformat()}
    pending = "x" if what == "forged" else ledger.vault.seal(value).decode()
    code = pyotp.TOTP(secret).at(clock.moment)
    await browser.post("/akun/totp/aktif", pending=pending, code=code)
    assert "lewat waktu" in await message(browser)


async def test_sessions_are_listed_and_ended(
    open_browser: Callable[[], Browser], ledger: Ledger, clock: Clock
) -> None:
    add(ledger)
    here, there, third = open_browser(), open_browser(), open_browser()
    for browser in (there, third, here):
        clock.forward(minutes=1)
        await browser.sign_in("budi")
    await here.get("/akun")
    assert "23-11-2026 09.03 WIB" in here.page
    assert here.page.count(">Akhiri<") == 2
    await here.post("/akun/sesi", key=here.field("key"))
    assert "Sesi sudah diakhiri" in await message(here)
    assert [(await b.get("/akun")).status for b in (there, third)] == [200, 303]
    await here.post("/akun/sesi")
    assert [(await b.get("/akun")).status for b in (here, there)] == [200, 303]


async def test_nobody_ends_anothers_session(
    open_browser: Callable[[], Browser], ledger: Ledger
) -> None:
    from bot.ledger import sessions

    agent = add(ledger)
    add(ledger, "ani")
    mine, hers = open_browser(), open_browser()
    await mine.sign_in("budi")
    await hers.sign_in("ani")
    (session,) = ledger.transact(sessions.of_agent, agent.id, START)
    await hers.get("/akun")
    await hers.post("/akun/sesi", key=session.key)
    assert (await mine.get("/akun")).status == 200
