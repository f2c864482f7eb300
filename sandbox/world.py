"""Everything the sandbox consists of, wired once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from sandbox import records
from sandbox.account import Account
from sandbox.chats import Chats
from sandbox.clock import Clock
from sandbox.crm import Crm
from sandbox.digit import Digit
from sandbox.events import Events
from sandbox.faults import Faults
from sandbox.files import Files
from sandbox.graph import Graph
from sandbox.graph_media import GraphMedia
from sandbox.pace import Pace
from sandbox.people import People
from sandbox.sakti import Sakti
from sandbox.span import Span
from sandbox.statuses import Statuses
from sandbox.templates import Templates
from sandbox.upstream import Changes
from sandbox.webhooks import Webhooks


class World:
    """The parts, by name.

    Attributes:
        closing: Set when the sandbox stops; whoever waits for long must look at it.
    """

    def __init__(
        self,
        *,
        webhook_url: str,
        app_secret: str,
        access_token: str,
        phone_number_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self.now = now = Clock(now)
        self.closing = asyncio.Event()
        self.records = records.load()
        self.events = Events(now)
        self.faults = Faults(lambda faults: self.events.publish("faults", faults))
        self.people = People()
        self.chats = Chats()
        self.files = Files()
        self.changes = Changes(now, self.events)
        self.span = Span(self.records, self.events)
        self.sakti = Sakti(self.records, self.changes)
        self.crm = Crm(self.events)
        self.digit = Digit(self.records, self.changes, self.events)
        self.webhooks = Webhooks(
            url=webhook_url,
            secret=app_secret,
            phone_number_id=phone_number_id,
            faults=self.faults,
            events=self.events,
        )
        self.statuses = Statuses(
            people=self.people,
            chats=self.chats,
            webhooks=self.webhooks,
            faults=self.faults,
            events=self.events,
            now=now,
        )
        self.templates = Templates()
        self.account = Account(
            access_token=access_token,
            phone_number_id=phone_number_id,
            webhook_url=webhook_url,
            templates=self.templates,
            events=self.events,
        )
        self.pace = Pace(now)
        self.graph = Graph(
            access_token=access_token,
            phone_number_id=phone_number_id,
            people=self.people,
            chats=self.chats,
            statuses=self.statuses,
            templates=self.templates,
            files=self.files,
            faults=self.faults,
            pace=self.pace,
            events=self.events,
            closing=self.closing,
            now=now,
        )

        self.graph_media = GraphMedia(
            access_token=access_token,
            phone_number_id=phone_number_id,
            files=self.files,
            faults=self.faults,
            events=self.events,
            now=now,
        )

    async def reset(self) -> None:
        """Go back to the first moment; numbering goes on."""
        await self.statuses.stop()
        await self.webhooks.reset()
        self.faults.reset()
        self.people.reset()
        self.chats.reset()
        self.files.reset()
        self.changes.reset()
        self.digit.reset()
        self.templates.reset()
        self.now.hours = 0.0
        self.crm.reset()
        self.pace.reset()
        self.graph.refused.clear()
        self.events.log.clear()
        self.events.publish("clock", {"hours": 0.0})
        self.events.publish("reset", {})

    async def close(self, _app: web.Application) -> None:
        """Let go of whoever waits."""
        self.closing.set()
        await self.statuses.stop()
