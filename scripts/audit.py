"""``make audit``: asks what is known against the locked packages, Python's and Node's.

Where no data source answers it says so and passes, so that nobody without a network is stopped;
what is known and not accepted fails. Accepted is what `docs/dependencies.md` explains.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
_AUDITOR = "pip-audit>=2.7,<3"
_SECONDS = 900
_ID = re.compile(r"\b(CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3}|PYSEC-\d{4}-\d+)\b")


@dataclass
class Found:
    """What an audit came to.

    Attributes:
        asked: How many packages the data source answered for.
        known: What is known, one line each, by package; with all its ids.
    """

    asked: int = 0
    known: list[tuple[str, frozenset[str]]] = field(default_factory=list)


def accepted(page: str) -> frozenset[str]:
    """Return the ids that the page about dependencies explains."""
    return frozenset(_ID.findall(page))


def of_python(report: dict[str, Any]) -> Found:
    """Read what pip-audit wrote; packages that it skipped were not audited."""
    found = Found()
    for package in report["dependencies"]:
        if "vulns" not in package:
            continue
        found.asked += 1
        for one in package["vulns"]:
            ids = frozenset({one["id"], *one.get("aliases", ())})
            found.known.append((f"{package['name']} {package['version']}", ids))
    return found


def of_node(report: dict[str, Any]) -> Found:
    """Read what npm wrote; without a data source there is nothing but an error."""
    if "vulnerabilities" not in report:
        return Found()
    found = Found(asked=report.get("metadata", {}).get("dependencies", {}).get("total", 1))
    for name, package in report["vulnerabilities"].items():
        for via in package["via"]:
            if isinstance(via, dict):
                ids = frozenset(_ID.findall(via.get("url", ""))) or frozenset({via["title"]})
                found.known.append((name, ids))
    return found


def main() -> None:
    """Audit both; end with 1 when something is known that is not accepted."""
    page = (PROJECT / "docs/dependencies.md").read_text(encoding="utf-8")
    fine = accepted(page)
    bad = 0
    for name, audit in (("Python", _python), ("Node", _node)):
        found = audit()
        if not found.asked:
            print(f"{name}: no data source answered; nothing was audited")
            continue
        news = [(package, ids) for package, ids in found.known if not ids & fine]
        print(f"{name}: {found.asked} packages audited, {len(found.known)} known, {len(news)} new")
        for package, ids in news:
            print(f"  {package}: {', '.join(sorted(ids))}")
        bad += len(news)
    if bad:
        print("Lift the package, or explain in docs/dependencies.md why it does not reach us.")
        sys.exit(1)


def _python() -> Found:
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        export = ("uv", "export", "--frozen", "--no-emit-project", "--no-hashes", "--quiet")
        listed.write_text(_run(*export))
        answer = _run(
            *("uv", "tool", "run", _AUDITOR, "--requirement", str(listed), "--no-deps"),
            *("--disable-pip", "--format", "json", "--progress-spinner", "off"),
        )
    return of_python(json.loads(answer)) if answer.startswith("{") else Found()


def _node() -> Found:
    answer = _run("npm", "audit", "--package-lock-only", "--json", folder=PROJECT / "webchat")
    return of_node(json.loads(answer)) if answer.startswith("{") else Found()


def _run(*words: str, folder: Path = PROJECT) -> str:
    try:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


if __name__ == "__main__":
    main()
