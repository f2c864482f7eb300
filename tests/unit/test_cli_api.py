"""`nindy api …`: programs are let in and shut out, and a secret is printed once."""

from __future__ import annotations

import argparse
import re

import pytest

from bot.cli import api
from bot.clock import now
from bot.errors import StartupError
from bot.ledger import api_clients, migrate, tables
from bot.ledger.api_clients import Client, Scope
from bot.settings import load
from tests.kit import rows

ADD = "client add portal-hai --name Portal --scope tickets:write --scope tickets:read"


pytestmark = pytest.mark.usefixtures("here")


def run(line: str) -> None:
    parser = argparse.ArgumentParser()
    api.add_to(parser)
    options = parser.parse_args(line.split())
    options.run(options)


def secret(said: str) -> str:
    found = re.search(r"client_secret +(\S+)", said)
    assert found is not None, said
    assert f"nk_portal-hai_{found.group(1)}" in said
    return found.group(1)


def let_in(shown: str, id: str = "portal-hai") -> Client | None:
    with migrate.opened(load()) as ledger:
        found = ledger.transact(api_clients.by_secret, id, shown, now())
        return found[0] if found else None


def test_a_program_is_added_listed_disabled_and_enabled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(f"{ADD} --webhook https://portal.contoh.go.id/kait")
    said = capsys.readouterr().out
    shown = secret(said)
    assert "signing secret" in said
    client = let_in(shown)
    assert client is not None and client.scopes == {Scope.WRITE, Scope.READ}
    run("client list")
    listed = capsys.readouterr().out
    assert "portal-hai" in listed and "https://portal.contoh.go.id/kait" in listed
    assert shown not in listed
    run("client disable portal-hai")
    assert let_in(shown) is None
    run("client enable portal-hai")
    assert let_in(shown) is not None


def test_secrets_are_rotated_with_or_without_a_day_of_grace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(f"{ADD} --webhook https://portal.contoh.go.id/kait")
    first = secret(capsys.readouterr().out)
    run("client rotate portal-hai")
    second = secret(capsys.readouterr().out)
    assert let_in(first) and let_in(second)
    run("client rotate portal-hai --at-once")
    third = secret(capsys.readouterr().out)
    assert (let_in(first), let_in(second)) == (None, None) and let_in(third)
    run("client rotate portal-hai --webhook")
    said = capsys.readouterr().out
    assert "signing secret" in said and "client_secret" not in said


def test_scopes_and_webhook_can_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    run(ADD)
    shown = secret(capsys.readouterr().out)
    run("client change portal-hai --webhook https://portal.contoh.go.id/kait")
    assert "signing secret" in capsys.readouterr().out
    run("client change portal-hai --scope tickets:read_all --webhook https://portal.contoh.go.id/2")
    assert "signing secret" not in capsys.readouterr().out
    client = let_in(shown)
    assert client is not None
    assert (client.scopes, client.url) == ({Scope.READ_ALL}, "https://portal.contoh.go.id/2")
    with migrate.opened(load()) as ledger:
        assert rows(ledger, tables.subscriber)[-1].hears_all is True
    with pytest.raises(StartupError, match="must begin with https"):
        run("client change portal-hai --webhook http://portal.contoh.go.id/")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("client add CRM --name X --scope tickets:read", "3 to 32 of a-z"),
        ("client add crm --name X --scope tickets:read", "and not 'crm'"),
        ("client add a_b --name X --scope tickets:read", "3 to 32 of a-z"),
        (f"client add xyz --scope tickets:read --name {'x' * 101}", "1 to 100"),
        (f"{ADD} --webhook http://portal.contoh.go.id/", "must begin with https"),
        (f"{ADD} --webhook https://192.168.1.1/", "NINDY_WEBHOOK_NETWORKS"),
        ("client disable tak-ada", "is not known"),
        ("client rotate tak-ada", "is not known"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(line: str, says: str) -> None:
    with pytest.raises(StartupError, match=re.escape(says)):
        run(line)


def test_an_id_is_given_once_and_a_webhook_must_be_there_to_rotate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(ADD)
    with pytest.raises(StartupError, match="is taken"):
        run(ADD)
    with pytest.raises(StartupError, match="has no webhook"):
        run("client rotate portal-hai --webhook")
    run("deliveries --again portal-hai")
    assert "0 events of portal-hai are tried again." in capsys.readouterr().out
    with migrate.opened(load()) as ledger:
        assert [row.kind for row in rows(ledger, tables.audit)] == ["client_added"]
