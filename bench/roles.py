"""Each role as a process of its own: what a turn costs in which, on PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from bench import mix, quota, whatsapp
from bench.load import closed, for_seconds, percentile
from bench.paths import environment
from bench.processes import NotStarted, Program, free_port, process_cpu
from bench.product import READY
from bench.table import Table
from bot.privacy import new_key
from tests.servers import Postgres, Redis, programs

NAME = "roles"
ROLES, SENDERS = ("web", "worker", "sender"), 16
SHARE = 0.25
"""Of a core, that each worker may use where the sharing of work is measured."""
_COLUMNS = (
    "workers", "cores each may use", "turns/s", "ack p50 ms", "ack p99 ms",
    "reply p50 ms", "reply p95 ms", "web CPU ms/turn", "worker CPU ms/turn",
    "sender CPU ms/turn", "PostgreSQL CPU ms/turn", "Redis CPU ms/turn", "failed",
)  # fmt: skip
_PATIENCE = 240.0
_NINDY = (sys.executable, "-c", "from bot.cli import main; main()")


async def measure(quick: bool) -> Table:
    """Load one edge, one sender and one or two workers."""
    seconds = 5.0 if quick else 15.0
    table = Table("Roles: a process for each, PostgreSQL and Redis beside them", _COLUMNS)
    for workers, share in ((1, None), (2, None), (1, SHARE), (2, SHARE)):
        if share is not None and not quota.possible():
            table.notes.append("This machine lets us hold no process to a part of a core.")
            break
        async with cluster(workers) as made:
            with made.held(share):
                table.rows.append(await _row(made, workers, share, seconds))
            memory = {name: f"{program.memory():.0f}" for name, program in made.programs.items()}
            table.notes.append(
                f"{workers} worker(s): RSS in MB {memory}; {made.bytes_each():,.0f} bytes of "
                "tables and indexes for a turn."
            )
    table.notes += [
        f"{SENDERS} people, each waits for the reply, then writes again (webhook to reply at "
        f"WhatsApp), for {seconds:.0f} s after a warm-up; up to {whatsapp.PER_SECOND} replies/s "
        "are allowed.",
        "WhatsApp would also tell up to three states of each reply; the bench tells none.",
        f"Held to {SHARE} of a core each, workers show whether the work can be shared; without "
        "that they, the edge, the sender, the database and the bench share the cores.",
        "CPU depends least on what else the machine does; rates depend on it very much.",
    ]
    return table


@dataclass
class Cluster:
    """The processes, and WhatsApp around them."""

    programs: dict[str, Program]
    postgres: Postgres
    redis: Redis
    graph: whatsapp.Graph
    webhooks: whatsapp.Webhooks
    empty: float
    acks: list[float] = field(default_factory=list)
    turns: int = 0

    async def exchange(self, person: int, text: str, patience: float = 30) -> bool:
        """Send a message and wait for its reply."""
        wamid, body = whatsapp.text(person, text)
        answered = self.graph.answer_to(wamid)
        began = time.perf_counter()
        good = await self.webhooks.post(body, whatsapp.signed(body))
        self.acks.append((time.perf_counter() - began) * 1000)
        await asyncio.wait_for(answered, patience)
        self.turns += 1
        return good

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each kind of process so far."""
        used = dict.fromkeys(ROLES, 0.0)
        for name, program in self.programs.items():
            used[name.partition("-")[0]] += program.cpu()
        return {
            **used,
            "postgres": process_cpu(self.postgres.process.pid),
            "redis": process_cpu(self.redis.pid),
        }

    @contextmanager
    def held(self, share: float | None) -> Iterator[None]:
        """Let each worker use only so much of a core; None is as much as it likes."""
        workers = [one.pid for name, one in self.programs.items() if name.startswith("worker")]
        with quota.held(workers if share else [], share or 1.0):
            yield

    def bytes_each(self) -> float:
        """What a turn leaves in the database."""
        return (_stored(self.postgres) - self.empty) / self.turns


def _stored(postgres: Postgres) -> float:
    """Bytes of all tables with their indexes."""
    engine = sa.create_engine(postgres.url("nindy"))
    size = "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables"
    with engine.connect() as connection:
        found = connection.execute(sa.text(size)).scalar()
    engine.dispose()
    return float(found)


async def _row(
    made: Cluster, workers: int, share: float | None, seconds: float
) -> list[float | int | str]:
    people, texts = itertools.count(1), mix.questions()
    talks = [mix.visits(people, texts, number * 31) for number in range(SENDERS)]

    async def once(sender: int) -> bool:
        return await made.exchange(*next(talks[sender]))

    await closed(once, SENDERS, for_seconds(seconds / 3))
    made.acks.clear()
    before = made.cpu()
    result = await closed(once, SENDERS, for_seconds(seconds))
    turns = max(1, len(result.latencies))
    costs = [1000 * (used - before[name]) / turns for name, used in made.cpu().items()]
    return [
        workers, "–" if share is None else share, result.rate,
        percentile(made.acks, 50), percentile(made.acks, 99),
        result.percentile(50), result.percentile(95), *costs, result.failed,
    ]  # fmt: skip


@asynccontextmanager
async def cluster(workers: int) -> AsyncIterator[Cluster]:
    """Start everything and end it."""
    server, redis_program = programs(), shutil.which("redis-server")
    if server is None or redis_program is None:
        raise NotStarted("PostgreSQL or redis-server is not on this machine")
    postgres, redis = Postgres(server), Redis(redis_program)
    graph, edge, graph_port = whatsapp.Graph(), free_port(), free_port()
    nowhere = f"http://127.0.0.1:{free_port()}"
    webhooks = whatsapp.Webhooks(f"http://127.0.0.1:{edge}/webhooks/whatsapp")
    started: dict[str, Program] = {}
    try:
        postgres.create("nindy")
        await graph.start(graph_port)
        with tempfile.TemporaryDirectory(prefix="nindy-bench-") as made:
            settings = environment(
                NINDY_VAR_DIR=Path(made) / "var",
                NINDY_DATABASE_URL=postgres.url("nindy"),
                NINDY_REDIS_URL=redis.url,
                NINDY_ENCRYPTION_KEYS=new_key(),
                NINDY_INDEX_KEY="an index key of the bench, for nothing else",
                NINDY_EDGE_PORT=edge,
                NINDY_WHATSAPP_API_URL=f"http://127.0.0.1:{graph_port}/v26.0",
                NINDY_WHATSAPP_PHONE_NUMBER_ID=whatsapp.NUMBER,
                NINDY_WHATSAPP_APP_SECRET=whatsapp.SECRET,
                NINDY_WHATSAPP_VERIFY_TOKEN=whatsapp.TOKEN,
                NINDY_WHATSAPP_ACCESS_TOKEN=whatsapp.TOKEN,
                NINDY_WHATSAPP_PER_SECOND=whatsapp.PER_SECOND,
                NINDY_SPAN_URL=nowhere,
                NINDY_SAKTI_URL=nowhere,
                NINDY_DIGIT_URL=nowhere,
            )
            for name in ("web", "sender", *(f"worker-{n}" for n in range(workers))):
                command = (*_NINDY, name.partition("-")[0])
                started[name] = Program.start(name, command, Path(made), settings)
            for name, program in started.items():
                said = READY if name.startswith("worker") else "is up."
                await asyncio.to_thread(program.wait_for, said, _PATIENCE)
            yield Cluster(started, postgres, redis, graph, webhooks, _stored(postgres))
    finally:
        await webhooks.close()
        for program in started.values():
            program.stop()
        await graph.stop()
        redis.remove()
        postgres.stop()
