"""Goes along a table by its primary key, so that each step costs the same however long it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class Key:
    """The primary key of a row."""

    values: tuple[Any, ...]

    def is_row(self, table: sa.Table) -> list[Any]:
        """Return the conditions that it is this row of the table."""
        columns = table.primary_key.columns
        return [column == value for column, value in zip(columns, self.values, strict=True)]


def key_of(table: sa.Table) -> Any:
    """Return the primary key as one value to compare."""
    columns = list(table.primary_key.columns)
    return columns[0] if len(columns) == 1 else sa.tuple_(*columns)


def as_value(key: Key) -> Any:
    """Return a key as what `key_of` is compared with."""
    return key.values[0] if len(key.values) == 1 else key.values


def after(
    connection: Connection, table: sa.Table, columns: Sequence[Any], last: Key | None, limit: int
) -> tuple[list[tuple[Key, Mapping[str, Any]]], Key | None]:
    """Return the next rows after a key with some of their columns.

    Returns:
        Each row with its key, and the key to go on after; None when there are no more.
    """
    primary = list(table.primary_key.columns)
    more = [column for column in columns if column not in set(primary)]
    found = sa.select(*primary, *more).order_by(*primary).limit(limit)
    if last is not None:
        found = found.where(key_of(table) > as_value(last))
    rows = [
        (Key(tuple(row)[: len(primary)]), row._mapping) for row in connection.execute(found).all()
    ]
    return rows, rows[-1][0] if len(rows) == limit else None
