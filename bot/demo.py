"""Accounts to try the desk with: one per role, on a machine that speaks to its own sandbox only.

Their passwords are drawn anew at each start and kept as hashes, so they are known only to whoever
sees that start. Once Nindy is set up for anything else, the accounts are disabled.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import Connection

from bot import passwords
from bot.catalogue import Catalogue
from bot.ledger import agents
from bot.ledger.agents import DEMO, Role
from bot.ledger.database import Ledger
from bot.privacy import Vault
from bot.settings import LOOPBACK, Settings

_CATALOGUE = Path(__file__).resolve().parents[1] / "data/catalogue"
_NAMES = {
    Role.AGENT: "Budi",
    Role.UNIT_AGENT: "Wati",
    Role.SUPERVISOR: "Sari",
    Role.COMPLAINT_OFFICER: "Rani",
    Role.AUDITOR: "Tono",
    Role.ADMIN: "Dewi",
}
"""Invented, and shown to whoever an account answers."""


@dataclass(frozen=True)
class Account:
    """A demo account with its password of this start."""

    login: str
    password: str
    role: Role


def wanted(settings: Settings) -> bool:
    """Say whether only this machine can reach Nindy and nothing real stands behind it."""
    return (
        settings.host in LOOPBACK
        and settings.desk_url == f"http://{settings.host}:{settings.desk_port}"
        and settings.database_url == f"sqlite:///{settings.var_dir}/nindy.db"
        and settings.in_sandbox
        and not settings.oidc_issuer
    )


def ensure(settings: Settings, ledger: Ledger, now: datetime) -> list[Account]:
    """Make the accounts with fresh passwords and return them, or disable those of earlier days."""
    if not wanted(settings):
        ledger.transact(_disable, now)
        return []
    accounts = [Account(f"{DEMO}{role.value}", secrets.token_urlsafe(12), role) for role in Role]
    unit = Catalogue(_CATALOGUE).units[0].name
    for account in accounts:
        kept = passwords.hashed(account.password)
        ledger.transact(_set, account, unit if account.role is Role.UNIT_AGENT else "", kept, now)
    return accounts


def _set(
    connection: Connection, vault: Vault, account: Account, unit: str, kept: str, now: datetime
) -> None:
    name = f"{_NAMES[account.role]} (demo)"
    known = agents.find(connection, vault, account.login)
    if known is None:
        agents.add(connection, vault, account.login, name, account.role, unit, kept, now)
        return
    agents.set_place(connection, vault, known.id, name, account.role, unit, now)
    agents.set_password(connection, vault, known.id, kept, now)
    agents.reset_totp(connection, vault, known.id, now)
    agents.enable(connection, vault, known.id, now)


def _disable(connection: Connection, vault: Vault, now: datetime) -> None:
    for known in agents.every(connection, vault):
        if known.login.startswith(DEMO) and not known.disabled:
            agents.disable(connection, vault, known.id, now)
