"""What the API's handlers share: one object in the application, and who asks in the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property

from aiohttp import web

from bot.attachments.files import Files
from bot.catalogue import Catalogue
from bot.clock import Clock
from bot.ledger.api_clients import Client
from bot.ledger.api_tickets import Sight
from bot.ledger.database import Ledger
from bot.live.limits import Limit
from bot.live.rates import Rate, Rates
from bot.live.wake import Wake
from bot.places import Proxies
from bot.routing import Candidates
from bot.tickets.changes import Changes
from bot.worktime import WorkCalendar

Judge = Callable[[str], Awaitable[Candidates]]
"""Tells which services a text may belong to; none until the model is loaded."""


@dataclass(frozen=True)
class Api:
    """The parts.

    Attributes:
        ledger: Where everything is kept.
        now: The clock.
        wake: Rings when something is to be sent.
        changes: What can be done to a ticket.
        calendar: Working hours.
        catalogue: Services, groups and who may ask what.
        judge: Routes a ticket whose service is not named.
        files: Hands out what lies on tickets.
        proxies: From where a request comes.
        rates: Where it is counted how much is asked for.
    """

    ledger: Ledger
    now: Clock
    wake: Wake
    changes: Changes
    calendar: WorkCalendar
    catalogue: Catalogue
    judge: Judge
    files: Files
    proxies: Proxies
    rates: Rates

    @cached_property
    def requests(self) -> Limit:
        """How many requests each client may make: 100 at once, 20 a second."""
        return Limit(self.rates, self.ledger.vault.key, "api-client", Rate(1 / 20, 100))

    @cached_property
    def guesses(self) -> Limit:
        """How many wrong credentials an address may show: 10, and one more every 90 s."""
        return Limit(self.rates, self.ledger.vault.key, "api-guesses", Rate(90.0, 10))


API = web.AppKey("api", Api)
CLIENT = web.RequestKey("client", Client)
"""Who asks; there on every route with `bot.api.door.needs`."""
SIGHT = web.RequestKey("sight", Sight)
"""What they may see and do by the credentials that they showed."""
