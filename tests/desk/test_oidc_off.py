"""Without the settings there is no OpenID Connect."""

from __future__ import annotations

from tests.desk.conftest import Browser


async def test_off_is_off(browser: Browser) -> None:
    await browser.get("/masuk")
    assert "akun instansi" not in browser.page
    for path in ("/masuk/oidc", "/masuk/oidc/kembali?code=x&state=y"):
        assert (await browser.get(path)).status == 404
