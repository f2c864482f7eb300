"""Lets actions work without Nindy's own turn, as ``rasa run actions`` and ``rasa shell`` do.

Each action then is a small turn of its own: what it wants to change is committed right after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp
from sqlalchemy.engine import Connection

from actions.services import Services, build
from bot import settings as all_settings
from bot.channels.message import Inbound, Kind, Sender
from bot.ledger import migrate, misses, people
from bot.ledger.claims import Claim
from bot.ledger.database import Ledger
from bot.ledger.tickets import open_ticket
from bot.ledger.unit_of_work import UnitOfWork
from bot.privacy import Vault, open_vault

_CHANNEL = "rasa"


@asynccontextmanager
async def turn(sender_id: str) -> AsyncIterator[tuple[Services, UnitOfWork]]:
    """Open services and a unit of work for one action and commit it at the end."""
    settings = all_settings.load()
    ledger = Ledger(settings.database_url, open_vault(settings))
    try:
        migrate.upgrade(ledger)
        async with aiohttp.ClientSession() as session:
            services = build(settings, ledger, session)
            work = await ledger.run(_begin, sender_id, services.clock())
            yield services, work
            await ledger.run(_commit, work)
    finally:
        ledger.close()


def _begin(connection: Connection, vault: Vault, sender_id: str, now: datetime) -> UnitOfWork:
    sender = Sender(user_id=sender_id)
    conversation_id = people.find_or_create(connection, vault, _CHANNEL, sender, now)
    message = Inbound(_CHANNEL, _CHANNEL, "", sender, now, Kind.TEXT)
    return UnitOfWork(Claim(0, conversation_id, 0, None, None, message, 1, 0, now), now)


def _commit(connection: Connection, vault: Vault, work: UnitOfWork) -> None:
    for new in work.tickets:
        open_ticket(connection, vault, new, work.claim.conversation_id, None, _CHANNEL)
    misses.record(connection, vault, work.claim.conversation_id, work.misses, work.now)
    for write in work.writes:
        write(connection, vault)
