"""`nindy desk user …`: accounts are made and changed, and no password is ever printed."""

from __future__ import annotations

import argparse
import io

import pytest

from bot.cli import desk
from bot.errors import StartupError
from bot.ledger import agents
from bot.ledger.agents import Agent
from bot.ledger.database import Ledger
from bot.passwords import matches
from bot.privacy import open_vault
from bot.settings import load

PASSWORD = "merpati putih 17 ekor"
UNIT = "Direktorat Sistem Perbendaharaan"


pytestmark = pytest.mark.usefixtures("here")


def run(monkeypatch: pytest.MonkeyPatch, line: str, *more: str, typed: str = PASSWORD) -> None:
    parser = argparse.ArgumentParser()
    desk.add_to(parser)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed + "\n"))
    options = parser.parse_args(["user", *line.split(), *more])
    options.run(options)


def account(login: str = "budi") -> tuple[Agent, str]:
    read = load()
    ledger = Ledger(read.database_url, open_vault(read))
    try:
        found = ledger.transact(agents.find, login)
        assert found is not None
        with ledger.engine.begin() as connection:
            kept = connection.exec_driver_sql(
                f"SELECT password_hash FROM agent WHERE login = '{login}'"
            ).scalar_one()
        return found, str(kept)
    finally:
        ledger.close()


def test_add_list_disable_enable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "add budi --role admin --password-stdin --name", "Budi Contoh")
    run(monkeypatch, "add ani --role unit_agent --password-stdin --name Ani --unit", UNIT)
    found, kept = account()
    assert (found.name, found.role.value, found.unit) == ("Budi Contoh", "admin", "")
    assert matches(kept, PASSWORD)
    assert account("ani")[0].unit == UNIT
    run(monkeypatch, "disable budi")
    assert account()[0].disabled
    run(monkeypatch, "list")
    run(monkeypatch, "enable budi")
    assert not account()[0].disabled
    said = capsys.readouterr()
    assert f"unit_agent         active    local           {UNIT}" in said.out
    assert "disabled" in said.out
    assert PASSWORD not in said.out + said.err


def test_a_new_password_and_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "add budi --role agent --name Budi --password-stdin")
    run(monkeypatch, "password budi --password-stdin", typed="kakatua hijau 23 ekor")
    assert matches(account()[1], "kakatua hijau 23 ekor")
    run(monkeypatch, "reset-totp budi")
    assert not account()[0].totp


@pytest.mark.parametrize(
    ("line", "typed", "said"),
    [
        ("add Budi --role agent --name B --password-stdin", PASSWORD, "login 'Budi'"),
        ("add demo-x --role agent --name B --password-stdin", PASSWORD, "login 'demo-x'"),
        ("add oidc-x --role agent --name B --password-stdin", PASSWORD, "login 'oidc-x'"),
        ("add budi --role agent --name B --password-stdin", "pendek", "12 to 128"),
        ("add budi --role agent --name B --password-stdin", "budi budi budi", "12 to 128"),
        ("add budi --role agent --name B", PASSWORD, "--password-stdin"),
        ("add budi --role unit_agent --name B --password-stdin", PASSWORD, "--unit: ''"),
        ("add budi --role agent --unit X --name B --password-stdin", PASSWORD, "only unit_agent"),
        ("disable siapa", "", "not known"),
    ],
)
def test_what_cannot_be_is_refused_in_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, line: str, typed: str, said: str
) -> None:
    with pytest.raises(StartupError, match=said) as error:
        run(monkeypatch, line, typed=typed)
    assert PASSWORD not in str(error.value)


def test_a_login_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "add budi --role agent --name Budi --password-stdin"
    run(monkeypatch, line)
    with pytest.raises(StartupError, match="taken"):
        run(monkeypatch, line)
