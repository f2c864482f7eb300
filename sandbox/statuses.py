"""News about accepted messages: sent, delivered, read, or failed after all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.chats import Chats, Entry
from sandbox.envelope import Event
from sandbox.events import Events
from sandbox.faults import Faults
from sandbox.graph_limits import TITLES
from sandbox.inbound import contact
from sandbox.people import People
from sandbox.webhooks import Webhooks

PAUSE = 0.05
PATIENCE = 5.0


class Statuses:
    """Moves the ticks of both sides, and tells the bot about its own."""

    def __init__(
        self,
        *,
        people: People,
        chats: Chats,
        webhooks: Webhooks,
        faults: Faults,
        events: Events,
        now: Callable[[], datetime],
    ) -> None:
        self._people = people
        self._chats = chats
        self._webhooks = webhooks
        self._faults = faults
        self._events = events
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()

    def report(self, entry: Entry) -> None:
        """Report ``sent``, ``delivered`` and perhaps ``read``, a little later; or ``failed``."""
        kind, _, code = self._faults.strike("statuses").kind.partition(":")
        if kind == "failed":
            if event := self._failed(entry, int(code)):
                self._start(self._later(event))
        else:
            self._start(self._progress(entry))

    async def report_sent(self, entry: Entry) -> None:
        """Report ``sent`` before the sender has its answer."""
        if event := self._event(entry, "sent"):
            await self._webhooks.send_now(event, PATIENCE)

    def opened(self, person: str) -> None:
        """Report everything as read: the chat was opened."""
        if found := self._people.get(person):
            found.unread = 0
        for entry in self._chats.of(person):
            if entry.sender == "nindy" and entry.status == "delivered":
                self._tell(entry, "read")

    def tick(self, entry: Entry, status: str) -> bool:
        """Advance the ticks on the page."""
        if not entry.raise_status(status):
            return False
        news = {"person": entry.person, "wamid": entry.wamid, "status": status}
        self._events.publish("status", news)
        return True

    def accepted(self, entry: Entry) -> None:
        """Note that the bot has taken a person's message."""
        self.tick(entry, "delivered")

    async def stop(self) -> None:
        """Report nothing more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _progress(self, entry: Entry) -> None:
        for status in ("sent", "delivered"):
            await asyncio.sleep(PAUSE)
            self._tell(entry, status)
        await asyncio.sleep(PAUSE)
        if self._events.is_open(entry.person) and entry.content.type != "reaction":
            self._tell(entry, "read")

    async def _later(self, event: Event) -> None:
        await asyncio.sleep(PAUSE)
        self._webhooks.send(event)

    def _failed(self, entry: Entry, code: int) -> Event | None:
        event = self._event(entry, "failed")
        if event is None:
            return None
        title = TITLES.get(code, "Message undeliverable")
        details = {"details": "The sandbox lets it fail"}
        errors = [{"code": code, "title": title, "message": title, "error_data": details}]
        known = "recipient_id" if "recipient_id" in event.item else "recipient_user_id"
        left_out = {"recipient_id", "recipient_user_id"} - {known}
        item = {name: value for name, value in event.item.items() if name not in left_out}
        return replace(event, item={**item, "errors": errors}, contact=None)

    def _tell(self, entry: Entry, status: str) -> None:
        if event := self._event(entry, status):
            self._webhooks.send(event)

    def _event(self, entry: Entry, status: str) -> Event | None:
        person = self._people.get(entry.person)
        if person is None or not self.tick(entry, status):
            return None
        item: dict[str, Any] = {
            "id": entry.wamid,
            "status": status,
            "timestamp": str(int(self._now().timestamp())),
            "recipient_user_id": person.user_id,
        }
        if not person.hides_phone:
            item["recipient_id"] = person.phone
        if entry.callback is not None:
            item["biz_opaque_callback_data"] = entry.callback
        if status == "delivered":
            item["pricing"] = {
                "pricing_model": "PMP",
                **_price(entry),
            }
        return Event("statuses", item, contact(person), person.id)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _price(entry: Entry) -> dict[str, Any]:
    # The first messages of a month are free; templates never are.
    if entry.content.type == "template":
        return {"billable": True, "type": "regular", "category": "utility"}
    return {"billable": False, "type": "free_customer_service", "category": "service"}
