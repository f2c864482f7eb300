"""Judges who wants to sign in: counts first, compares then, and answers no in one way only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot import passwords
from bot.clock import Clock
from bot.ledger import logins
from bot.ledger.agents import Agent
from bot.ledger.database import Ledger
from bot.live.limits import Limit
from bot.live.rates import Rate, Rates
from desk.attempts import Attempts

_AT_ONCE = 2
"""Each comparison takes 64 MiB and a core for a moment."""
_FROM_ONE_PLACE = Rate(every=1.0, burst=60)
"""Passwords of one place that are compared, whatever the login.

Wide enough for an office that signs in at eight; a stranger cannot keep the others waiting."""


@dataclass(frozen=True)
class Whence:
    """Where a try comes from.

    Attributes:
        network: The place, as `bot.places` gives it.
        known_login: Who has signed in from this browser before, or empty.
        browser: The browser's own number, or empty.
    """

    network: str
    known_login: str = ""
    browser: str = ""

    def knows(self, login: str) -> bool:
        """Say whether this agent has signed in from this browser before."""
        return bool(self.browser) and self.known_login == login

    def place(self, login: str) -> str:
        """Return what tries for this login are counted under."""
        return f"browser {self.browser}" if self.knows(login) else self.network


class Login:
    """Judges passwords and codes.

    Args:
        ledger: Where the accounts are.
        now: The clock.
        rates: Where it is counted how much one place may try.
    """

    def __init__(self, ledger: Ledger, now: Clock, rates: Rates) -> None:
        self._ledger = ledger
        self._now = now
        self._attempts = Attempts()
        self._places = Limit(rates, ledger.vault.key, "desk-passwords", _FROM_ONE_PLACE)
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def is_flooded(self, login: str, whence: Whence) -> bool:
        """Count a try of this place, whatever the login; say whether there are too many."""
        return bool(await self._places.take(whence.place(login)))

    async def password(self, login: str, password: str, whence: Whence) -> Agent | None:
        """Return the agent when the password is right and no lock is shut."""
        found = await self._try(login, whence)
        stored = found.password_hash if found is not None else None
        async with self._gate:
            right = await asyncio.to_thread(passwords.matches, stored, password)
        if found is not None and right:
            return found.agent
        await self._refuse(login, found, whence)
        return None

    async def code(self, login: str, code: str, whence: Whence) -> Agent | None:
        """Return the agent when the code is right, not used before, and no lock is shut."""
        found = await self._try(login, whence)
        if found is not None and await self._ledger.run(
            logins.use_code, found.agent.id, code, self._now()
        ):
            return found.agent
        await self._refuse(login, found, whence)
        return None

    async def confirm(self, agent: Agent, password: str, whence: Whence) -> bool:
        """Say whether one who is signed in knows the password."""
        if await self.password(agent.login, password, whence) is None:
            return False
        self._attempts.clear(agent.login, whence.place(agent.login))
        await self._ledger.run(logins.cleared, agent.id)
        return True

    async def finish(self, agent: Agent, whence: Whence) -> str:
        """Open a session for one who has shown everything; return its token."""
        self._attempts.clear(agent.login, whence.place(agent.login))
        return await self._ledger.run(logins.succeeded, agent.id, self._now())

    async def _try(self, login: str, whence: Whence) -> logins.Try | None:
        if not self._attempts.count(login, whence.place(login), self._now()):
            return None
        return await self._ledger.run(logins.attempt, login, whence.knows(login), self._now())

    async def _refuse(self, login: str, found: logins.Try | None, whence: Whence) -> None:
        now = self._now()
        locked = self._attempts.locked(login, whence.place(login), now)
        agent_id = found.agent.id if found is not None else None
        await self._ledger.run(logins.failed, agent_id, locked and found is not None, now)
