"""`make audit` and `make sbom`: what they make of what the tools say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts import audit
from tests.conftest import PROJECT, missing

PAGE = (PROJECT / "docs/dependencies.md").read_text(encoding="utf-8")


def test_pythons_report_is_read() -> None:
    report = {
        "dependencies": [
            {"name": "aiohttp", "version": "3.14.5", "vulns": []},
            {
                "name": "keras",
                "version": "2.12.0",
                "vulns": [{"id": "PYSEC-2024-1", "aliases": ["CVE-2024-3660"], "fix_versions": []}],
            },
            {"name": "rasa", "skip_reason": "not found"},
        ]
    }
    found = audit.of_python(report)
    assert found.asked == 2
    assert found.known == [("keras 2.12.0", frozenset({"PYSEC-2024-1", "CVE-2024-3660"}))]


def test_nodes_report_is_read() -> None:
    via = {"url": "https://example.org/GHSA-abcd-1234-efgh", "title": "x"}
    report: dict[str, Any] = {
        "vulnerabilities": {"esbuild": {"via": [via, "another"]}},
        "metadata": {"dependencies": {"total": 30}},
    }
    found = audit.of_node(report)
    assert found.asked == 30
    assert found.known == [("esbuild", frozenset({"GHSA-abcd-1234-efgh"}))]


def test_without_a_data_source_nothing_was_audited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    skipped = {"dependencies": [{"name": "rasa", "skip_reason": "not found"}]}
    assert audit.of_python(skipped).asked == 0
    assert audit.of_node({"error": {"summary": "405"}}).asked == 0
    monkeypatch.setattr(audit, "_run", lambda *_words, **_more: "")
    audit.main()
    assert capsys.readouterr().out.count("no data source answered; nothing was audited") == 2


def test_what_is_known_and_not_explained_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = min(audit.accepted(PAGE))
    news = audit.Found(1, [("keras 2.12.0", frozenset({accepted}))])
    monkeypatch.setattr(audit, "_python", lambda: news)
    monkeypatch.setattr(audit, "_node", lambda: audit.Found())
    audit.main()
    news.known.append(("aiohttp 3.14.5", frozenset({"CVE-2099-00001"})))
    with pytest.raises(SystemExit):
        audit.main()


def test_what_is_accepted_is_explained() -> None:
    lines = [line for line in PAGE.splitlines() if audit.accepted(line)]
    assert lines
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 4 and all(len(cell) > 3 for cell in cells), line


def test_the_bill_of_materials_names_what_is_locked(tmp_path: Path) -> None:
    program = shutil.which("uv") or shutil.which("uv", path=str(PROJECT / ".tools/bin"))
    if program is None:
        missing("uv")
    made = tmp_path / "sbom.json"
    target = subprocess.run(
        ["make", "--dry-run", "sbom", f"UV={program}"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    words = re.search(r"\S*uv export (.*?)> /dev/null", target.replace("\\\n", " "), re.S)
    assert words is not None, target
    given = [str(made) if word == "sbom.json" else word for word in words[1].split()]
    subprocess.run([str(program), "export", *given], cwd=PROJECT, capture_output=True, check=True)
    bill = json.loads(made.read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    lock = (PROJECT / "uv.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r'^\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"', lock, re.M))
    listed = {(one["name"], one["version"]) for one in bill["components"]}
    assert listed <= locked and {"rasa", "aiohttp", "cryptography"} <= {name for name, _ in listed}
    assert "pytest" not in {name for name, _ in listed}
    refs = {one["bom-ref"] for one in bill["components"]} | {
        bill["metadata"]["component"]["bom-ref"]
    }
    for one in bill["dependencies"]:
        assert {one["ref"], *one.get("dependsOn", ())} <= refs
    for one in bill["components"]:
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"
