"""Prometheus reaches every process that counts what the alerts and the dashboard ask for."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from bot.run import ROLES
from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
ALERTS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana/nindy.json").read_text("utf-8"))
EXPRESSIONS = [rule["expr"] for rule in ALERTS] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
OURS = {*ROLES} - {"sandbox"}
COUNTED_BY = {
    "nindy_edge_seconds": {"web"},
    "nindy_turn_seconds": {"worker"},
    "nindy_turn_waited_seconds": {"worker"},
    "nindy_decisions_total": {"worker"},
    "nindy_upstream_seconds": {"worker"},
    "nindy_upstream_breaker_open": {"worker"},
    "nindy_send_seconds": {"sender"},
}
"""Who counts what; what is not here stands in the ledger and is told by each."""


def scraped(name: str) -> dict[str, Any]:
    jobs = yaml.safe_load((DEPLOY / "prometheus" / name).read_text("utf-8"))["scrape_configs"]
    return dict(next(job for job in jobs if job["job_name"] == "nindy"))


def on_a_plain_machine() -> dict[str, list[str]]:
    return {
        one["labels"]["role"]: one["targets"] for one in scraped("prometheus.yml")["static_configs"]
    }


def in_containers() -> set[str]:
    return {name for one in scraped("compose.yml")["dns_sd_configs"] for name in one["names"]}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_asked_for_is_counted_by_who_is_asked(expression: str) -> None:
    for metric in re.findall(r"\bnindy_\w+", expression):
        family = re.sub(r"_(bucket|count|sum)$", "", metric)
        roles = COUNTED_BY.get(family, OURS)
        assert roles <= on_a_plain_machine().keys() and roles <= in_containers()


def test_every_unit_that_counts_has_a_door_of_its_own_and_is_asked_there() -> None:
    doors = {
        re.sub(r"nindy@|\.service\.d", "", path.parent.name): re.findall(
            r"^Environment=NINDY_STATUS_PORT=(\d+)$", path.read_text("utf-8"), re.M
        )
        for path in (DEPLOY / "systemd").glob("nindy@*.service.d/status.conf")
    }
    asked = on_a_plain_machine()
    assert asked.pop("desk") == ["127.0.0.1:8001"]
    for role, targets in asked.items():
        mine = [port for unit, port in sorted(doors.items()) if unit.split("-")[0] == role]
        assert [[target.rpartition(":")[2]] for target in targets] == mine
    every = [port for ports in doors.values() for port in ports]
    assert len(every) == len(set(every)) == len(doors)
    started = (PROJECT / "docs/deployment.md").read_text("utf-8")
    assert all(f"nindy@{unit}" in started for unit in doors)


def test_containers_are_asked_at_the_port_that_they_open() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    ours = {name: one for name, one in services.items() if one["image"] == "nindy"}
    assert in_containers() == ours.keys()
    (asked,) = scraped("compose.yml")["dns_sd_configs"]
    assert {one["environment"]["NINDY_STATUS_PORT"] for one in ours.values()} == {asked["port"]}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_many_processes_make_one_line(expression: str) -> None:
    """Or each process of which there are several would alarm, and draw, for itself."""
    assert re.match(r"(sum|max|histogram_quantile)\b|up\{", expression)
