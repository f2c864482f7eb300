"""The desk's accounts: who may work there, in which role, for which unit."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger import sessions
from bot.ledger.database import insert_once
from bot.ledger.tables import agent, audit
from bot.privacy import Vault


class Role(str, Enum):
    """What an agent may do; `desk.security.requires` names the roles of each page."""

    AGENT = "agent"
    UNIT_AGENT = "unit_agent"
    SUPERVISOR = "supervisor"
    COMPLAINT_OFFICER = "complaint_officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True)
class Agent:
    """An account.

    Attributes:
        id: Never changes and is never used again; accounts are disabled, not deleted.
        login: What is typed to sign in.
        name: What colleagues and the people who write to us see.
        role: What the agent may do.
        unit: A unit of the catalogue for unit agents, empty for all others.
        local: Whether there is a password here (the others sign in through OpenID Connect).
        totp: Whether a code is asked for after the password.
        disabled: Whether signing in is refused.
    """

    id: str
    login: str
    name: str
    role: Role
    unit: str
    local: bool
    totp: bool
    disabled: bool

    @property
    def actor(self) -> str:
        """What events and files say of who did it."""
        return f"agent:{self.id}"


_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}")
DEMO, OIDC = "demo-", "oidc-"
"""Beginnings of logins that only `bot.demo` and OpenID Connect give."""


def login_allowed(login: str) -> bool:
    """Say whether people may choose this login: 3 to 32 of a-z, 0-9, dot, dash, underscore."""
    return bool(_LOGIN.fullmatch(login)) and not login.startswith((DEMO, OIDC))


def add(
    connection: Connection,
    vault: Vault,
    login: str,
    name: str,
    role: Role,
    unit: str,
    password_hash: str | None,
    now: datetime,
) -> Agent | None:
    """Make an account and return it, or None when the login is taken."""
    values = {
        "id": str(uuid.uuid4()),
        "login": login,
        "name": name,
        "role": role.value,
        "unit": unit,
        "password_hash": password_hash,
        "failures": 0,
        "created_at": now,
    }
    if not insert_once(connection, agent, values):
        return None
    write_down(connection, "agent_added", str(values["id"]), now)
    return find(connection, vault, login)


def find(connection: Connection, vault: Vault, login: str) -> Agent | None:
    """Find an account by its login."""
    row = connection.execute(sa.select(agent).where(agent.c.login == login)).first()
    return of_row(row) if row is not None else None


def of_session(
    connection: Connection, vault: Vault, token: str, now: datetime
) -> tuple[Agent, sessions.Session] | None:
    """Return who is signed in with this token, or None when the session is over."""
    session = sessions.find(connection, vault, token, now)
    if session is None:
        return None
    row = connection.execute(sa.select(agent).where(agent.c.id == session.agent_id)).one()
    return of_row(row), session


def every(connection: Connection, vault: Vault) -> list[Agent]:
    """List all accounts by login."""
    rows = connection.execute(sa.select(agent).order_by(agent.c.login))
    return [of_row(row) for row in rows]


def disable(connection: Connection, vault: Vault, agent_id: str, now: datetime) -> None:
    """Refuse this agent from now on; open sessions end."""
    _change(connection, agent_id, "agent_disabled", now, disabled_at=now)
    sessions.revoke_all(connection, vault, agent_id, now)


def enable(connection: Connection, vault: Vault, agent_id: str, now: datetime) -> None:
    """Let this agent sign in again, and lift a lock-out."""
    _change(
        connection, agent_id, "agent_enabled", now, disabled_at=None, failures=0, locked_until=None
    )


def set_password(
    connection: Connection,
    vault: Vault,
    agent_id: str,
    password_hash: str,
    now: datetime,
    but: str | None = None,
) -> None:
    """Replace the password; every session ends but the one with the key `but`."""
    _change(connection, agent_id, "password_changed", now, password_hash=password_hash)
    sessions.revoke_all(connection, vault, agent_id, now, but)


def set_totp(
    connection: Connection, vault: Vault, agent_id: str, secret: str, step: int, now: datetime
) -> None:
    """Ask for codes of this secret from now on; the one of `step` (30 s each) is used up."""
    sealed = vault.seal({"secret": secret, "step": step})
    _change(connection, agent_id, "totp_enrolled", now, sealed_totp=sealed)


def reset_totp(connection: Connection, vault: Vault, agent_id: str, now: datetime) -> None:
    """Ask for no code any more; every session ends."""
    _change(connection, agent_id, "totp_reset", now, sealed_totp=None)
    sessions.revoke_all(connection, vault, agent_id, now)


def set_place(
    connection: Connection,
    vault: Vault,
    agent_id: str,
    name: str,
    role: Role,
    unit: str,
    now: datetime,
) -> None:
    """Take over name, role and unit as the identity provider tells them."""
    _change(connection, agent_id, "agent_changed", now, name=name, role=role.value, unit=unit)


def sign_out(connection: Connection, vault: Vault, token: str, now: datetime) -> None:
    """End the session of this token, if it is open."""
    session = sessions.find(connection, vault, token, now)
    if session is not None:
        sessions.revoke(connection, vault, session.agent_id, session.key, now)
        write_down(connection, "logout", session.agent_id, now)


def end_session(
    connection: Connection, vault: Vault, agent_id: str, key: str, now: datetime
) -> bool:
    """End one of an agent's sessions, as the agent wishes; say whether it was open."""
    ended = sessions.revoke(connection, vault, agent_id, key, now)
    if ended:
        write_down(connection, "session_revoked", agent_id, now)
    return ended


def end_others(
    connection: Connection, vault: Vault, agent_id: str, key: str, now: datetime
) -> None:
    """End all of an agent's sessions but this one, as the agent wishes."""
    sessions.revoke_all(connection, vault, agent_id, now, key)
    write_down(connection, "session_revoked", agent_id, now)


def write_down(connection: Connection, kind: str, agent_id: str | None, now: datetime) -> None:
    """Add a line to the audit trail."""
    connection.execute(audit.insert().values(at=now, kind=kind, agent_id=agent_id))


def of_row(row: Any) -> Agent:
    """Read an account out of a row with the columns of `agent`."""
    return Agent(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        unit=row.unit,
        local=row.password_hash is not None,
        totp=row.sealed_totp is not None,
        disabled=row.disabled_at is not None,
    )


def _change(connection: Connection, agent_id: str, kind: str, now: datetime, **values: Any) -> None:
    connection.execute(agent.update().where(agent.c.id == agent_id).values(**values))
    write_down(connection, kind, agent_id, now)
