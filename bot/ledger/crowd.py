"""Many senders at once: what `bot.ledger.people` does for one, with few statements for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.channels.message import Sender
from bot.ledger import people
from bot.ledger.database import some_at_once
from bot.ledger.people import Keys, Moved
from bot.ledger.tables import person
from bot.privacy import Vault

_COLUMNS = ("user_key", "phone_key")
# Made once: they are executed with every commit of messages.
_BY = {
    column: people.KNOWN.where(person.c[column].in_(sa.bindparam("keys", expanding=True)))
    for column in _COLUMNS
}


def find_or_create_all(
    connection: Connection,
    vault: Vault,
    who: Sequence[tuple[str, Sender]],
    now: datetime,
    moved: Moved = lambda _: None,
) -> list[str]:
    """Return the conversation ids of many senders, as if one had come after the other.

    Whoever shares neither id nor number nor person with another of them can wait for nobody, so
    these are looked up, and made if need be, together. The others come one after the other.
    """
    keys = {one: people.keys(vault, *one) for one in dict.fromkeys(who)}
    known = _known(connection, list(keys.values()))
    marks = {one: _marks(ours, known) for one, ours in keys.items()}
    times = Counter(chain.from_iterable(marks.values()))
    alone = [one for one, some in marks.items() if some and all(times[m] == 1 for m in some)]
    strangers = [one for one in alone if known.keys().isdisjoint(marks[one])]
    found = dict(zip(strangers, people.make(connection, vault, strangers, now), strict=True))
    for one in alone:
        row = _person(keys[one], known)
        if row is not None:
            people.link(connection, vault, one[0], row, one[1], now, moved)
            found[one] = str(row.conversation_id)
    return [
        found[one] if one in found else people.find_or_create(connection, vault, *one, now, moved)
        for one in who
    ]


def _known(connection: Connection, all_keys: list[Keys]) -> dict[str, sa.engine.Row]:
    """Return the persons whose ids and numbers these are, by these."""
    found = {}
    for column in _COLUMNS:
        for some in some_at_once([key for ours in all_keys if (key := ours[column])]):
            for row in connection.execute(_BY[column], {"keys": some}):
                found[row[column]] = row
    return found


def _marks(ours: Keys, known: dict[str, sa.engine.Row]) -> set[str]:
    """Return what a sender may share with another: keys, and the persons behind them."""
    some = {key for key in ours.values() if key}
    return some | {known[key].person_id for key in some if key in known}


def _person(ours: Keys, known: dict[str, sa.engine.Row]) -> sa.engine.Row | None:
    by_id, by_number = (known.get(ours[column] or "") for column in _COLUMNS)
    if by_id is None and by_number is not None and people.is_same(by_number, ours):
        return by_number
    return by_id
