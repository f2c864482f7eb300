"""What tests of the FAQ's review share: agents of every role, and a draft that is in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.faq import Bank, Entry
from bot.faq.examine import Examiner
from bot.faq.history import Dossier
from bot.faq.review import Review, Seen
from bot.ledger import tables
from bot.ledger.agents import Role
from bot.ledger.database import Ledger
from tests.conftest import PROJECT
from tests.kit import START
from tests.ticketing import CATALOGUE

BANK = Bank.load(PROJECT / "data/faq")
REVIEW = Review(BANK, CATALOGUE, Examiner(PROJECT / "data", PROJECT / "domain.yml", CATALOGUE))
OLD = "apa-itu-retur"
"""An entry of the release."""
UNIT = CATALOGUE.unit(BANK.get(OLD).service)

NEW = Entry(
    id="e-meterai-dokumen",
    topic="kontrak",
    question="Bagaimana membubuhkan e-meterai pada dokumen tagihan?",
    answer="Unggah dokumen PDF di laman distributor e-meterai, bubuhkan, lalu unduh hasilnya.",
    source="Contoh untuk pengujian",
    source_label="Contoh untuk pengujian",
    confidence="high",
    variants=(
        "cara pasang e-meterai di dokumen",
        "emeterai ditempel gimana kak",
        "dokumen kami harus pakai meterai elektronik, langkahnya apa",
        "beli e meterai dimana terus bubuhinnya gmn",
        "meterai elektronik buat kuitansi",
        "bubuhkan meterai digital pdf",
        "matrai elektronik cara pakenya min",
        "kuitansi di atas lima juta perlu e-meterai, cara nempelnya bagaimana",
    ),
    service=1,
)


class Agents:
    """One agent per role, two supervisors, and what they do to entries."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        people = {role.value: role for role in Role} | {"second": Role.SUPERVISOR}
        with ledger.engine.begin() as connection:
            for id, role in people.items():
                unit = UNIT if role is Role.UNIT_AGENT else ""
                connection.execute(
                    tables.agent.insert().values(
                        id=id, login=id, name=f"Nama {id}", role=role.value, unit=unit,
                        created_at=START,
                    )
                )  # fmt: skip

    def dossier(self, id: str = NEW.id) -> Dossier:
        found = self.ledger.transact(REVIEW.dossier, id)
        assert found is not None
        return found

    def do(
        self,
        name: str,
        *args: Any,
        id: str = NEW.id,
        by: str = "agent",
        version: int | None = -1,
        at: datetime = START,
    ) -> None:
        """Make a change on what lies there now, unless another version is said to be seen."""
        if version == -1:
            found = self.ledger.transact(REVIEW.dossier, id)
            version = found.version if found is not None else None
        self.ledger.transact(getattr(REVIEW, name), Seen(id, version, by, at), *args)

    def submitted(self, entry: Entry = NEW, by: str = "agent") -> None:
        """A draft that waits for a second person."""
        self.do("draft", entry, id=entry.id, by=by)
        self.do("submit", id=entry.id, by=by)

    def published(self, entry: Entry = NEW, at: datetime = START) -> None:
        """An entry that the desk has published."""
        self.submitted(entry)
        self.do("publish", id=entry.id, by="supervisor", at=at)


def changed(**values: Any) -> Entry:
    """The draft with something else in it."""
    return replace(NEW, **values)
