"""Signing in with a password and a code, and what keeps guessers out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pyotp
import pytest
from yarl import URL

from bot import passwords
from bot.ledger import agents, logins, tables
from bot.ledger.database import Ledger
from desk.attempts import FAILURES, Attempts
from desk.cookies import Cookies
from desk.keys import Desk
from tests.desk.conftest import PASSWORD, Browser, add
from tests.kit import START, Clock, rows

WRONG = "salah sekali ini 99"


def kinds(ledger: Ledger) -> list[str]:
    return [row.kind for row in rows(ledger, tables.audit, tables.audit.c.id)]


async def guess(browser: Browser, login: str, times: int) -> None:
    for _ in range(times):
        assert (await browser.sign_in(login, WRONG)).status == 401


async def test_the_right_password_opens_the_queue(browser: Browser, ledger: Ledger) -> None:
    agent = add(ledger)
    answer = await browser.sign_in(" Budi ")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (await browser.get("/")).headers["Location"] == "/antrean"
    assert (await browser.get("/antrean")).status == 200
    assert "Nama budi" in browser.page
    last = rows(ledger, tables.audit, tables.audit.c.id)[-1]
    assert (last.kind, last.agent_id) == ("login", agent.id)


async def test_the_answer_to_wrong_passwords_and_unknown_logins_is_the_same(
    browser: Browser, ledger: Ledger
) -> None:
    add(ledger)
    pages = []
    for login in ("budi", "tidak-ada"):
        assert (await browser.sign_in(login, WRONG)).status == 401
        pages.append(browser.page)
    assert pages[0] == pages[1]
    assert "tidak cocok" in pages[0]
    assert kinds(ledger)[1:] == ["login_failed", "login_failed"]


async def test_an_unknown_login_is_compared_with_a_hash_too(
    browser: Browser, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str | None] = []
    monkeypatch.setattr("bot.passwords.matches", lambda kept, _: bool(compared.append(kept)))
    await browser.sign_in("tidak-ada")
    assert compared == [None]


async def test_after_signing_in_one_is_where_one_wanted_to_be(
    browser: Browser, ledger: Ledger
) -> None:
    add(ledger)
    asked = await browser.get("/akun?x=1")
    assert URL(asked.headers["Location"]) == URL("/masuk").with_query(ke="/akun?x=1")
    await browser.get(asked.headers["Location"])
    answer = await browser.post("/masuk", login="budi", password=PASSWORD, ke=browser.field("ke"))
    assert answer.headers["Location"] == "/akun?x=1"


@pytest.mark.parametrize("elsewhere", ["https://jahat.id/", "//jahat.id", "/\\jahat.id", "akun"])
async def test_nobody_is_led_to_another_site(
    browser: Browser, ledger: Ledger, elsewhere: str
) -> None:
    add(ledger)
    await browser.get("/masuk")
    answer = await browser.post("/masuk", login="budi", password=PASSWORD, ke=elsewhere)
    assert answer.headers["Location"] == "/"


async def test_a_guesser_locks_only_his_own_place_out(
    open_browser: Callable[[], Browser],
    ledger: Ledger,
    clock: Clock,
) -> None:
    add(ledger)
    guesser, agent = open_browser(), open_browser()
    # Both come through the same proxy.
    agent.address = "198.51.100.2"
    await guess(guesser, "budi", FAILURES)
    assert (await guesser.sign_in("budi")).status == 401
    assert "login_locked" in kinds(ledger)
    assert (await agent.sign_in("budi")).status == 303
    clock.forward(minutes=14)
    assert (await guesser.sign_in("budi")).status == 401
    clock.forward(minutes=1)
    assert (await guesser.sign_in("budi")).status == 303


async def test_a_flood_of_logins_from_one_place_is_not_compared(
    open_browser: Callable[[], Browser],
    ledger: Ledger,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each password takes 64 MiB and a core: whoever sends many must not keep others waiting."""
    add(ledger)
    compared = 0
    judge = passwords.matches

    def count(stored: str | None, password: str) -> bool:
        nonlocal compared
        compared += 1
        return judge(stored, password)

    monkeypatch.setattr(passwords, "matches", count)
    flood, agent, known = open_browser(), open_browser(), open_browser()
    agent.address = "198.51.100.2"
    assert (await known.sign_in("budi")).status == 303
    answers = [await flood.sign_in(f"x{number}", WRONG) for number in range(70)]
    assert [answer.status for answer in answers] == [401] * 59 + [429] * 11
    assert "Terlalu banyak percobaan" in flood.page
    assert compared == 60
    assert (await agent.sign_in("budi")).status == 303
    # A browser that is known stays apart from the stranger behind the same address.
    assert (await known.sign_in("budi")).status == 303
    clock.forward(seconds=1)
    assert (await flood.sign_in("x", WRONG)).status == 401


