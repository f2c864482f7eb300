"""Tickets for the desk's tests: somebody wrote, and a ticket was opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from bot.catalogue import Catalogue
from bot.channels.message import Inbound, Kind, Sender
from bot.faq import Entry
from bot.ledger import inbox, tables
from bot.ledger.database import Ledger
from bot.ledger.tickets import Content, NewTicket, open_ticket
from bot.live.wake import Wake
from bot.templates import Templates
from bot.tickets.changes import Changes
from bot.tickets.takeover import Takeover
from bot.words import Words
from bot.worktime import WorkCalendar
from desk.canned import read_canned, read_outside
from desk.live import Live
from desk.work import Work
from tests.broadcasting import BROADCASTS, WAVES
from tests.conftest import PROJECT
from tests.faq_desk import REVIEW
from tests.filing import store
from tests.kit import START, answer

NUMBER = "20261123-ABC234"
OTHER = "20261123-XYZ789"
DPA = "Direktorat Pelaksanaan Anggaran"
CATALOGUE = Catalogue(PROJECT / "data/catalogue")
CALENDAR = WorkCalendar.load(PROJECT / "data/calendar")
WORDS = Words(PROJECT / "domain.yml")
TEMPLATES = Templates.load(PROJECT / "data/whatsapp/templates.yml")
CHANGES = Changes(CALENDAR, CATALOGUE, WORDS, TEMPLATES)
TAKEOVER = Takeover(WORDS)
ANSWER = Entry(
    "uji", "uji", "Bagaimana cara mengunggah?", "Buka menu unggah.", "s", "Uji", "high", (), 2
)


def make_work(ledger: Ledger) -> Work:
    async def suggest(_text: str) -> list[Entry]:
        return [ANSWER]

    return Work(
        changes=CHANGES,
        takeover=TAKEOVER,
        calendar=CALENDAR,
        catalogue=CATALOGUE,
        canned=read_canned(PROJECT / "data/desk/balasan.yml"),
        outside=read_outside(PROJECT / "data/desk/tujuan.yml"),
        templates=TEMPLATES,
        suggest=suggest,
        wake=Wake(),
        live=Live(ledger),
        files=store(Path(str(ledger.engine.url.database)).parent, ledger.vault),
        review=REVIEW,
        edition=lambda: None,
        broadcasts=BROADCASTS,
        waves=WAVES,
    )


@dataclass
class Stage:
    """Puts people and tickets into a ledger."""

    ledger: Ledger
    said: int = 0

    def hear(
        self,
        text: str,
        at: datetime = START,
        who: str = "siti",
        kind: Kind = Kind.TEXT,
        type: str = "text",
    ) -> str:
        """A person writes; returns the conversation."""
        self.said += 1
        sender = Sender(user_id=f"ID.{who}", phone=f"62812{crc32(who.encode()):010d}", name=who)
        message = Inbound(
            "whatsapp", "1", f"wamid.{who}{self.said}", sender, at, kind, text, type=type
        )
        self.ledger.transact(inbox.receive, [message], at)
        if kind is not Kind.SILENT:
            answer(self.ledger, now=at)
        with self.ledger.engine.begin() as connection:
            return str(
                connection.execute(
                    sa.select(tables.inbox.c.conversation_id)
                    .order_by(tables.inbox.c.id.desc())
                    .limit(1)
                ).scalar_one()
            )

    def open(
        self,
        number: str = NUMBER,
        service: int | None = 2,
        subject: str = "DIPA belum bisa direvisi",
        chronology: str = "Sudah dicoba dua kali.",
        at: datetime = START,
        who: str = "siti",
        channel: str = "whatsapp",
        **values: Any,
    ) -> str:
        """A ticket is opened; returns the conversation."""
        conversation = self.hear(chronology, at, who)
        content = Content(subject, chronology, "Siti Aminah", "siti@contoh.go.id", "029018")
        due = CALENDAR.due(at, CATALOGUE.hours(service))
        new = NewTicket(number, "tanya_nindy", service, content, at, due)
        self.ledger.transact(open_ticket, new, conversation, None, channel)
        self.set(number, **{"unit": CATALOGUE.unit(service), **values})
        return conversation

    def set(self, number: str, **values: Any) -> None:
        with self.ledger.engine.begin() as connection:
            connection.execute(
                tables.ticket.update().where(tables.ticket.c.number == number).values(**values)
            )

    def row(self, number: str = NUMBER) -> Any:
        with self.ledger.engine.begin() as connection:
            return connection.execute(
                sa.select(tables.ticket).where(tables.ticket.c.number == number)
            ).one()

    def texts(self) -> list[str]:
        """What is queued for people, oldest first."""
        with self.ledger.engine.begin() as connection:
            found = connection.execute(
                sa.select(tables.outbox.c.sealed_body).order_by(tables.outbox.c.position)
            )
            return [self.ledger.vault.open(row.sealed_body)["text"] for row in found]


LATER = START + timedelta(minutes=5)
