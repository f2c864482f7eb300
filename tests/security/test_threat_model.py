"""The threat model names only tests that there are."""

from __future__ import annotations

import ast
import re

from tests.conftest import PROJECT

PAGE = (PROJECT / "docs/threat-model.md").read_text(encoding="utf-8")
_TEST = re.compile(r"`(tests/[^`:]+)(?:::(\w+))?`")


def names(path: str) -> set[str]:
    """The tests of a module, those in classes too."""
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_every_test_that_the_page_names_exists() -> None:
    found = _TEST.findall(PAGE)
    assert len(found) > 60
    for path, name in found:
        assert (PROJECT / path).exists(), path
        assert not name or name in names(path), f"{path}::{name}"


def test_every_threat_has_a_proof_or_a_duty() -> None:
    threats = [line.split(" | ") for line in PAGE.splitlines() if re.match(r"\| [STRIDE] \|", line)]
    assert len(threats) > 50
    for threat in threats:
        assert len(threat) == 4, threat
        assert re.search(r"`tests/|\]\(|duty", threat[3]), threat


def test_every_file_of_this_folder_is_named() -> None:
    for path in (PROJECT / "tests/security").glob("test_*.py"):
        assert f"tests/security/{path.name}" in PAGE
