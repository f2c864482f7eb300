"""Every route says who may use it; every answer is guarded; every change is our own page's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from desk.app import create_app
from desk.keys import Desk
from desk.security import roles_of
from desk.work import Work
from tests.desk.conftest import PAGE, PASSWORD, URL, Browser, add

PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/static/{name}"),
    ("GET", "/masuk"),
    ("POST", "/masuk"),
    ("GET", "/masuk/kode"),
    ("POST", "/masuk/kode"),
    ("GET", "/masuk/oidc"),
    ("GET", "/masuk/oidc/kembali"),
}
ALL = set(Role)
WRITERS = ALL - {Role.AUDITOR}
OVERSEERS = {Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR}
FAQ_READERS = ALL - {Role.COMPLAINT_OFFICER}
FAQ_AUTHORS = FAQ_READERS - {Role.AUDITOR}
FAQ_APPROVERS = {Role.SUPERVISOR, Role.ADMIN}
BROADCASTERS = {Role.AGENT, Role.SUPERVISOR, Role.ADMIN}
MATRIX: dict[tuple[str, str], set[Role]] = {
    ("GET", "/"): ALL,
    ("GET", "/antrean"): ALL,
    ("GET", "/pengaduan"): {Role.COMPLAINT_OFFICER},
    ("GET", "/langsung"): ALL,
    ("GET", "/tiket/{number}"): ALL,
    ("GET", "/tiket/{number}/percakapan"): ALL,
    ("POST", "/tiket/{number}/tampilkan"): ALL,
    ("POST", "/tiket/{number}/lihat"): WRITERS,
    ("POST", "/tiket/{number}/draf"): WRITERS,
    ("GET", "/tiket/{number}/lampiran/{id}"): ALL,
    ("POST", "/tiket/{number}/lampiran"): WRITERS,
    ("POST", "/tiket/{number}/lampiran/{id}/hapus"): WRITERS,
    ("POST", "/tiket/{number}/{what}"): WRITERS,
    ("GET", "/gangguan"): ALL,
    ("POST", "/gangguan/{id}/selesai"): {Role.SUPERVISOR, Role.ADMIN},
    ("GET", "/supervisor"): OVERSEERS,
    ("GET", "/supervisor/tiket.csv"): OVERSEERS,
    ("GET", "/tanya-jawab"): FAQ_READERS,
    ("GET", "/tanya-jawab/draf"): FAQ_READERS,
    ("GET", "/tanya-jawab/entri"): FAQ_READERS,
    ("GET", "/tanya-jawab/entri/{id}"): FAQ_READERS,
    ("GET", "/tanya-jawab/tulis"): FAQ_AUTHORS,
    ("POST", "/tanya-jawab/susun"): FAQ_AUTHORS,
    ("POST", "/tanya-jawab/simpan"): FAQ_AUTHORS,
    ("POST", "/tanya-jawab/periksa"): FAQ_AUTHORS,
    ("POST", "/tanya-jawab/entri/{id}/draf/{step}"): FAQ_AUTHORS,
    ("POST", "/tanya-jawab/entri/{id}/putusan/{step}"): FAQ_APPROVERS,
    ("GET", "/broadcast"): BROADCASTERS | {Role.AUDITOR},
    ("GET", "/broadcast/tulis"): BROADCASTERS,
    ("POST", "/broadcast/simpan"): BROADCASTERS,
    ("GET", "/broadcast/{id}"): BROADCASTERS | {Role.AUDITOR},
    ("GET", "/broadcast/{id}/penerima.csv"): BROADCASTERS | {Role.AUDITOR},
    ("POST", "/broadcast/{id}/langkah/{step}"): BROADCASTERS,
    ("POST", "/broadcast/{id}/putusan/{step}"): {Role.SUPERVISOR, Role.ADMIN},
    ("GET", "/akun"): ALL,
    ("POST", "/akun/sandi"): ALL,
    ("POST", "/akun/totp"): ALL,
    ("POST", "/akun/totp/aktif"): ALL,
    ("POST", "/akun/sesi"): ALL,
    ("POST", "/keluar"): ALL,
}


FILLED = {"number": "20261123-ABC234", "what": "ambil", "id": "0", "step": "x"}


def routes(desk: Desk, work: Work) -> dict[tuple[str, str], object]:
    found = {}
    for route in create_app(desk, work).router.routes():
        assert route.resource is not None
        if route.method != "HEAD":
            found[(route.method, route.resource.canonical)] = route.handler
    return found


def test_every_route_is_public_or_in_the_table(desk: Desk, work: Work) -> None:
    said = {key: roles_of(handler) for key, handler in routes(desk, work).items()}
    assert {key for key, roles in said.items() if roles == frozenset()} == PUBLIC
    assert {key: roles for key, roles in said.items() if roles != frozenset()} == MATRIX


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_meets_what_the_table_says(
    browser: Browser, ledger: Ledger, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.live_page.LONGEST", 0.0)
    add(ledger, "budi", role)
    for (method, pattern), roles in sorted(MATRIX.items()):
        path = pattern.format(**FILLED)
        await browser.sign_in("budi")
        await browser.get("/akun")
        answer = await (browser.get(path) if method == "GET" else browser.post(path))
        assert (answer.status == 403) == (role not in roles), path
        assert answer.status in (200, 303, 403, 404, 409), path


async def test_strangers_are_sent_to_sign_in(browser: Browser) -> None:
    for method, pattern in MATRIX:
        path = pattern.format(**FILLED)
        page = await browser.client.request(method, path, headers=PAGE, allow_redirects=False)
        assert (page.status, page.headers["Location"][:6]) == (303, "/masuk"), path
        for headers in ({"HX-Request": "true", **PAGE}, {"Accept": "application/json"}):
            part = await browser.client.request(
                method, path, headers=headers, allow_redirects=False
            )
            assert (part.status, part.headers["HX-Redirect"]) == (401, "/masuk"), path


async def test_a_route_that_says_nothing_opens_for_nobody_and_wrong_roles_get_a_page(
    desk: Desk, work: Work, ledger: Ledger, aiohttp_client: Callable[..., object]
) -> None:
    from desk.security import requires

    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response(text="open")

    @requires(Role.ADMIN)
    async def for_admins(_request: web.Request) -> web.Response:
        return web.Response(text="open")

    app = create_app(desk, work)
    app.router.add_get("/lupa", forgotten)
    app.router.add_get("/admin", for_admins)
    browser = Browser(await aiohttp_client(app))  # type: ignore[misc]
    add(ledger, "admin-1", Role.ADMIN)
    add(ledger, "ani", Role.AUDITOR)
    assert (await browser.get("/lupa")).status == 403
    await browser.sign_in("ani")
    assert (await browser.get("/admin")).status == 403
    assert "Peran Anda tidak mencakup" in browser.page
    await browser.sign_in("admin-1")
    assert (await browser.get("/admin")).status == 200
    assert (await browser.get("/lupa")).status == 403


async def test_the_ways_of_watchers_need_no_login(browser: Browser) -> None:
    assert (await browser.get("/healthz")).status == 200
    ready = await browser.get("/readyz")
    assert await ready.json() == {"inbox_waiting": 0}


async def test_what_is_counted_is_for_who_has_the_token(desk: Desk, work: Work) -> None:
    async def asked(desk: Desk) -> list[tuple[int, str]]:
        async with TestClient(TestServer(create_app(desk, work))) as client:
            given = {"Authorization": "Bearer secret"}
            answers = [await client.get("/readyz", headers=one) for one in ({}, given)]
            return [(one.status, await one.text()) for one in answers]

    async def away() -> dict[str, int]:
        raise OSError

    guarded = replace(desk, metrics_token="secret")
    assert await asked(guarded) == [(200, "ok"), (200, '{"inbox_waiting": 0}')]
    assert await asked(replace(guarded, counts=away)) == [(503, "database is away")] * 2


@pytest.mark.parametrize(
    "path", ["/masuk", "/", "/tidak-ada", "/static/desk.css", "/static/..%2fapp.py", "/healthz"]
)
async def test_every_answer_is_guarded(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'; script-src 'self'; style-src 'self';" in policy
    for needed in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert needed in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    kept = "no-cache" if path == "/static/desk.css" else "no-store"
    assert answer.headers["Cache-Control"] == kept


async def test_files_are_served_by_name_only(browser: Browser) -> None:
    for name in ("desk.css", "htmx.min.js", "htmx-ext-sse.min.js"):
        assert (await browser.get(f"/static/{name}")).status == 200
    for name in ("..%2fapp.py", "htmx.LICENSE", "%2e%2e/app.py"):
        assert (await browser.get(f"/static/{name}")).status == 404


class TestForgedChanges:
    """What does not come from our own page changes nothing."""

    async def send(
        self, browser: Browser, path: str, origin: str | None, token: str | None, **form: str
    ) -> int:
        headers = {**PAGE, **({"Origin": origin} if origin is not None else {})}
        data = {**form, **({"csrf": token} if token is not None else {})}
        answer = await browser.client.post(path, data=data, headers=headers, allow_redirects=False)
        return answer.status

    @pytest.mark.parametrize("origin", [None, "", "null", "https://jahat.id", "http://127.0.0.1"])
    async def test_from_elsewhere(
        self, browser: Browser, ledger: Ledger, origin: str | None
    ) -> None:
        add(ledger)
        await browser.sign_in("budi")
        await browser.get("/akun")
        assert await self.send(browser, "/keluar", origin, browser.token) == 403
        assert (await browser.get("/akun")).status == 200

    async def test_without_or_with_a_strangers_token(
        self, browser: Browser, ledger: Ledger
    ) -> None:
        add(ledger)
        await browser.get("/masuk")
        guests = browser.token
        await browser.sign_in("budi")
        for token in (None, "", "x", "é", guests):
            assert await self.send(browser, "/keluar", browser.origin, token) == 403
        assert (await browser.get("/akun")).status == 200

    async def test_signing_somebody_in_from_elsewhere(
        self, browser: Browser, ledger: Ledger
    ) -> None:
        add(ledger)
        form = {"login": "budi", "password": PASSWORD}
        assert await self.send(browser, "/masuk", browser.origin, "", **form) == 403
        await browser.get("/masuk")
        assert await self.send(browser, "/masuk", browser.origin, None, **form) == 403
        assert await self.send(browser, "/masuk", "https://jahat.id", browser.token, **form) == 403
        assert await self.send(browser, "/masuk", browser.origin, browser.token, **form) == 303

    async def test_the_address_of_the_settings_and_the_header_are_good(
        self, browser: Browser, ledger: Ledger
    ) -> None:
        add(ledger)
        await browser.sign_in("budi")
        await browser.get("/akun")
        answer = await browser.client.post(
            "/keluar",
            headers={"Origin": URL, "X-CSRF-Token": browser.token},
            allow_redirects=False,
        )
        assert answer.status == 303

    async def test_the_page_says_what_to_do(self, browser: Browser) -> None:
        await browser.post("/masuk")
        assert "muat ulang halamannya" in browser.page


async def test_what_goes_wrong_inside_is_not_shown(
    browser: Browser, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ledger)
    await browser.sign_in("budi")
    monkeypatch.setattr("bot.ledger.sessions.of_agent", lambda *_: 1 / 0)
    assert (await browser.get("/akun")).status == 500
    assert "Ada yang tidak beres" in browser.page and "ZeroDivision" not in browser.page


async def test_the_navigation_shows_what_may_be_opened(browser: Browser, ledger: Ledger) -> None:
    add(ledger)
    await browser.sign_in("budi")
    await browser.get("/akun")
    assert 'href="/antrean"' in browser.page and 'aria-current="page">Akun' in browser.page
    assert 'href="/supervisor"' not in browser.page


async def test_the_metrics_ask_for_their_token(browser: Browser, desk: Desk, work: Work) -> None:
    assert "nindy_inbox_waiting 0.0" in await (await browser.get("/metrics")).text()
    guarded = create_app(replace(desk, metrics_token="rahasia-uji"), work)
    async with TestClient(TestServer(guarded)) as client:
        for given, status in ((None, 401), ("Bearer x", 401), ("Bearer rahasia-uji", 200)):
            headers = {"Authorization": given} if given else {}
            assert (await client.get("/metrics", headers=headers)).status == status
