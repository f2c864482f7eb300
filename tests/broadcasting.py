"""What tests of broadcasts share: agents, people who agreed, a request, and one line per step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from bot.broadcast import report
from bot.broadcast.changes import Broadcasts, Draft
from bot.broadcast.life import SERVICE, Seen
from bot.broadcast.report import Dossier
from bot.broadcast.texts import BroadcastTexts
from bot.broadcast.waves import Waves
from bot.channels.message import Inbound, Kind, Sender
from bot.ledger import consents, handover, inbox, outbox, tables, tickets
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from bot.ledger.handover import Outgoing
from bot.ledger.tickets import Content, NewTicket
from tests.conftest import PROJECT
from tests.kit import START
from tests.ticketing import CALENDAR, CATALOGUE

TEXTS = BroadcastTexts.load(PROJECT / "data/whatsapp/broadcast.yml")
BROADCASTS = Broadcasts(TEXTS, CATALOGUE)
WAVES = Waves(size=2, pause=timedelta(seconds=30), per_day=250)
NUMBER = "20261123-BCASTA"
HEAD_OFFICE, SATKER = 8, 1
OUTAGE = "hai_djpb_info_gangguan"
VALUES = {"layanan": "SPAN", "waktu": "pukul 08.00 WIB", "keterangan": "SPM belum bisa diunggah."}


def phone(name: str) -> str:
    """The number of a person; each name has its own."""
    return f"62812{crc32(name.encode()) % 10**8:08}"


@dataclass
class Campaign:
    """A desk with broadcasts: one agent per role and a second supervisor."""

    ledger: Ledger
    said: int = 0
    people: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        staff = {role.value: role for role in Role} | {"second": Role.SUPERVISOR}
        with self.ledger.engine.begin() as connection:
            for id, role in staff.items():
                row = {"id": id, "login": id, "name": f"Nama {id}", "role": role.value}
                connection.execute(tables.agent.insert().values(created_at=START, **row))

    def hear(self, name: str, text: str = "halo", at: datetime = START) -> int:
        """A person writes; return the row."""
        self.said += 1
        sender = Sender(f"ID.{name}", phone(name), name)
        message = Inbound("whatsapp", "1", f"wamid.b{self.said}", sender, at, Kind.TEXT, text)
        self.ledger.transact(inbox.receive, [message], at)
        with self.ledger.engine.begin() as connection:
            newest = sa.select(tables.inbox).order_by(tables.inbox.c.id.desc()).limit(1)
            row = connection.execute(newest).one()
        self.people[name] = row.conversation_id
        return int(row.id)

    def say(self, name: str, agreed: bool = True, at: datetime = START) -> None:
        """A person agrees to broadcasts, or takes it back."""
        id = self.hear(name, "langganan", at)
        self.ledger.transact(consents.say, self.people[name], id, agreed, at)

    def request(
        self, number: str = NUMBER, service: int = SERVICE, group: int | None = HEAD_OFFICE
    ) -> None:
        """A ticket that asks for a broadcast."""
        content = Content("Broadcast gangguan", "SPAN terganggu.", "Rina", "rina@contoh.go.id", "")
        due = CALENDAR.due(START, CATALOGUE.hours(service))
        new = NewTicket(number, "tanya_nindy", service, content, START, due)
        self.hear("pemohon")
        conversation = self.people["pemohon"]
        self.ledger.transact(tickets.open_ticket, new, conversation, None, "whatsapp")
        with self.ledger.engine.begin() as connection:
            this = tables.ticket.c.number == number
            connection.execute(tables.ticket.update().where(this).values(user_group=group))

    def draft(
        self,
        phones: list[str] | None = None,
        by: str = "agent",
        id: int | None = None,
        number: str = NUMBER,
        template: str = OUTAGE,
        **values: str,
    ) -> int:
        """A draft, for all who agreed unless a list is given."""
        version = self.read(id).line.version if id is not None else 0
        draft = Draft(number, template, {**VALUES, **values}, phones)
        seen = Seen(id, version, by, START)
        return self.ledger.transact(BROADCASTS.draft, seen, draft)

    def do(
        self,
        step: str,
        id: int,
        *args: str,
        by: str = "agent",
        version: int | None = None,
        at: datetime = START,
    ) -> None:
        """A step on what lies there now, unless another version is said to be seen."""
        seen = Seen(id, self.read(id).line.version if version is None else version, by, at)
        self.ledger.transact(getattr(BROADCASTS, step), seen, *args)

    def approved(self, phones: list[str] | None = None) -> int:
        """A broadcast that goes out from now on."""
        id = self.draft(phones)
        self.do("submit", id)
        self.do("approve", id, by="supervisor")
        return id

    def read(self, id: int) -> Dossier:
        """All about a broadcast."""
        found = self.ledger.transact(report.read, id)
        assert found is not None
        return found

    def counts(self, id: int) -> dict[str, int]:
        """Recipients by state, and by reason where they are skipped."""
        return {f"{s} {r}".strip(): many for (s, r), many in self.read(id).counts.items()}

    def wave(self, at: datetime = START, waves: Waves = WAVES) -> int:
        """Let a wave go, if one is due."""
        return self.ledger.transact(waves.look, at)

    def take(self, at: datetime = START, limit: int = 99) -> list[Outgoing]:
        """Take what is to be sent."""
        return self.ledger.transact(handover.take, "s1", at, limit)

    def deliver(self, at: datetime = START) -> list[str]:
        """Hand over all that is due; return to whom, by name."""
        names = []
        while taken := self.take(at):
            for one in taken:
                self.ledger.transact(handover.sent, one, f"wamid.{one.id}", at)
                names.append(str(one.to.name))
        return names

    def rows(self) -> list[Any]:
        """The broadcast's bubbles in the outbox."""
        with self.ledger.engine.begin() as connection:
            its = tables.outbox.c.priority != outbox.ANSWER
            return list(connection.execute(sa.select(tables.outbox).where(its)).all())
