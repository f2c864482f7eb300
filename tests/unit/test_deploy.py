"""What lies under deploy/ names only roles and settings that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.channels.webchat import uploads
from bot.run import ROLES
from bot.settings import Settings
from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
UNIT = (DEPLOY / "systemd/nindy@.service").read_text(encoding="utf-8")
ELSEWHERE = {"PUBLIC_HOST", "DESK_HOST", "WEB", "WEB_PORT", "DESK", "DESK_PORT"}
"""Of the proxy, not of Nindy."""


@pytest.mark.parametrize("path", sorted(p for p in DEPLOY.rglob("*") if p.is_file()), ids=str)
def test_every_setting_exists(path: Path) -> None:
    names = set(re.findall(r"NINDY_([A-Z_]+)", path.read_text(encoding="utf-8")))
    known = {name.upper() for name in Settings.__fields__} | ELSEWHERE
    assert names <= known


def test_what_the_outside_needs_is_told_to_who_installs() -> None:
    guide = (PROJECT / "docs/deployment.md").read_text(encoding="utf-8")
    example = (DEPLOY / "nindy.env.example").read_text(encoding="utf-8")
    assert {f"`NINDY_{name}`" for name in ELSEWHERE} <= set(re.findall(r"`NINDY_[A-Z_]+`", guide))
    for name in ("NINDY_WEBCHAT_ORIGINS", "NINDY_TRUSTED_PROXIES", "NINDY_DESK_URL"):
        assert re.search(rf"^{name}=", example, re.M) and f"`{name}`" in guide


def test_the_proxy_waits_for_an_upload_as_long_as_the_edge() -> None:
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    seconds = re.search(r"^\s*read_body (\d+)s$", caddy, re.M)
    assert seconds is not None and int(seconds[1]) > uploads._SECONDS


def test_containers_run_every_role_but_the_sandbox() -> None:
    ours = [service for service in SERVICES.values() if service["image"] == "nindy"]
    assert {role for service in ours for role in service["command"]} == {*ROLES} - {"sandbox"}
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours)
    assert all("ports" not in service for service in ours), "only the proxy is reachable"


def test_the_image_holds_what_the_program_reads() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = {
        part for line in re.findall(r"^COPY (?!--)(.*) \S+$", text, re.M) for part in line.split()
    }
    packages = {"bot", "actions", "desk", "sandbox", "data"}
    files = {"config.yml", "domain.yml", "pyproject.toml", "uv.lock"}
    assert packages | files <= copied
    kept = (PROJECT / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in packages} <= set(kept)


def test_a_stop_is_waited_for() -> None:
    seconds = re.search(r"^TimeoutStopSec=(\d+)$", UNIT, re.M)
    assert seconds is not None and int(seconds[1]) > 15
    ours = [service for service in SERVICES.values() if service["image"] == "nindy"]
    assert {service["stop_grace_period"] for service in ours} == {"20s"}


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is missing on this machine")
    # The user of the service is not on this machine.
    here = re.sub(r"^(User|Group)=.*\n", "", UNIT, flags=re.M)
    unit = tmp_path / "nindy@worker-1.service"
    unit.write_text(here, encoding="utf-8")
    shutil.copy(DEPLOY / "systemd/nindy.target", tmp_path)
    found = subprocess.run([program, "verify", unit], capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stderr) == (0, "")
