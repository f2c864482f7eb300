"""What the desk costs as tickets pile up: the queue, its counts, one ticket's sheet, the watch."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

import sqlalchemy as sa

from bench.ledgers import POSTGRES, SQLITE, Ask, insert, opened, tidy, timed
from bench.load import percentile
from bench.paths import PROJECT
from bench.table import Table
from bot.catalogue import Catalogue
from bot.ledger import tables
from bot.ledger.database import Ledger
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

NAME = "desk"
TICKETS = 100_000
"""Beyond these they are copies: a year has fewer."""
_QUICK = ((SQLITE, 2_000), (POSTGRES, 2_000))
_FULL = ((SQLITE, TICKETS), (POSTGRES, TICKETS), (POSTGRES, 10 * TICKETS))
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


async def measure(quick: bool) -> Table:
    """Fill a ledger on each engine and ask it what the desk asks."""
    table = Table("Desk: the queue and one ticket, with many tickets in the ledger", _COLUMNS)
    for engine, tickets in _QUICK if quick else _FULL:
        with opened(engine) as ledger:
            if ledger is None:
                table.notes.append(f"{engine}: not measured, there is no program here.")
            else:
                await asyncio.to_thread(_measure, table, engine, ledger, tickets)
    table.notes += [
        "Each figure is one whole transaction on one thread, seals opened. A ticket has three "
        "events; a fifth is open. The watch looks once a minute "
        f"({_watching_repeats()} times here).",
        "All counts: those of twelve filters, one after the other, as the queue's head shows them.",
    ]
    return table


def _measure(table: Table, engine: str, ledger: Ledger, tickets: int) -> None:
    agents, numbers = fill(ledger, min(tickets, TICKETS))
    if tickets > TICKETS:
        multiply(ledger, tickets // TICKETS)
    tidy(ledger)
    opened_ = ledger.transact(queue.count, Filter())
    size = (engine, f"{tickets:,}", f"{opened_:,}")
    for label, ask, times in _questions(agents[0], numbers):
        ask(ledger)
        spent = [timed(ask, ledger) for _ in range(times)]
        table.rows.append([label, *size, percentile(spent, 50), percentile(spent, 95), str(times)])


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
    insert(
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
    return agents, numbers


def multiply(ledger: Ledger, times: int) -> None:
    """Copy every ticket until there are so many times as many.

    A copy has its person and its events; of what was said one message of each side.
    """
    for copy in range(1, times):
        for name in ("person", "conversation", "ticket", "inbox", "outbox", "ticket_event"):
            table = tables.metadata.tables[name]
            given = {
                column: _copied(column, copy)
                for column in table.c
                if not (column.primary_key and column.autoincrement is True)
            }
            rows = sa.select(*given.values()).where(_is_original(table))
            insert_ = table.insert().from_select([one.name for one in given], rows)
            with ledger.engine.begin() as connection:
                connection.execute(insert_)


def _copied(column: Any, copy: int) -> Any:
    # No id ends like this: theirs are hexadecimal. No number of the first has this digit.
    own = sa.func.substr(column, 1, 33).concat(f"x0{copy}")
    if column.name in ("id", "person_id", "conversation_id", "ticket_id"):
        return own
    if column.name == "message_key":
        return own.concat(sa.func.substr(column, 37))
    if column.name == "number":
        return sa.func.substr(column, 1, 9).concat(f"{copy}").concat(sa.func.substr(column, 11))
    return column


def _is_original(table: sa.Table) -> Any:
    ours = table.c.get("ticket_id", table.c.get("conversation_id", table.c.id))
    ours = table.c.id if table.name in ("person", "conversation", "ticket") else ours
    clauses = [sa.func.substr(ours, 34, 1) != "x"]
    if table.name == "outbox":
        clauses.append(table.c.position == 0)
    if table.name == "inbox":
        clauses.append(sa.func.substr(table.c.message_key, 37) == "0")
    return sa.and_(*clauses)


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
    insert(ledger, tables.person, people)
    insert(ledger, tables.conversation, places)
    insert(ledger, tables.ticket, batch)
    insert(ledger, tables.inbox, said["inbox"])
    insert(ledger, tables.outbox, said["outbox"])
    insert(ledger, tables.ticket_event, said["event"])