async def test_a_guesser_makes_no_new_place_of_himself_by_what_he_says(
    open_browser: Callable[[], Browser], ledger: Ledger
) -> None:
    add(ledger)
    guesser = open_browser()
    for number in range(FAILURES):
        # The proxy writes the true address behind whatever he sends.
        guesser.address = f"203.0.113.{number}, 198.51.100.1"
        await guess(guesser, "budi", 1)
    assert (await guesser.sign_in("budi")).status == 401


async def test_a_browser_that_signed_in_before_is_not_held_by_its_neighbours(
    open_browser: Callable[[], Browser], ledger: Ledger
) -> None:
    add(ledger)
    guesser, agent = open_browser(), open_browser()
    assert (await agent.sign_in("budi")).status == 303
    await guess(guesser, "budi", FAILURES)
    assert (await guesser.sign_in("budi")).status == 401
    assert (await agent.sign_in("budi")).status == 303
    await guess(agent, "budi", FAILURES)
    assert (await agent.sign_in("budi")).status == 401


async def test_a_known_browser_of_one_agent_is_a_stranger_to_another(
    open_browser: Callable[[], Browser], ledger: Ledger
) -> None:
    add(ledger, "budi")
    add(ledger, "ani")
    insider = open_browser()
    for _ in range(2):
        assert (await insider.sign_in("ani")).status == 303
        await guess(insider, "budi", FAILURES // 2)
    assert (await insider.sign_in("budi")).status == 401


async def test_unknown_logins_lock_just_so(browser: Browser, ledger: Ledger) -> None:
    await guess(browser, "tidak-ada", FAILURES + 1)
    assert kinds(ledger).count("login_failed") == FAILURES + 1


def test_locks_grow_to_four_hours_and_tries_at_a_lock_do_not_count() -> None:
    attempts, now = Attempts(), START
    lasted = []
    for _ in range(6):
        assert [attempts.count("budi", "1.2.3.4", now) for _ in range(FAILURES)] == [True] * 10
        began = now
        while attempts.locked("budi", "1.2.3.4", now):
            assert not attempts.count("budi", "1.2.3.4", now)
            now += timedelta(minutes=15)
        lasted.append((now - began) / timedelta(minutes=15))
    assert lasted == [1, 2, 4, 8, 16, 16]


async def test_a_disabled_agent_is_out_at_once(browser: Browser, ledger: Ledger) -> None:
    agent = add(ledger)
    await browser.sign_in("budi")
    ledger.transact(agents.disable, agent.id, START)
    assert (await browser.get("/antrean")).headers["Location"].startswith("/masuk")
    assert (await browser.sign_in("budi")).status == 401
    ledger.transact(agents.enable, agent.id, START)
    assert (await browser.sign_in("budi")).status == 303


class TestCodes:
    """With an authenticator the password alone opens nothing."""

    @pytest.fixture
    def totp(self, ledger: Ledger) -> pyotp.TOTP:
        secret = pyotp.random_base32()
        ledger.transact(agents.set_totp, add(ledger).id, secret, 0, START)
        return pyotp.TOTP(secret)

    async def test_password_then_code(
        self, browser: Browser, totp: pyotp.TOTP, clock: Clock
    ) -> None:
        answer = await browser.sign_in("budi")
        assert answer.headers["Location"] == "/masuk/kode"
        assert (await browser.get("/antrean")).status == 303
        await browser.get("/masuk/kode")
        code = totp.at(clock.moment)
        answer = await browser.post("/masuk/kode", code=f"{code[:3]} {code[3:]}")
        assert answer.headers["Location"] == "/"
        assert (await browser.get("/antrean")).status == 200

    async def test_no_code_is_good_twice(
        self, browser: Browser, totp: pyotp.TOTP, clock: Clock
    ) -> None:
        for status in (303, 401):
            await browser.sign_in("budi")
            await browser.get("/masuk/kode")
            answer = await browser.post("/masuk/kode", code=totp.at(clock.moment))
            assert answer.status == status

    async def test_without_the_password_no_code_is_asked(
        self, browser: Browser, totp: pyotp.TOTP, clock: Clock
    ) -> None:
        assert (await browser.get("/masuk/kode")).headers["Location"] == "/masuk"
        await browser.get("/masuk")
        answer = await browser.post("/masuk/kode", code=totp.at(clock.moment))
        assert answer.headers["Location"] == "/masuk"

    async def test_the_password_step_is_over_after_five_minutes(
        self, browser: Browser, totp: pyotp.TOTP, clock: Clock
    ) -> None:
        await browser.sign_in("budi")
        await browser.get("/masuk/kode")
        clock.forward(minutes=5)
        answer = await browser.post("/masuk/kode", code=totp.at(clock.moment))
        assert answer.headers["Location"] == "/masuk"
        await browser.get("/masuk")
        assert "sudah habis" in browser.page

    async def test_codes_cannot_be_guessed_for_ever(
        self, browser: Browser, totp: pyotp.TOTP, clock: Clock
    ) -> None:
        await browser.sign_in("budi")
        await browser.get("/masuk/kode")
        for _ in range(FAILURES - 1):
            assert (await browser.post("/masuk/kode", code="x")).status == 401
        answer = await browser.post("/masuk/kode", code=totp.at(clock.moment))
        assert answer.status == 401
        assert (await browser.sign_in("budi")).status == 401


async def test_signing_out_ends_the_session(browser: Browser, ledger: Ledger, desk: Desk) -> None:
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/antrean")
    stolen = cookie(browser)
    answer = await browser.post("/keluar")
    assert answer.headers["Location"] == "/masuk"
    browser.client.session.cookie_jar.update_cookies(
        {desk.cookies.name("meja"): stolen}, browser.client.make_url("/")
    )
    assert (await browser.get("/antrean")).status == 303
    assert kinds(ledger)[-1] == "logout"


async def test_a_session_is_new_at_each_sign_in(browser: Browser, ledger: Ledger) -> None:
    add(ledger)
    await browser.sign_in("budi")
    first = cookie(browser)
    await browser.sign_in("budi")
    assert cookie(browser) != first
    browser.client.session.cookie_jar.update_cookies(
        {"nindy_meja": first}, browser.client.make_url("/")
    )
    assert cookie(browser) == first
    assert (await browser.get("/antrean")).status == 303


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (30, 303)])
async def test_a_session_ends_when_idle(
    browser: Browser, ledger: Ledger, clock: Clock, minutes: int, status: int
) -> None:
    add(ledger)
    await browser.sign_in("budi")
    clock.forward(minutes=minutes)
    assert (await browser.get("/antrean")).status == status


