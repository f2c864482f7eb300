"""History is only ever added to: no line of the code changes or deletes an event or an audit row.

One room may: `bot.personal` ends what its period is over for, and what somebody had erased.

The tests of tickets look at every statement, too (`tests.ticketing.append_only`).
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import PROJECT

HISTORY = {"ticket_event", "audit", "faq_event", "faq_revision", "consent", "broadcast_event"}
_SQL = re.compile(
    rf"\b(?:UPDATE|DELETE\s+FROM|TRUNCATE)\s+\W?(?:{'|'.join(sorted(HISTORY))})\b", re.I
)


def rewrites(source: str) -> list[str]:
    """The places of a module that change or delete history."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called, given = node.func, [ast.unparse(argument) for argument in node.args[:1]]
            name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
            table = [ast.unparse(called.value)] if isinstance(called, ast.Attribute) else []
            # Both `audit.update()` and `sa.update(audit)`.
            tables = {text.rpartition(".")[2] for text in table + given}
            if name in ("update", "delete") and tables & HISTORY:
                found.append(ast.unparse(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += _SQL.findall(node.value)
    return found


@pytest.mark.parametrize(
    "source",
    [
        "c.execute(audit.update().values(kind='x'))",
        "c.execute(tables.ticket_event.delete())",
        "c.execute(sa.delete(tables.audit))",
        "c.exec_driver_sql('delete from ticket_event')",
    ],
)
def test_a_rewritten_history_is_found(source: str) -> None:
    assert len(rewrites(source)) == 1


def test_what_adds_and_reads_is_allowed() -> None:
    assert rewrites("audit.insert(); sa.select(ticket_event); ticket.update(); {}.update(x)") == []


def test_nothing_rewrites_history() -> None:
    modules = [
        path
        for room in ("bot", "actions", "desk")
        for path in (PROJECT / room).rglob("*.py")
        if path.parent != PROJECT / "bot/personal"
    ]
    writers = [path for path in modules if "ticket_event.insert" in path.read_text("utf-8")]
    assert len(writers) >= 2
    assert {
        path.name: found for path in modules if (found := rewrites(path.read_text("utf-8")))
    } == {}
