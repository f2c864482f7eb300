"""Settings: a real channel needs real secrets, and no secret is ever shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import StartupError
from bot.settings import SANDBOX_NUMBER, SANDBOX_SECRET, Settings, load

SECRETS = ("WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_ACCESS_TOKEN")
SYSTEMS = ("SPAN_URL", "SAKTI_URL", "DIGIT_URL")
REAL = {
    "WHATSAPP_API_URL": "https://graph.facebook.com/v26.0",
    "WHATSAPP_PHONE_NUMBER_ID": "1",
    **dict.fromkeys(SYSTEMS, "https://sistem.contoh.go.id"),
}
SANDBOX = "http://127.0.0.1:8002"
LONG = "an invented secret for tests only"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("NINDY_"):
            monkeypatch.delenv(name)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"NINDY_{name}", value)


def test_with_nothing_set_it_runs_against_the_sandbox() -> None:
    settings = load()
    assert settings.whatsapp_api_url.startswith(SANDBOX)
    assert settings.app_secrets == (SANDBOX_SECRET.encode(),)
    assert settings.database_url == "sqlite:///var/nindy.db"
    assert (settings.edge_port, settings.desk_port, settings.sandbox_port) == (8000, 8001, 8002)


@pytest.mark.parametrize("left_out", SECRETS)
def test_a_real_channel_without_a_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    given(monkeypatch, **REAL, **dict.fromkeys(SECRETS, LONG))
    load()
    for nothing in (None, "", " ", ","):
        monkeypatch.delenv(f"NINDY_{left_out}", raising=False)
        if nothing is not None:
            monkeypatch.setenv(f"NINDY_{left_out}", nothing)
        with pytest.raises(StartupError, match=f"NINDY_{left_out}: must be set"):
            load()


def test_a_real_channel_without_its_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, WHATSAPP_PHONE_NUMBER_ID="")
    assert load().whatsapp_phone_number_id == SANDBOX_NUMBER
    given(monkeypatch, **REAL, **dict.fromkeys(SECRETS, LONG))
    assert load().whatsapp_phone_number_id == "1"
    for nothing in (None, ""):
        monkeypatch.delenv("NINDY_WHATSAPP_PHONE_NUMBER_ID", raising=False)
        if nothing is not None:
            monkeypatch.setenv("NINDY_WHATSAPP_PHONE_NUMBER_ID", nothing)
        with pytest.raises(StartupError, match="NINDY_WHATSAPP_PHONE_NUMBER_ID: must be set"):
            load()


@pytest.mark.parametrize("left_out", SYSTEMS)
def test_a_real_channel_does_not_answer_from_the_sandboxs_records(
    monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    given(monkeypatch, **{**REAL, left_out: ""}, **dict.fromkeys(SECRETS, LONG))
    with pytest.raises(StartupError, match=f"NINDY_{left_out}: must be set when"):
        load()
    given(monkeypatch, **{left_out: f"{SANDBOX}/x"})
    load()
    given(monkeypatch, WHATSAPP_API_URL="", **dict.fromkeys(SYSTEMS, ""))
    assert load().digit_url == f"{SANDBOX}/digit"


@pytest.mark.parametrize("url", [SANDBOX + ".evil.id/x", SANDBOX + "1/x", SANDBOX + "@evil.id"])
def test_an_address_that_only_begins_like_the_sandbox_is_real(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    given(monkeypatch, WHATSAPP_API_URL=url)
    with pytest.raises(StartupError, match="must be set"):
        load()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_another_stand_in_on_this_machine_needs_its_secrets_alone(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    assert load().in_sandbox
    given(monkeypatch, WHATSAPP_API_URL=f"http://{host}:9/v26.0")
    with pytest.raises(StartupError, match="NINDY_WHATSAPP_APP_SECRET: must be set when"):
        load()
    given(monkeypatch, **dict.fromkeys(SECRETS, "x"))
    settings = load()
    assert not settings.in_sandbox
    assert (settings.whatsapp_phone_number_id, settings.span_url) == (
        SANDBOX_NUMBER,
        f"{SANDBOX}/span",
    )


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("weak", ["x", "ganti-saya", f"{LONG},x"])
def test_a_real_channel_with_a_weak_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, weak: str
) -> None:
    given(monkeypatch, **{**REAL, **dict.fromkeys(SECRETS, LONG), name: weak})
    with pytest.raises(StartupError, match=f"NINDY_{name}: must have 16 characters"):
        load()


def test_the_sandboxs_secret_is_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, HOST="0.0.0.0")
    with pytest.raises(StartupError, match="NINDY_WHATSAPP_APP_SECRET: must be set when NINDY_HO"):
        load()
    given(monkeypatch, **dict.fromkeys(SECRETS, LONG))
    assert load().whatsapp_api_url.startswith(SANDBOX)
    for name in ("HOST", "WHATSAPP_APP_SECRET"):
        monkeypatch.delenv(f"NINDY_{name}")
    # A proxy on the same machine makes it known to the world.
    given(monkeypatch, DESK_URL="https://meja.contoh.go.id")
    with pytest.raises(StartupError, match=r"NINDY_DESK_URL: .* set NINDY_WHATSAPP_APP_SECRET"):
        load()


@pytest.mark.parametrize("name", ["INDEX_KEY", "WEBCHAT_IDENTITY_KEY"])
def test_a_short_secret_of_our_own_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given(monkeypatch, **{name: "x" * 31})
    with pytest.raises(StartupError, match=f"NINDY_{name}: must have 32 .*nindy key"):
        load()


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    given(
        monkeypatch,
        DATABASE_URL="postgresql://nindy:geheim-db@db/nindy",
        **{name: f"geheim-{name}" for name in SECRETS},
        **{
            name: f"geheim-{name}-long-enough-for-our-own"
            for name in (
                "ENCRYPTION_KEYS",
                "INDEX_KEY",
                "REDIS_URL",
                "SPAN_TOKEN",
                "SAKTI_TOKEN",
                "DIGIT_TOKEN",
                "OIDC_CLIENT_SECRET",
                "CRM_TOKEN",
            )
        },
    )
    settings = load()
    for shown in (
        repr(settings),
        str(settings),
        f"{settings}",
        settings.json(exclude={"database_url"}),
    ):
        assert "geheim" not in shown
    assert settings.database_url.endswith("@db/nindy")
    assert settings.span_token.get_secret_value() == "geheim-SPAN_TOKEN-long-enough-for-our-own"


def test_the_desk_is_where_it_listens_unless_a_proxy_is_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, DESK_PORT="9001")
    assert load().desk_url == "http://127.0.0.1:9001"
    given(monkeypatch, DESK_URL="https://meja.contoh.go.id/", WHATSAPP_APP_SECRET=LONG)
    assert load().desk_url == "https://meja.contoh.go.id"
    given(monkeypatch, DESK_URL="meja.contoh.go.id")
    with pytest.raises(StartupError, match="NINDY_DESK_URL: must be an address"):
        load()


@pytest.mark.parametrize("left_out", ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"])
def test_an_issuer_without_our_account_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    given(monkeypatch, OIDC_CLIENT_ID="x", OIDC_CLIENT_SECRET="x")
    given(monkeypatch, OIDC_ISSUER="https://sso.contoh.go.id")
    assert load().oidc_role_claim == "role"
    monkeypatch.delenv(f"NINDY_{left_out}")
    with pytest.raises(StartupError, match=f"NINDY_{left_out}: must be set"):
        load()


def test_an_issuer_is_reached_by_https(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, OIDC_ISSUER="http://sso.contoh.go.id")
    with pytest.raises(StartupError, match="NINDY_OIDC_ISSUER: must begin with https"):
        load()


def test_a_second_app_secret_is_accepted_while_rotating(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, WHATSAPP_APP_SECRET="new, old,")
    assert load().app_secrets == (b"new", b"old")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EDGE_PORT", "many"),
        ("EDGE_PORT", "0"),
        ("DESK_PORT", "65536"),
        ("SANDBOX_PORT", "-1"),
        ("STATUS_PORT", "65536"),
        ("UPSTREAM_BUDGET", "0"),
        ("UPSTREAM_BUDGET", "30"),
        ("SETTLE_SECONDS", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_LEVEL", ""),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    given(monkeypatch, **{name: value})
    with pytest.raises(StartupError, match=f"NINDY_{name}: "):
        load()


def test_a_level_may_be_written_small(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, LOG_LEVEL="warning")
    assert load().log_level == "WARNING"


def test_a_file_gives_settings_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("NINDY_EDGE_PORT=9000\nNINDY_DESK_PORT=9001\n")
    given(monkeypatch, DESK_PORT="9009")
    settings = load()
    assert (settings.edge_port, settings.desk_port) == (9000, 9009)


def test_the_database_follows_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, VAR_DIR="/srv/nindy")
    assert load().database_url == "sqlite:////srv/nindy/nindy.db"


def test_every_setting_says_what_it_means() -> None:
    assert all(field.field_info.description for field in Settings.__fields__.values())


def test_web_chat_is_for_the_edges_own_pages_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().chat_origins == {"http://127.0.0.1:8000", "http://localhost:8000"}
    monkeypatch.setenv("NINDY_WEBCHAT_ORIGINS", " https://hai.kemenkeu.go.id, https://a.id:8443 ")
    assert load().chat_origins == {"https://hai.kemenkeu.go.id", "https://a.id:8443"}


@pytest.mark.parametrize(
    "wrong",
    ["*", "null", "hai.kemenkeu.go.id", "https://a.id/", "https://A.id", "https://a.id, *"],
)
def test_an_origin_that_is_none_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("NINDY_WEBCHAT_ORIGINS", wrong)
    with pytest.raises(StartupError, match=r"NINDY_WEBCHAT_ORIGINS: .* must be like https://"):
        load()


def test_proxies_are_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().proxies == ()
    monkeypatch.setenv("NINDY_TRUSTED_PROXIES", "10.1.2.3, fd00::/8")
    assert [str(one) for one in load().proxies] == ["10.1.2.3/32", "fd00::/8"]
    monkeypatch.setenv("NINDY_TRUSTED_PROXIES", "proxy.local")
    with pytest.raises(StartupError, match="NINDY_TRUSTED_PROXIES"):
        load()


def test_a_key_that_can_be_guessed_vouches_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINDY_WEBCHAT_IDENTITY_KEY", "rahasia")
    with pytest.raises(StartupError, match="NINDY_WEBCHAT_IDENTITY_KEY: must have 32"):
        load()
