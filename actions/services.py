"""What actions work with: outside systems, data files, the ledger and the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from actions import choices, fields, sayings
from actions.clients import Clients, connect
from bot.broadcast.texts import BroadcastTexts
from bot.catalogue import Catalogue
from bot.clock import Clock, now
from bot.faq import Bank
from bot.ledger.database import Ledger
from bot.nlu.lexicon import Lexicon
from bot.routing import Candidates
from bot.settings import Settings
from bot.templates import Templates
from bot.tickets.changes import Changes
from bot.tickets.takeover import Takeover
from bot.words import Words
from bot.worktime import WorkCalendar

PROJECT = Path(__file__).resolve().parents[1]
TEMPLATES = PROJECT / "data/whatsapp/templates.yml"
BROADCAST_TEXTS = PROJECT / "data/whatsapp/broadcast.yml"

Judge = Callable[[str], Awaitable[Candidates]]
"""Tells which services a text may belong to."""


async def undecided(_text: str) -> Candidates:
    """Judge nothing, where no matcher is at hand: every ticket goes to who sorts tickets."""
    return ()


@dataclass(frozen=True)
class Services:
    """Everything an action may use beside its tracker.

    `bank` holds the released entries; what the desk has published since is in `Turn.bank`.
    `judge` is the matcher, put in by the composition root once the model is loaded.
    """

    ledger: Ledger
    clients: Clients
    bank: Bank
    catalogue: Catalogue
    calendar: WorkCalendar
    words: Words
    templates: Templates
    changes: Changes
    takeover: Takeover
    clock: Clock
    judge: Judge = undecided


def build(
    settings: Settings, ledger: Ledger, session: aiohttp.ClientSession, clock: Clock = now
) -> Services:
    """Read the data files and connect the clients.

    Raises:
        DataError: A data file is wrong.
    """
    data = PROJECT / "data"
    _check_words()
    catalogue = Catalogue(data / "catalogue")
    calendar = WorkCalendar.load(data / "calendar")
    words = Words(PROJECT / "domain.yml")
    templates = Templates.load(TEMPLATES)
    return Services(
        ledger=ledger,
        clients=connect(settings, session),
        bank=Bank.load(data / "faq"),
        catalogue=catalogue,
        calendar=calendar,
        words=words,
        templates=templates,
        changes=Changes(calendar, catalogue, words, templates),
        takeover=Takeover(words),
        clock=clock,
    )


def read_data() -> WorkCalendar:
    """Read the files of dialogues and broadcasts; return the calendar, for a look at its years.

    Raises:
        DataError: A file is wrong; the message names file, line and remedy.
    """
    data = PROJECT / "data"
    Words(PROJECT / "domain.yml")
    Bank.load(data / "faq")
    Catalogue(data / "catalogue")
    Lexicon.load(data / "lexicon")
    Templates.load(TEMPLATES)
    BroadcastTexts.load(BROADCAST_TEXTS)
    _check_words()
    return WorkCalendar.load(data / "calendar")


def _check_words() -> None:
    # These are read when they are first needed, which must not be in the middle of a turn.
    choices.check()
    sayings.check()
    for name in fields.NAMES:
        fields.describe(name)
    fields.supplier_types()
