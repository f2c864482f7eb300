"""Each role as a process of its own: alone, several of a kind, and restarted one after another."""

from __future__ import annotations

import asyncio
from itertools import cycle
from pathlib import Path

import aiohttp
import pytest

from tests.cluster import Cluster, database, redis_url
from tests.product import Product, free_port
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(600)]
ROLES = ("web", "worker", "sender", "desk", "sandbox")


async def test_every_role_runs_alone_on_the_defaults(model: Path, tmp_path: Path) -> None:
    """SQLite, no Redis: the processes find each other's work by looking."""
    cluster = Cluster(tmp_path, "", "")
    for name in ("DATABASE_URL", "REDIS_URL", "ENCRYPTION_KEYS", "INDEX_KEY"):
        del cluster.environment[f"NINDY_{name}"]
    # Here the sandbox is the product's own.
    cluster.sandbox_port = free_port()
    cluster.sandbox = f"http://127.0.0.1:{cluster.sandbox_port}"
    cluster.environment["NINDY_SANDBOX_PORT"] = str(cluster.sandbox_port)
    cluster.environment["NINDY_WHATSAPP_API_URL"] = f"{cluster.sandbox}/graph/v26.0"
    status = {name: free_port() for name in ("worker", "sender")}
    ports = [cluster.edge_port, cluster.desk_port, cluster.sandbox_port, *status.values()]
    async with aiohttp.ClientSession() as cluster.session:
        try:
            for name in ROLES:
                cluster.environment["NINDY_STATUS_PORT"] = str(status.get(name, 0))
                await cluster.up(name)
            assert "Nindy" in (await cluster.ask("siti", "halo", 60))["text"]
            for port in ports:
                for path in ("healthz", "readyz"):
                    async with cluster.session.get(f"http://127.0.0.1:{port}/{path}") as response:
                        assert response.status == 200, (port, path)
            for name, figure in (
                ("worker", "nindy_turn_seconds"),
                ("sender", "nindy_send_seconds"),
            ):
                url = f"http://127.0.0.1:{status[name]}/metrics"
                async with cluster.session.get(url) as response:
                    assert f"{figure}_count" in await response.text()
            async with cluster.session.get(f"{cluster.edge}/metrics") as response:
                assert response.status == 404
            for name in ROLES:
                assert await asyncio.to_thread(cluster.end, name) < 15
                assert cluster.processes[name].returncode == 0, cluster.said(name)[-2000:]
        finally:
            for name in cluster.processes:
                cluster.end(name)


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_rolling_restart_loses_and_doubles_nothing(
    model: Path, tmp_path: Path, postgres: Postgres, redis_server: Redis
) -> None:
    lines = ("halo", "menu", "Apa itu HAI-DJPb?", "batal", "terima kasih")
    people = [f"orang-{number}" for number in range(8)]
    workers, senders = ("worker-1", "worker-2"), ("sender-1", "sender-2")
    rolled = asyncio.Event()
    with database(postgres, "rolling") as url:
        async with Cluster(tmp_path, url, redis_url(redis_server)) as cluster:
            await cluster.up("web", *workers, *senders)

            async def talk(person: str) -> int:
                for number, line in enumerate(cycle(lines)):
                    if rolled.is_set():
                        return number
                    await cluster.ask(person, line, 90)
                    await asyncio.sleep(1)
                raise AssertionError("unreachable")

            talking = asyncio.gather(*(talk(person) for person in people))
            for name in (*senders, *workers):
                took = await asyncio.to_thread(cluster.end, name)
                assert took < 15
                assert cluster.processes[name].returncode == 0, cluster.said(name)[-2000:]
                await cluster.up(name)
            rolled.set()
            for person, number in zip(people, await talking, strict=True):
                await _once_and_in_order(cluster, person, number)


async def _once_and_in_order(product: Product, person: str, lines: int) -> None:
    chat = await product.chat(person)
    written = [entry["wamid"] for entry in chat if entry["from"] == "person"]
    answered = [entry["context"] for entry in chat if entry["from"] == "nindy"]
    assert answered == written and len(written) == lines


def test_the_roles_are_known_to_the_command() -> None:
    from bot.cli import _parser
    from bot.run import ROLES as known

    assert set(known) == set(ROLES)
    for role in ROLES:
        assert _parser().parse_args([role]).role == role
