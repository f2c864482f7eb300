"""Tries to sign in, counted per account and per place they come from, in this process.

Ten tries without success lock this place out of this account for 15 minutes, ten more for 30, and
so on up to four hours; nobody else is held. A place is an address (of IPv6, the network), or a
browser from which the agent has signed in before, which thereby stays apart from strangers behind
the same address. Logins that do not exist are counted just so: the lock tells nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ledger.logins import lock_for

FAILURES = 10
_MOST = 20_000
_FORGOTTEN = timedelta(hours=24)


@dataclass
class _Count:
    failures: int
    last: datetime
    locked_until: datetime | None = None


class Attempts:
    """The counts; a restart forgets them, the ledger's wide net (`bot.ledger.logins`) does not."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def count(self, login: str, place: str, now: datetime) -> bool:
        """Count a try; say whether it may be judged. A try in vain at a lock is not counted."""
        found = self._counts.get((login, place))
        if found is None or now - found.last > _FORGOTTEN:
            found = _Count(0, now)
        elif found.locked_until is not None and found.locked_until > now:
            return False
        found.failures += 1
        found.last = now
        if found.failures % FAILURES == 0:
            found.locked_until = now + lock_for(found.failures // FAILURES)
        self._counts[(login, place)] = found
        self._counts.move_to_end((login, place))
        if len(self._counts) > _MOST:
            self._counts.popitem(last=False)
        return True

    def locked(self, login: str, place: str, now: datetime) -> bool:
        """Say whether further tries will not be judged."""
        found = self._counts.get((login, place))
        return found is not None and found.locked_until is not None and found.locked_until > now

    def clear(self, login: str, place: str) -> None:
        """Forget the tries of one who has signed in."""
        self._counts.pop((login, place), None)
