"""Removes what is older than its period: small batches, by one process at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.attachments.files import Files
from bot.clock import Clock
from bot.ledger import duties
from bot.ledger.database import Ledger
from bot.ledger.tables import audit
from bot.personal.periods import Periods
from bot.personal.rules import RULES, Rule
from bot.personal.walk import Key, after, as_value, key_of
from bot.privacy import Vault

log = logging.getLogger(__name__)

DUTY = "retention"
AT_ONCE = 200
"""Rows that one transaction looks at."""
_REST = 0.02
"""Seconds between two transactions: turns and webhooks go first."""


@dataclass(frozen=True)
class Batch:
    """What one transaction did.

    Attributes:
        last: The key of the last row that was looked at; None when there are no more.
        removed: How many rows of the rule's table went.
        files: Ids of files whose bytes are to be dropped.
    """

    last: Key | None
    removed: int
    files: list[str]


async def expire(
    ledger: Ledger, files: Files, periods: Periods, owner: str, clock: Clock, rest: float = _REST
) -> Counter[str] | None:
    """Remove everything whose period is over.

    Args:
        ledger: Where it is.
        files: Where its files are.
        periods: How long each kind is kept.
        owner: This process's name.
        clock: The time.
        rest: Seconds between two transactions.

    Returns:
        How many rows went, by rule; None when another process is at it.
    """
    removed: Counter[str] = Counter()
    for name, rule in RULES.items():
        last = None
        while True:
            batch = await ledger.run(_step, rule, periods.of[name].length, last, owner, clock())
            if batch is None:
                return None
            for id in batch.files:
                await files.drop(id)
            removed[name] += batch.removed
            last = batch.last
            if last is None:
                break
            await asyncio.sleep(rest)
    await ledger.run(_finish, owner, clock(), bool(+removed))
    if +removed:
        log.info("what was kept long enough is removed", extra=dict(+removed))
    return +removed


def _step(
    connection: Connection,
    vault: Vault,
    rule: Rule,
    period: timedelta,
    last: Key | None,
    owner: str,
    now: datetime,
) -> Batch | None:
    if not duties.take(connection, vault, DUTY, owner, now):
        return None
    return remove_some(connection, vault, rule, now - period, last)


def remove_some(
    connection: Connection, vault: Vault, rule: Rule, before: datetime, last: Key | None
) -> Batch:
    """Remove what may go among the next rows after a key.

    It goes along the primary key, so that each step costs the same however much is kept.
    """
    key = key_of(rule.table)
    seen, following = after(connection, rule.table, (), last, AT_ONCE)
    due = connection.execute(
        sa.select(*rule.table.primary_key.columns)
        .where(key.in_([as_value(one) for one, _ in seen]), rule.since < before, rule.over)
        .with_for_update(skip_locked=True, of=rule.table)
    ).all()
    going = [as_value(Key(tuple(row))) for row in due]
    files: list[str] = []
    if going and rule.remove is not None:
        files = rule.remove(connection, vault, going)
    elif going:
        connection.execute(rule.table.delete().where(key.in_(going)))
    return Batch(following, len(going), files)


def _finish(connection: Connection, vault: Vault, owner: str, now: datetime, removed: bool) -> None:
    if removed:
        connection.execute(audit.insert().values(at=now, kind="expired"))
    duties.done(connection, vault, DUTY, owner, now)
