"""How long everything is kept: ``data/privacy/retention.yml``, which has a line for every table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.datafile import load, only, take, wrong
from bot.ledger.tables import metadata
from bot.personal.rules import RULES

PATH = Path(__file__).resolve().parents[2] / "data/privacy/retention.yml"


@dataclass(frozen=True)
class Period:
    """How long the rows of a rule are kept.

    Attributes:
        days: Days.
        basis: Why they are kept at all, and why so long.
    """

    days: int
    basis: str

    @property
    def length(self) -> timedelta:
        """The days."""
        return timedelta(days=self.days)


@dataclass(frozen=True)
class Periods:
    """What is kept how long.

    Attributes:
        of: By the rule's name.
        together: Tables whose rows go with a row of another table.
        kept: Tables without a period, with the reason.
        erased: What a ticket is about once its person had themselves erased.
    """

    of: dict[str, Period]
    together: dict[str, str]
    kept: dict[str, str]
    erased: str

    @classmethod
    def load(cls, path: Path = PATH) -> Periods:
        """Read the file.

        Raises:
            DataError: A table is missing or named twice, or a period is none.
        """
        data = load(path)
        only(data, ("periods", "together", "kept", "erased"))
        periods, together = take(data, "periods", dict), take(data, "together", dict)
        kept = take(data, "kept", dict)
        only(periods, RULES)
        found = cls(
            {name: _period(periods, name) for name in RULES},
            {name: _table(together, name, take(together, name, str)) for name in together},
            {name: take(kept, name, str).strip() for name in kept},
            take(data, "erased", str),
        )
        _check_tables(data, found)
        return found


def _period(periods: Any, name: str) -> Period:
    node = take(periods, name, dict)
    only(node, ("days", "basis"))
    days, least = take(node, "days", int), RULES[name].least
    if days < least:
        raise wrong(node, f"{name} is needed for {least} days; write {least} or more", "days")
    return Period(days, take(node, "basis", str).strip())


def _table(node: Any, name: str, other: str) -> str:
    if other not in {rule.table.name for rule in RULES.values()}:
        raise wrong(node, f"'{other}' has no period; name a table that has one", name)
    return other


def _check_tables(data: Any, found: Periods) -> None:
    ruled = {rule.table.name for rule in RULES.values()}
    for part in ("together", "kept"):
        for name in data[part]:
            if name not in metadata.tables:
                raise wrong(data[part], f"there is no table '{name}'; remove the line", name)
            if name in ruled or (part == "kept" and name in found.together):
                raise wrong(data[part], f"'{name}' is named twice; keep one line", name)
    for name in metadata.tables:
        if name not in ruled | set(found.together) | set(found.kept):
            problem = (
                f"the table '{name}' has no line; say under 'periods' (with a rule in "
                "bot/personal/rules.py), 'together' or 'kept' how long its rows stay"
            )
            raise wrong(data, problem)
