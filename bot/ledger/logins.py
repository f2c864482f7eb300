"""Signing in: each try is counted before it is judged, and only a whole sign-in clears the count.

Tries are counted per account here, whatever address they come from, and per account and address
in `desk.attempts`. The count here is the wide net against a guesser with many addresses: it
begins late, grows, ends at four hours, and does not hold a browser from which the agent has
signed in before. So nobody can lock an agent out for ever by guessing badly.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ledger import sessions
from bot.ledger.agents import Agent, of_row, write_down
from bot.ledger.tables import agent
from bot.privacy import Vault

FAILURES = 50
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=4)
STEP_SECONDS = 30


@dataclass(frozen=True)
class Try:
    """A try that may be judged.

    Attributes:
        agent: Whose account it is.
        password_hash: What the password is compared with.
    """

    agent: Agent
    password_hash: str | None


def lock_for(rounds: int) -> timedelta:
    """Return how long the lock of this round (from 1) lasts: 15 minutes, doubled each time."""
    return min(FIRST_LOCK * (1 << min(rounds - 1, 10)), LONGEST_LOCK)


def attempt(
    connection: Connection, vault: Vault, login: str, known_browser: bool, now: datetime
) -> Try | None:
    """Count a try and return what it is judged by; None when it must fail in any case.

    Args:
        connection: The open transaction.
        vault: Unused.
        login: What was typed.
        known_browser: Whether the agent has signed in from this browser before.
        now: The present moment.
    """
    row = connection.execute(
        sa.select(agent).where(agent.c.login == login).with_for_update()
    ).first()
    if row is None or row.disabled_at is not None:
        return None
    if row.locked_until is not None and row.locked_until > now and not known_browser:
        return None
    failures = row.failures + 1
    values: dict[str, object] = {"failures": failures}
    if failures % FAILURES == 0:
        values["locked_until"] = now + lock_for(failures // FAILURES)
        write_down(connection, "login_locked", row.id, now)
    connection.execute(agent.update().where(agent.c.id == row.id).values(**values))
    return Try(of_row(row), row.password_hash)


def failed(
    connection: Connection, vault: Vault, agent_id: str | None, locked: bool, now: datetime
) -> None:
    """Write down that somebody was refused, and whether that locked the account's door to them."""
    write_down(connection, "login_failed", agent_id, now)
    if locked:
        write_down(connection, "login_locked", agent_id, now)


def cleared(connection: Connection, vault: Vault, agent_id: str) -> None:
    """Begin to count from nothing: the agent has shown who it is."""
    connection.execute(
        agent.update().where(agent.c.id == agent_id).values(failures=0, locked_until=None)
    )


def succeeded(connection: Connection, vault: Vault, agent_id: str, now: datetime) -> str:
    """Clear the count, open a session and return its token."""
    cleared(connection, vault, agent_id)
    write_down(connection, "login", agent_id, now)
    return sessions.start(connection, vault, agent_id, now)


def use_code(connection: Connection, vault: Vault, agent_id: str, code: str, now: datetime) -> bool:
    """Say whether a code is right, and use it up: no code is good twice."""
    row = connection.execute(
        sa.select(agent.c.sealed_totp).where(agent.c.id == agent_id).with_for_update()
    ).first()
    if row is None or row.sealed_totp is None:
        return False
    kept = vault.open(row.sealed_totp)
    step = step_of(kept["secret"], code, now)
    if step is None or step <= kept["step"]:
        return False
    sealed = vault.seal({"secret": kept["secret"], "step": step})
    connection.execute(agent.update().where(agent.c.id == agent_id).values(sealed_totp=sealed))
    return True


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the 30-second step whose code this is, at most one step away from now, or None."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None
