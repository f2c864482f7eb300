"""What the desk costs as tickets pile up: the queue, its counts, one ticket's sheet, the watch."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from bench.load import percentile
from bench.paths import PROJECT
from bench.table import Table
from bot.catalogue import Catalogue
from bot.ledger import migrate, tables
from bot.ledger.database import Ledger
from bot.privacy import Vault, new_key
from bot.templates import Templates
from bot.tickets import queue
from bot.tickets.changes import Changes
from bot.tickets.life import State, warning
from bot.tickets.queue import Filter
from bot.tickets.sheet import read_sheet
from bot.tickets.takeover import Takeover
from bot.tickets.watch import Watch
from bot.words import Words
from bot.worktime import WorkCalendar
from tests.servers import Postgres, programs

NAME = "desk"
TICKETS, QUICK = 100_000, 2_000
SEED = 20261123
_NOW = datetime(2026, 11, 23, 3, 0, tzinfo=timezone.utc)
_DAYS = 300
_AGENTS = 30
_COLUMNS = ("the desk asks for", "database", "tickets", "open", "p50 ms", "p95 ms", "times")
_REPEATS = 40
_BATCH = 5_000
#: How often a ticket of each state comes; the first four are open, a fifth of all.
_STATES = {
    State.NEW: 6, State.IN_PROGRESS: 8, State.WAITING: 4, State.FORWARDED: 2,
    State.RESOLVED: 2, State.CLOSED: 78,
}  # fmt: skip
Ask = Callable[[Ledger], object]


async def measure(quick: bool) -> Table:
    """Fill a ledger on each engine and ask it what the desk asks."""
    table = Table("Desk: the queue and one ticket, with many tickets in the ledger", _COLUMNS)
    tickets = QUICK if quick else TICKETS
    with _sqlite() as url:
        await asyncio.to_thread(_measure, table, "SQLite", url, tickets)
    found = programs()
    if found is None:
        table.notes.append("PostgreSQL: not measured, there is no server program here.")
    else:
        with _postgres(found) as url:
            await asyncio.to_thread(_measure, table, "PostgreSQL", url, tickets)
    table.notes += [
        "Each figure is one whole transaction on one thread, seals opened. A ticket has three "
        "events; a fifth is open. The watch looks once a minute "
        f"({_watching_repeats()} times here).",
        "All counts: those of twelve filters, one after the other, as the queue's head shows them.",
    ]
    return table


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="nindy-bench-") as folder:
        yield f"sqlite:///{folder}/ledger.db"


@contextmanager
def _postgres(found: Path) -> Iterator[str]:
    server = Postgres(found)
    try:
        server.create("bench")
        yield server.url("bench")
    finally:
        server.stop()


def _measure(table: Table, engine: str, url: str, tickets: int) -> None:
    ledger = Ledger(url, Vault([new_key().encode()], b"bench"))
    try:
        migrate.upgrade(ledger)
        agents, numbers = fill(ledger, tickets)
        opened = ledger.transact(queue.count, Filter())
        size = (engine, f"{tickets:,}", f"{opened:,}")
        for label, ask, times in _questions(agents[0], numbers):
            ask(ledger)
            spent = [_timed(ask, ledger) for _ in range(times)]
            table.rows.append(
                [label, *size, percentile(spent, 50), percentile(spent, 95), str(times)]
            )
    finally:
        ledger.close()


def _timed(ask: Ask, ledger: Ledger) -> float:
    began = time.perf_counter()
    ask(ledger)
    return 1000 * (time.perf_counter() - began)


def _watching_repeats() -> int:
    return max(_REPEATS // 8, 1)


def _questions(agent: str, numbers: list[str]) -> list[tuple[str, Ask, int]]:
    catalogue = Catalogue(PROJECT / "data/catalogue")
    calendar = WorkCalendar.load(PROJECT / "data/calendar")
    templates = Templates.load(PROJECT / "data/whatsapp/templates.yml")
    unit, chance = catalogue.unit(1), Random(SEED)
    words = Words(PROJECT / "domain.yml")
    changes = Changes(calendar, catalogue, words, templates)
    watch = Watch(calendar, catalogue, changes, Takeover(words), timedelta(minutes=15))
    filters = [
        Filter(), Filter(owner_id=agent), Filter(unassigned=True), Filter(unit=unit),
        Filter(due_before=_NOW), Filter(complaints=True),
        *(Filter(states=(state,)) for state in State),
    ]  # fmt: skip

    def page(wanted: Filter, start: int = 0) -> Ask:
        return lambda ledger: ledger.transact(queue.lines, wanted, start)

    def counts(ledger: Ledger) -> object:
        return [ledger.transact(queue.count, wanted) for wanted in filters]

    def one(ledger: Ledger) -> object:
        return ledger.transact(read_sheet, chance.choice(numbers))

    return [
        ("the first page", page(Filter()), _REPEATS),
        ("the page at 5,000", page(Filter(), 5_000), _REPEATS),
        ("the first page of one agent", page(Filter(owner_id=agent)), _REPEATS),
        ("the first page of one unit", page(Filter(unit=unit)), _REPEATS),
        ("the first page of what nobody has", page(Filter(unassigned=True)), _REPEATS),
        ("the first page of what is late", page(Filter(due_before=_NOW)), _REPEATS),
        ("the first page of complaints", page(Filter(complaints=True)), _REPEATS),
        ("the first page of what is closed", page(Filter(states=(State.CLOSED,))), _REPEATS),
        ("a number among the open", page(Filter(number=numbers[0][-6:])), _REPEATS),
        ("all counts", counts, _REPEATS),
        ("the supervisor's counts", lambda ledger: ledger.transact(queue.by_state), _REPEATS),
        ("one ticket's sheet", one, _REPEATS),
        ("the watch", lambda ledger: ledger.transact(watch.look, _NOW), _watching_repeats()),
    ]


def fill(ledger: Ledger, tickets: int) -> tuple[list[str], list[str]]:
    """Write invented agents, people and tickets.

    Returns:
        The agents' ids and the tickets' numbers.
    """
    chance, catalogue = Random(SEED), Catalogue(PROJECT / "data/catalogue")
    calendar = WorkCalendar.load(PROJECT / "data/calendar")
    agents = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(_AGENTS)]
    sealed = {
        "address": ledger.vault.seal({"user_id": "ID.x", "phone": None, "name": None}),
        "body": ledger.vault.seal({"text": "kenapa SP2D saya belum terbit", "choices": []}),
        "detail": ledger.vault.seal({"text": "sedang kami periksa"}),
        "content": ledger.vault.seal(_content()),
    }
    made = (_ticket(chance, number, agents, catalogue, calendar) for number in range(tickets))
    _insert(
        ledger,
        tables.agent,
        [
            {
                "id": id, "login": f"agent{n}", "name": f"Petugas {n}", "role": "agent",
                "unit": "", "failures": 0, "created_at": _NOW,
            }
            for n, id in enumerate(agents)
        ],
    )  # fmt: skip
    numbers: list[str] = []
    while batch := [row for row, _ in zip(made, range(_BATCH), strict=False)]:
        _write(ledger, batch, sealed)
        numbers += [row["number"] for row in batch]
    if ledger.engine.dialect.name == "postgresql":
        # As its autovacuum would; SQLite plans without statistics, as in Nindy.
        tidy = ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with tidy as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return agents, numbers


def _content() -> dict[str, Any]:
    return {
        "subject": "SP2D belum terbit",
        "chronology": "SPM sudah disetujui KPPN kemarin pagi, sampai sekarang SP2D belum terbit.",
        "name": "Siti", "email": "", "satker": "123456",
    }  # fmt: skip


def _ticket(
    chance: Random, place: int, agents: list[str], catalogue: Catalogue, calendar: WorkCalendar
) -> dict[str, Any]:
    state = chance.choices(list(_STATES), list(_STATES.values()))[0]
    # What is open is young.
    days = chance.expovariate(1 / 4) if state not in (State.RESOLVED, State.CLOSED) else _DAYS
    created = _NOW - timedelta(days=min(days, 60) if days < _DAYS else chance.uniform(3, _DAYS))
    service = chance.choice([None, *range(1, 21)])
    hours, is_new = catalogue.hours(service), state is State.NEW
    # Only what is open is watched.
    used = 0.0 if days >= _DAYS else calendar.working_minutes(created, _NOW) / (60 * hours)
    return {
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "number": f"{created:%Y%m%d}-{place:06X}",
        "channel": "whatsapp",
        "category": "tiket",
        "service": service,
        "unit": catalogue.unit(service),
        "state": state.value,
        "created_at": created,
        "updated_at": created,
        "due_at": calendar.due(created, hours),
        "version": 1,
        "owner_id": None if is_new else chance.choice(agents),
        "priority": int(chance.random() < 0.05),
        "candidates": [],
        "paused_at": created if state is State.WAITING else None,
        "warned": 0 if state is State.WAITING else warning(used),
        "resolved_at": _NOW if state in (State.RESOLVED, State.CLOSED) else None,
    }


def _write(ledger: Ledger, batch: list[dict[str, Any]], sealed: dict[str, bytes]) -> None:
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in ("inbox", "outbox", "event")}
    people, places = [], []
    for row in batch:
        at = row["created_at"]
        # Everybody has one ticket; its id serves as that of the person and the conversation.
        people.append(
            {"id": row["id"], "channel": "whatsapp", "sealed_address": sealed["address"],
             "created_at": at}
        )  # fmt: skip
        places.append({"id": row["id"], "person_id": row["id"], "version": 0})
        row |= {"conversation_id": row["id"], "sealed_content": sealed["content"]}
        for n in range(3):
            later = at + timedelta(minutes=5 * (n + 1))
            said["inbox"].append(
                {"message_key": f"{row['id']}{n}", "conversation_id": row["id"], "sent_at": later,
                 "received_at": later, "sealed_body": sealed["body"], "state": "done"}
            )  # fmt: skip
            said["outbox"].append(
                {"id": str(uuid.uuid4()), "position": n, "conversation_id": row["id"],
                 "sealed_body": sealed["body"], "state": "read", "next_at": later,
                 "created_at": later, "updated_at": later}
            )  # fmt: skip
            said["event"].append(
                {"ticket_id": row["id"], "at": later, "actor": f"agent:{row['owner_id']}",
                 "kind": "reply", "sealed_detail": sealed["detail"]}
            )  # fmt: skip
    _insert(ledger, tables.person, people)
    _insert(ledger, tables.conversation, places)
    _insert(ledger, tables.ticket, batch)
    _insert(ledger, tables.inbox, said["inbox"])
    _insert(ledger, tables.outbox, said["outbox"])
    _insert(ledger, tables.ticket_event, said["event"])


def _insert(ledger: Ledger, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(table.insert(), rows)
