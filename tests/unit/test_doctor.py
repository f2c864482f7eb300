"""`nindy doctor` names what is wrong and its remedy; alerts ask only for what there is."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

from bot import cli, metrics
from bot.doctor import LEAST_SPACE, Doctor
from bot.errors import StartupError
from bot.finding import Finding
from bot.ledger import deliveries, duties, migrate, subscribers, tables
from bot.ledger.database import Ledger
from bot.personal.expiry import DUTY
from bot.privacy import new_key
from bot.settings import Settings
from tests.conftest import PROJECT
from tests.kit import START, answer, message, receive, sqlite_ledger, vault
from tests.servers import Redis
from tests.ticketing import Desk

RUNBOOK = (PROJECT / "docs/runbook.md").read_text(encoding="utf-8")
ALERTS = YAML(typ="safe").load(PROJECT / "deploy/prometheus/alerts.yml")["groups"][0]["rules"]
SECRETS = {f"whatsapp_{name}": name * 8 for name in ("app_secret", "verify_token", "access_token")}
DASHBOARD = json.loads((PROJECT / "deploy/grafana/nindy.json").read_text(encoding="utf-8"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with sqlite_ledger(tmp_path) as made:
        yield made


@pytest.fixture
async def edge() -> AsyncIterator[TestServer]:
    async def ok(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/readyz", ok)
    app.router.add_get("/healthz", ok)
    async with TestServer(app) as server:
        yield server


async def look(
    ledger: Ledger, tmp_path: Path, port: int, away: int = 1, after: float = 0, **more: str
) -> dict[str, Finding]:
    settings = Settings(
        **{
            "var_dir": tmp_path,
            "edge_port": port,
            "desk_port": away,
            "sandbox_port": port,
            "database_url": "sqlite://",
            **more,
        }
    )
    async with aiohttp.ClientSession() as session:
        now = START + timedelta(seconds=after)
        found = await Doctor(settings, ledger, session, now).look()
    return {one.about: one for one in found}


async def test_a_system_that_is_well(
    ledger: Ledger, tmp_path: Path, edge: TestServer, model: Path
) -> None:
    port = edge.port or 0
    found = await look(ledger, tmp_path, port, away=port)
    assert all(one.good for one in found.values()), [str(one) for one in found.values()]
    names = {"model", "calendar", "disk", "secrets", "database", "inbox", "outbox", "edge", "desk"}
    names |= {"tickets", "deliveries", "retention"}
    assert set(found) == names | {"WhatsApp", "SPAN", "SAKTI", "Digit"}


async def test_keys_that_others_can_read_are_named(
    ledger: Ledger, tmp_path: Path, edge: TestServer
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    keys.chmod(0o640)
    found = await look(ledger, tmp_path, edge.port or 0)
    assert not found["secrets"].good and f"chmod 600 {keys}" in found["secrets"].text
    keys.chmod(0o600)
    assert (await look(ledger, tmp_path, edge.port or 0))["secrets"].good


async def test_what_is_away_is_named(ledger: Ledger, tmp_path: Path, edge: TestServer) -> None:
    found = await look(ledger, tmp_path, edge.port or 0)
    assert not found["desk"].good and "is Nindy running?" in found["desk"].text
    assert found["edge"].good and found["SPAN"].good


async def test_roles_that_run_elsewhere_are_no_trouble_of_this_host(
    ledger: Ledger, tmp_path: Path, edge: TestServer
) -> None:
    port = edge.port or 0
    shared = {"database_url": "postgresql+psycopg2:///x", "host": "0.0.0.0", **SECRETS}
    found = await look(ledger, tmp_path, 1, status_port=str(port), **shared)
    assert found["edge"].good and "runs on another host" in found["edge"].text
    assert found["desk"].good and "http://127.0.0.1:1/" in found["desk"].text
    assert (
        str(found["this process"])
        == f"ok   this process: http://127.0.0.1:{port}/readyz answers 200"
    )
    found = await look(ledger, tmp_path, port, status_port="2", **shared)
    assert not found["this process"].good and found["edge"].text.endswith("answers 200")


def test_what_is_here_is_told_by_the_ledger_whoever_has_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"var_dir": tmp_path, "encryption_keys": new_key(), "index_key": "x" * 32}
    with pytest.raises(StartupError, match="nothing is here yet"):
        asyncio.run(cli._examine(Settings(**given)))
    (tmp_path / "nindy.db").touch()
    assert any(one.about == "database" for one in asyncio.run(cli._examine(Settings(**given))))


async def test_a_redis_that_is_away_is_named(
    ledger: Ledger, tmp_path: Path, edge: TestServer
) -> None:
    found = await look(ledger, tmp_path, edge.port or 0, redis_url="redis://127.0.0.1:1/0")
    assert not found["Redis"].good and '"Redis is away"' in found["Redis"].text


@pytest.mark.redis
async def test_a_redis_that_answers_is_well(
    ledger: Ledger, tmp_path: Path, edge: TestServer, redis_server: Redis
) -> None:
    found = await look(ledger, tmp_path, edge.port or 0, redis_url=redis_server.url)
    assert found["Redis"].good


async def test_what_waits_too_long_is_named_with_its_reason(
    ledger: Ledger, tmp_path: Path, edge: TestServer
) -> None:
    receive(ledger, message(1))
    answer(ledger, "halo")
    receive(ledger, message(2))
    with ledger.engine.begin() as connection:
        connection.execute(tables.outbox.update().values(error_code=190))
    port = edge.port or 0
    assert (await look(ledger, tmp_path, port))["inbox"].good
    found = await look(ledger, tmp_path, port, after=600)
    assert str(found["inbox"]).startswith("BAD  inbox: 1 wait, the oldest for 10 min")
    assert "error 190 (account)" in found["outbox"].text


async def test_events_that_were_given_up_are_named(
    ledger: Ledger, tmp_path: Path, edge: TestServer
) -> None:
    ledger.transact(subscribers.set_crm, True, START)
    Desk(ledger).open()
    [parcel] = ledger.transact(deliveries.take, START, {}, 4)
    assert (await look(ledger, tmp_path, edge.port or 0))["deliveries"].good
    ledger.transact(deliveries.dead, parcel, "timeout", START)
    found = (await look(ledger, tmp_path, edge.port or 0))["deliveries"]
    assert not found.good and found.text.startswith("0 wait, 1 were given up")


async def test_retention_that_is_not_applied_is_named(
    ledger: Ledger, tmp_path: Path, edge: TestServer
) -> None:
    port = edge.port or 0
    assert (await look(ledger, tmp_path, port))["retention"].good
    ledger.transact(duties.take, DUTY, "w1", START)
    ledger.transact(duties.done, DUTY, "w1", START)
    day = 24 * 3600
    assert (await look(ledger, tmp_path, port, after=2 * day))["retention"].good
    found = (await look(ledger, tmp_path, port, after=2 * day + 1))["retention"]
    assert not found.good and "Data are kept too long" in found.text


async def test_a_database_that_is_behind_or_gone_is_a_finding(
    tmp_path: Path, edge: TestServer
) -> None:
    empty = Ledger(f"sqlite:///{tmp_path}/empty.db", vault())
    found = await look(empty, tmp_path, edge.port or 0)
    assert "start Nindy once" in found["database"].text and "is the database up?" in str(
        found["backlog"]
    )
    empty.close()


async def test_a_full_disk_is_a_finding(
    ledger: Ledger, tmp_path: Path, edge: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = LEAST_SPACE

    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage)
    found = await look(ledger, tmp_path, edge.port or 0)
    assert not found["disk"].good and "make room" in found["disk"].text


def test_the_doctor_knows_the_newest_revision(ledger: Ledger) -> None:
    have, want = ledger.transact(migrate.revisions)
    with ledger.engine.begin() as connection:
        stamped = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    assert have == want == stamped


def expressions() -> list[str]:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in ALERTS] + panels


@pytest.mark.parametrize("expression", expressions())
def test_alerts_and_dashboard_ask_only_for_what_there_is(expression: str) -> None:
    assert metrics.TURN is not None
    known = {
        f"{metric.name}{end}"
        for metric in REGISTRY.collect()
        for end in ("", "_bucket", "_count", "_sum", "_total")
    }
    asked = set(re.findall(r"\bnindy_\w+", expression))
    assert asked <= known, asked - known
    assert asked or "up{" in expression


@pytest.mark.parametrize("page", [rule["annotations"]["runbook"] for rule in ALERTS])
def test_every_alert_has_its_page_in_the_runbook(page: str) -> None:
    assert f"\n## {page}\n" in RUNBOOK


def test_every_page_that_the_doctor_names_is_there() -> None:
    text = (PROJECT / "bot/doctor.py").read_text(encoding="utf-8")
    named = re.findall(r'\{RUNBOOK\}, "([^"]+)"', text.replace('\\"', '"'))
    assert len(named) >= 4
    for page in named:
        assert f"\n## {page}\n" in RUNBOOK