async def test_a_session_ends_after_twelve_hours_of_work(
    browser: Browser, ledger: Ledger, clock: Clock
) -> None:
    add(ledger)
    await browser.sign_in("budi")
    statuses = []
    for _ in range(12 * 3):
        clock.forward(minutes=20)
        statuses.append((await browser.get("/antrean")).status)
    assert statuses == [200] * 35 + [303]


async def test_the_token_is_nowhere_in_the_ledger(browser: Browser, ledger: Ledger) -> None:
    add(ledger)
    await browser.sign_in("budi")
    (kept,) = rows(ledger, tables.desk_session)
    token = cookie(browser)
    assert token and token not in str(kept)
    assert kept.session_key == ledger.vault.key("desk_session", token)


async def test_cookies_are_hidden_from_scripts_and_other_sites(
    browser: Browser, ledger: Ledger
) -> None:
    add(ledger)
    answer = await browser.sign_in("budi")
    set_cookies = SimpleCookie()
    for line in answer.headers.getall("Set-Cookie"):
        set_cookies.load(line)
    assert set(set_cookies) == {"nindy_meja", "nindy_peramban"}
    for morsel in set_cookies.values():
        assert morsel["httponly"] and morsel["samesite"] == "Lax" and morsel["path"] == "/"


def test_behind_https_cookies_are_held_to_this_host(desk: Desk) -> None:
    from aiohttp import web

    response = web.Response()
    Cookies(desk.ledger.vault, secure=True).put(response, "meja", "x")
    morsel = response.cookies["__Host-nindy_meja"]
    assert morsel["secure"] and morsel["path"] == "/" and not morsel["domain"]


async def test_a_sealed_cookie_for_one_purpose_is_none_for_another(
    browser: Browser, ledger: Ledger
) -> None:
    add(ledger)
    await browser.sign_in("budi")
    jar = browser.client.session.cookie_jar
    sealed = jar.filter_cookies(browser.client.make_url("/"))["nindy_peramban"].value
    jar.update_cookies({"nindy_kode": sealed}, browser.client.make_url("/"))
    assert (await browser.get("/masuk/kode")).headers["Location"] == "/masuk"


def test_many_addresses_meet_a_lock_that_known_browsers_pass(ledger: Ledger) -> None:
    add(ledger)
    for _ in range(logins.FAILURES):
        assert ledger.transact(logins.attempt, "budi", False, START) is not None
    assert ledger.transact(logins.attempt, "budi", False, START) is None
    assert ledger.transact(logins.attempt, "budi", True, START) is not None
    later = START + logins.FIRST_LOCK
    assert ledger.transact(logins.attempt, "budi", False, later) is not None


def cookie(browser: Browser) -> str:
    jar = browser.client.session.cookie_jar
    return str(jar.filter_cookies(browser.client.make_url("/"))["nindy_meja"].value)
