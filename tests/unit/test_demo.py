"""Demo accounts are for a machine of one's own, and gone when Nindy is set up for more."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import demo, passwords
from bot.ledger import agents, sessions
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.settings import Settings
from tests.kit import START, sqlite_ledger

NAMES = ("app_secret", "verify_token", "access_token")
SECRETS = {f"whatsapp_{name}": "an invented secret" for name in NAMES}
REAL = {
    "whatsapp_api_url": "https://graph.facebook.com/v26.0",
    "whatsapp_phone_number_id": "1",
    **{f"{system}_url": f"https://{system}.contoh.go.id" for system in ("span", "sakti", "digit")},
}
OIDC = {"oidc_issuer": "https://sso.contoh.go.id", "oidc_client_id": "x", "oidc_client_secret": "x"}


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    with sqlite_ledger(tmp_path) as made:
        yield made


def settings(folder: Path, **changes: str) -> Settings:
    return Settings(_env_file=None, var_dir=folder, **changes)


def test_each_role_has_an_account_with_a_password_of_this_start(
    ledger: Ledger, tmp_path: Path
) -> None:
    first = demo.ensure(settings(tmp_path), ledger, START)
    assert [account.role for account in first] == list(Role)
    token = ledger.transact(sessions.start, ledger.transact(agents.every)[0].id, START)
    again = demo.ensure(settings(tmp_path), ledger, START)
    assert not {account.password for account in first} & {account.password for account in again}
    assert ledger.transact(agents.of_session, token, START) is None
    known = {agent.login: agent for agent in ledger.transact(agents.every)}
    assert set(known) == {account.login for account in again} and len(known) == len(Role)
    for account in again:
        assert passwords.allowed(account.password, account.login)
        assert (known[account.login].unit != "") == (account.role is Role.UNIT_AGENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "0.0.0.0", **SECRETS},
        {"host": "10.0.0.5", **SECRETS},
        {"database_url": "sqlite:////srv/other.db"},
        {"database_url": "postgresql://db/nindy"},
        {"desk_url": "https://meja.contoh.go.id", **SECRETS},
        {**REAL, **SECRETS},
        OIDC,
    ],
    ids=str,
)
def test_none_where_others_come_in_and_those_of_before_are_disabled(
    ledger: Ledger, tmp_path: Path, changes: dict[str, str]
) -> None:
    assert demo.ensure(settings(tmp_path, **changes), ledger, START) == []
    assert ledger.transact(agents.every) == []
    demo.ensure(settings(tmp_path), ledger, START)
    ledger.transact(agents.add, "budi", "Budi", Role.ADMIN, "", "x", START)
    assert demo.ensure(settings(tmp_path, **changes), ledger, START) == []
    active = [agent.login for agent in ledger.transact(agents.every) if not agent.disabled]
    assert active == ["budi"]
