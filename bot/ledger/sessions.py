"""Sessions of the desk: a random token with the browser, its keyed hash here, and an end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger.tables import agent, desk_session
from bot.privacy import Vault

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_TOUCH = timedelta(minutes=1)
"""A session that was seen less than this ago is not written again."""


@dataclass(frozen=True)
class Session:
    """An open session.

    Attributes:
        key: The keyed hash of the token; it opens nothing and may be shown.
        agent_id: Whose it is.
        csrf: What every change must bring along.
        created_at: When the agent signed in.
        seen_at: When it was last used, to the minute.
    """

    key: str
    agent_id: str
    csrf: str
    created_at: datetime
    seen_at: datetime


def start(connection: Connection, vault: Vault, agent_id: str, now: datetime) -> str:
    """Open a session and return its token, which is kept nowhere here."""
    token = secrets.token_urlsafe(32)
    # The audit trail remembers who signed in; sessions that have ended are of no more use.
    connection.execute(
        desk_session.delete().where(
            desk_session.c.agent_id == agent_id, desk_session.c.created_at < now - LONGEST
        )
    )
    connection.execute(
        desk_session.insert().values(
            session_key=_key(vault, token),
            agent_id=agent_id,
            csrf=secrets.token_hex(32),
            created_at=now,
            seen_at=now,
        )
    )
    return token


def find(connection: Connection, vault: Vault, token: str, now: datetime) -> Session | None:
    """Return the session of a token and note that it was used, unless it or its agent is out."""
    row = connection.execute(
        _open(now).where(desk_session.c.session_key == _key(vault, token))
    ).first()
    if row is None:
        return None
    if now - row.seen_at >= _TOUCH:
        connection.execute(
            desk_session.update()
            .where(desk_session.c.session_key == row.session_key)
            .values(seen_at=now)
        )
    return _of_row(row)


def of_agent(connection: Connection, vault: Vault, agent_id: str, now: datetime) -> list[Session]:
    """List an agent's open sessions, the newest first."""
    rows = connection.execute(
        _open(now)
        .where(desk_session.c.agent_id == agent_id)
        .order_by(desk_session.c.created_at.desc(), desk_session.c.session_key)
    )
    return [_of_row(row) for row in rows]


def revoke(connection: Connection, vault: Vault, agent_id: str, key: str, now: datetime) -> bool:
    """End one of an agent's sessions; say whether it was open."""
    ended = connection.execute(
        desk_session.update()
        .where(
            desk_session.c.session_key == key,
            desk_session.c.agent_id == agent_id,
            desk_session.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return bool(ended.rowcount)


def revoke_all(
    connection: Connection, vault: Vault, agent_id: str, now: datetime, but: str | None = None
) -> int:
    """End all of an agent's sessions but the one with the key `but`; return how many."""
    ended = connection.execute(
        desk_session.update()
        .where(
            desk_session.c.agent_id == agent_id,
            desk_session.c.session_key != (but or ""),
            desk_session.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return int(ended.rowcount)


def _key(vault: Vault, token: str) -> str:
    return vault.key("desk_session", token)


def _open(now: datetime) -> sa.sql.Select:
    return (
        sa.select(desk_session)
        .join(agent, agent.c.id == desk_session.c.agent_id)
        .where(
            desk_session.c.revoked_at.is_(None),
            desk_session.c.seen_at > now - IDLE,
            desk_session.c.created_at > now - LONGEST,
            agent.c.disabled_at.is_(None),
        )
    )


def _of_row(row: sa.engine.Row) -> Session:
    return Session(row.session_key, row.agent_id, row.csrf, row.created_at, row.seen_at)
