"""Accounts, tries and sessions of the desk, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pyotp

from bot.ledger import agents, logins, sessions, tables
from bot.ledger.agents import Agent, Role
from bot.ledger.database import Ledger
from tests.kit import START, rows, together

SECOND = timedelta(seconds=1)


def add(ledger: Ledger, login: str = "budi") -> Agent:
    made = ledger.transact(agents.add, login, "Budi", Role.AGENT, "", "a-hash", START)
    assert made is not None
    return made


def kinds(ledger: Ledger) -> list[str]:
    return [row.kind for row in rows(ledger, tables.audit, tables.audit.c.id)]


def test_a_login_is_given_once_even_at_the_same_moment(ledger: Ledger) -> None:
    job = lambda: ledger.transact(  # noqa: E731
        agents.add, "budi", "Budi", Role.AGENT, "", "a-hash", START
    )
    made = together([job] * 4)
    assert sum(one is not None for one in made) == 1
    assert kinds(ledger) == ["agent_added"]


def test_every_change_is_written_down_and_ends_sessions(ledger: Ledger) -> None:
    agent = add(ledger)
    changes = [
        lambda: ledger.transact(agents.set_password, agent.id, "another", START),
        lambda: ledger.transact(agents.reset_totp, agent.id, START),
        lambda: ledger.transact(agents.disable, agent.id, START),
    ]
    for change in changes:
        token = ledger.transact(sessions.start, agent.id, START)
        assert ledger.transact(agents.of_session, token, START) is not None
        change()
        assert ledger.transact(agents.of_session, token, START) is None
    ledger.transact(agents.enable, agent.id, START)
    assert kinds(ledger) == [
        "agent_added", "password_changed", "totp_reset", "agent_disabled", "agent_enabled",
    ]  # fmt: skip
    assert {row.agent_id for row in rows(ledger, tables.audit)} == {agent.id}


def test_tries_at_the_same_moment_are_all_counted(ledger: Ledger) -> None:
    add(ledger)
    tries = together(
        [lambda: ledger.transact(logins.attempt, "budi", False, START) for _ in range(8)]
    )
    assert all(tries)
    assert rows(ledger, tables.agent)[0].failures == 8


def test_the_lock_grows_and_a_sign_in_clears_it(ledger: Ledger) -> None:
    agent = add(ledger)
    now = START
    for minutes in (15, 30, 60):
        for _ in range(logins.FAILURES):
            assert ledger.transact(logins.attempt, "budi", False, now) is not None
        until = now + timedelta(minutes=minutes)
        assert ledger.transact(logins.attempt, "budi", False, until - SECOND) is None
        now = until
    assert kinds(ledger).count("login_locked") == 3
    ledger.transact(logins.succeeded, agent.id, now)
    kept = rows(ledger, tables.agent)[0]
    assert (kept.failures, kept.locked_until) == (0, None)
    assert logins.lock_for(1000) == timedelta(hours=4)


def test_a_code_is_used_once_even_at_the_same_moment(ledger: Ledger) -> None:
    agent, secret = add(ledger), pyotp.random_base32()
    ledger.transact(agents.set_totp, agent.id, secret, 0, START)
    code = pyotp.TOTP(secret).at(START)
    used = together(
        [lambda: ledger.transact(logins.use_code, agent.id, code, START) for _ in range(4)]
    )
    assert sorted(used) == [False, False, False, True]
    assert secret.encode() not in bytes(rows(ledger, tables.agent)[0].sealed_totp)


def test_a_code_is_good_for_one_step_around_now(ledger: Ledger) -> None:
    secret = pyotp.random_base32()
    totp = pyotp.TOTP(secret)
    present = int(START.timestamp()) // logins.STEP_SECONDS
    for away in (-1, 0, 1):
        code = totp.at(START + away * timedelta(seconds=30))
        assert logins.step_of(secret, code, START) == present + away
    assert logins.step_of(secret, totp.at(START - timedelta(seconds=90)), START) is None
    for nonsense in ("", "é", "1234567"):
        assert logins.step_of(secret, nonsense, START) is None


def test_sessions_are_listed_and_revoked_by_their_agent_only(ledger: Ledger) -> None:
    mine, other = add(ledger), add(ledger, "ani")
    tokens = [ledger.transact(sessions.start, mine.id, START + n * SECOND) for n in range(3)]
    listed = ledger.transact(sessions.of_agent, mine.id, START + 3 * SECOND)
    assert [one.created_at for one in listed] == [START + n * SECOND for n in (2, 1, 0)]
    assert not ledger.transact(agents.end_session, other.id, listed[0].key, START)
    assert ledger.transact(agents.end_session, mine.id, listed[0].key, START)
    assert not ledger.transact(agents.end_session, mine.id, listed[0].key, START)
    ledger.transact(agents.end_others, mine.id, listed[2].key, START)
    alive = [ledger.transact(sessions.find, token, START) is not None for token in tokens]
    assert alive == [True, False, False]


def test_a_session_in_use_is_written_once_a_minute_and_old_ones_go(ledger: Ledger) -> None:
    agent = add(ledger)
    token = ledger.transact(sessions.start, agent.id, START)
    for seconds, seen in ((59, START), (60, START + timedelta(seconds=60))):
        ledger.transact(sessions.find, token, START + timedelta(seconds=seconds))
        assert rows(ledger, tables.desk_session)[0].seen_at == seen
    ledger.transact(sessions.start, agent.id, START + timedelta(hours=13))
    assert len(rows(ledger, tables.desk_session)) == 1
