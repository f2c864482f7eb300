"""What tests of tickets share: a desk with two agents, and one line to open or change a ticket."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.catalogue import Catalogue
from bot.channels.message import Inbound, Kind
from bot.clock import JAKARTA
from bot.ledger import inbox, tables, tickets
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket
from bot.ledger.unit_of_work import UnitOfWork
from bot.templates import Templates
from bot.tickets.changes import Changes
from bot.tickets.record import USER, Seen
from bot.tickets.takeover import Takeover
from bot.tickets.watch import Watch
from bot.turn.held import Held
from bot.words import Words
from bot.worktime import WorkCalendar
from tests.conftest import PROJECT
from tests.kit import START, answer, parse_nothing, rows, siti

CATALOGUE = Catalogue(PROJECT / "data/catalogue")
CALENDAR = WorkCalendar.load(PROJECT / "data/calendar")
WORDS = Words(PROJECT / "domain.yml")
TEMPLATES = Templates.load(PROJECT / "data/whatsapp/templates.yml")
CHANGES = Changes(CALENDAR, CATALOGUE, WORDS, TEMPLATES)
TAKEOVER = Takeover(WORDS)
PATIENCE = timedelta(minutes=15)
WATCH = Watch(CALENDAR, CATALOGUE, CHANGES, TAKEOVER, PATIENCE)
BUTTON_KEY = b"buttons"


async def never(work: UnitOfWork) -> None:
    raise AssertionError("nobody is to be answered here")


HELD = Held(CHANGES, WORDS, never, parse_nothing, BUTTON_KEY)
BUDI, ANI = "agent:budi", "agent:ani"
NAMES = {"budi": "Budi Santoso", "ani": "Ani Lestari"}
SPAN_SERVICE, BROADCAST, COMPLAINT = 7, 13, 20
_REWRITES = re.compile(
    r"\b(?:UPDATE|DELETE\s+FROM|DROP\s+TABLE|TRUNCATE)\s+\W?"
    r"(?:ticket_event|audit|faq_event|faq_revision|consent|broadcast_event)\b",
    re.I,
)


def wib(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A moment of 2026; the tests begin on Monday, 23 November, 09.00."""
    return datetime(2026, month, day, hour, minute, tzinfo=JAKARTA)


@contextmanager
def append_only(ledger: Ledger) -> Iterator[None]:
    """Fail at any statement that changes or removes what once happened."""

    def look(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        assert not _REWRITES.search(statement), f"rewrites history: {statement}"

    sa.event.listen(ledger.engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        sa.event.remove(ledger.engine, "before_cursor_execute", look)


@dataclass
class Desk:
    """A ledger with agents, and what they do to tickets."""

    ledger: Ledger
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        with self.ledger.engine.begin() as connection:
            for id, name in NAMES.items():
                connection.execute(
                    tables.agent.insert().values(
                        id=id, login=id, name=name, role="agent", created_at=START
                    )
                )

    def hear(
        self,
        text: str = "halo",
        at: datetime = START,
        person: str = "siti",
        channel: str = "whatsapp",
        kind: Kind = Kind.TEXT,
        received: datetime | None = None,
        choice: str | None = None,
    ) -> None:
        """Take a message of a person, which is answered without a word."""
        self.receive(text, at, person, channel, kind, received, choice)
        if kind is not Kind.SILENT:
            answer(self.ledger, now=received or at)

    def receive(
        self,
        text: str,
        at: datetime = START,
        person: str = "siti",
        channel: str = "whatsapp",
        kind: Kind = Kind.TEXT,
        received: datetime | None = None,
        choice: str | None = None,
    ) -> None:
        """Take a message of a person that waits for its turn."""
        id = f"wamid.t{next(self._numbers)}"
        message = Inbound(channel, "1", id, siti(person), at, kind, text, choice)
        self.ledger.transact(inbox.receive, [message], received or at)

    def open(
        self,
        service: int | None = SPAN_SERVICE,
        at: datetime = START,
        person: str = "siti",
        channel: str = "whatsapp",
        subject: str = "SP2D belum terbit",
    ) -> str:
        """Let a person open a ticket; nothing is said to them."""
        self.receive("buat tiket", at, person, channel)
        due = CALENDAR.due(at, CATALOGUE.hours(service))
        content = Content(subject, "kronologi", "Siti", "siti@contoh.id", "123456")
        new = NewTicket(tickets.new_number(at), "tiket", service, content, at, due)
        answer(self.ledger, now=at, tickets=[new])
        return new.number

    def do(
        self,
        name: str,
        number: str,
        *args: Any,
        by: str = BUDI,
        at: datetime = START,
        version: int | None = None,
        **more: Any,
    ) -> None:
        """Make a change."""
        change = getattr(CHANGES, name, None) or getattr(TAKEOVER, name)
        self.ledger.transact(change, Seen(number, version, by, at), *args, **more)

    def answered(self, number: str, text: str = "ini buktinya", at: datetime = START) -> None:
        """Put a message of the person onto their ticket."""
        self.do("answered", number, text, None, by=USER, at=at)

    def row(self, number: str) -> Any:
        """The ticket as it stands."""
        return next(r for r in rows(self.ledger, tables.ticket) if r.number == number)

    def events(self, number: str) -> list[tuple[str, str, datetime, Any]]:
        """Kind, actor, moment and opened detail of all that happened after the opening."""
        id = self.row(number).id
        found = rows(self.ledger, tables.ticket_event, tables.ticket_event.c.id)
        opened, *others = [event for event in found if event.ticket_id == id]
        assert (opened.kind, opened.actor) == ("opened", "nindy")
        return [
            (e.kind, e.actor, e.at, self.ledger.vault.open(e.sealed_detail or nothing(self)))
            for e in others
        ]

    def told(self) -> list[dict[str, Any]]:
        """Every bubble that was queued, oldest first."""
        found = rows(self.ledger, tables.outbox, tables.outbox.c.position)
        return [self.ledger.vault.open(row.sealed_body) for row in found]

    def bubbles(self) -> list[tuple[str, str]]:
        """The words and the state of every bubble, oldest first."""
        found = rows(self.ledger, tables.outbox, tables.outbox.c.position)
        return [(self.ledger.vault.open(row.sealed_body)["text"], row.state) for row in found]

    def look(self, at: datetime) -> int:
        """Let the watch look at the clocks."""
        return self.ledger.transact(WATCH.look, at)


def nothing(desk: Desk) -> bytes:
    """A sealed detail that says nothing."""
    return desk.ledger.vault.seal(None)
